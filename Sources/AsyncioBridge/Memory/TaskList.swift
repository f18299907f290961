/// A linked list of task cores: the loop's pending tasks.
///
/// Tasks mostly end in the order of their creation. Then the neighbours of an ending task have just been touched, or
/// soon will be. Filling a gap in an array would touch a core that is not in the processor's cache.
struct TaskList: ~Copyable {
  /// A core's place on the list.
  struct Link {
    fileprivate var previous: TaskRef?
    fileprivate var next: TaskRef?
    fileprivate(set) var isOnList = false
  }

  private var first: TaskRef?
  private var last: TaskRef?
  /// How many tasks on the list may have Swift child tasks.
  private(set) var parentCount = 0

  /// Appends a core that is on no list.
  @inline(__always)
  mutating func append(_ core: TaskRef) {
    core.record.link = Link(previous: last, next: nil, isOnList: true)
    if core.record.mayHaveChildren { parentCount += 1 }
    if let last { last.record.link.next = core } else { first = core }
    last = core
  }

  /// Removes a core from the list, if it is there.
  @inline(__always)
  mutating func remove(_ core: TaskRef) {
    let link = core.record.link
    if !link.isOnList { return }
    core.record.link.isOnList = false
    if core.record.mayHaveChildren { parentCount -= 1 }
    if let previous = link.previous { previous.record.link.next = link.next } else { first = link.next }
    if let next = link.next { next.record.link.previous = link.previous } else { last = link.previous }
  }

  /// The cores, first to last.
  var all: [TaskRef] {
    var all: [TaskRef] = []
    forEach { all.append($0) }
    return all
  }

  /// Calls `body` with each core, first to last; it must not change the list.
  func forEach(_ body: (TaskRef) -> Void) {
    var core = first
    while let current = core {
      body(current)
      core = current.record.link.next
    }
  }

  /// A core on this list, or on none, may have child tasks from now on.
  mutating func addParent(_ core: TaskRef) {
    if core.record.mayHaveChildren { return }
    core.record.mayHaveChildren = true
    if core.record.link.isOnList { parentCount += 1 }
  }
}
