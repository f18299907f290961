/// The loop's timers: a heap by deadline, equal deadlines in the order in which they were set.
///
/// Each entry has four below it: in a heap of many timers every level is a miss of the cache.
///
/// The heap owns its timers, which nobody counts when an entry is moved or copied: whoever takes one out releases it, or
/// hands it on.
///
/// A cancelled timer stays in the heap until it comes to its head or until more than half of more than
/// `cleanUpMinimum` timers are cancelled, as in asyncio's own loop.
struct TimerHeap {
  /// What a timer is: one that the user has a handle for, or the future that waits for it.
  enum Timer {
    case handle(Unmanaged<Asyncio.TimerHandle>)
    case waiter(Unmanaged<WaiterFuture>)

    var isCancelled: Bool {
      switch self {
      case .handle(let handle): handle._withUnsafeGuaranteedRef { $0.isCancelled }
      case .waiter(let waiter): waiter._withUnsafeGuaranteedRef { $0.timer == .cancelled }
      }
    }

    fileprivate func retain() {
      switch self {
      case .handle(let handle): _ = handle.retain()
      case .waiter(let waiter): _ = waiter.hold()
      }
    }

    func release() {
      switch self {
      case .handle(let handle): handle.release()
      case .waiter(let waiter): waiter.drop()
      }
    }

    fileprivate func didEnter() {
      switch self {
      case .handle(let handle): handle._withUnsafeGuaranteedRef { $0.isScheduled = true }
      case .waiter(let waiter): waiter._withUnsafeGuaranteedRef { $0.timer = .scheduled }
      }
    }

    fileprivate func didLeave() {
      switch self {
      case .handle(let handle): handle._withUnsafeGuaranteedRef { $0.isScheduled = false }
      case .waiter(let waiter): waiter._withUnsafeGuaranteedRef { $0.timer = .none }
      }
    }
  }

  struct Entry {
    var deadline: Int64
    var sequence: Int
    var timer: Timer

    @inline(__always)
    static func < (a: borrowing Entry, b: borrowing Entry) -> Bool {
      // No branches, of which the processor could foresee none: all is loaded before anything is compared.
      let (earlier, same) = (a.deadline < b.deadline, a.deadline == b.deadline)
      let first = a.sequence < b.sequence
      return earlier || (same && first)
    }
  }

  static let cleanUpMinimum = 100
  private static var arity: Int { 4 }

  private(set) var entries: [Entry] = []
  /// How many of `entries` are cancelled.
  var cancelledCount = 0
  private var nextSequence = 0

  var isEmpty: Bool { entries.isEmpty }

  /// The earliest deadline, cancelled timers included.
  var earliestDeadline: Int64? { entries.first?.deadline }

  mutating func insert(_ timer: Timer, deadline: Int64) {
    entries.append(Entry(deadline: deadline, sequence: nextSequence, timer: timer))
    nextSequence &+= 1
    timer.retain()
    timer.didEnter()
    siftUp(entries.count - 1)
  }

  /// Whether all cancelled timers are to be taken out, wherever they are.
  var hasTooManyCancelled: Bool { entries.count > Self.cleanUpMinimum && cancelledCount * 2 > entries.count }

  /// Takes out all cancelled timers.
  mutating func takeCancelled() -> [Entry] {
    let all = entries
    var cancelled: [Entry] = []
    entries.removeAll(keepingCapacity: true)
    for entry in all {
      if entry.timer.isCancelled {
        entry.timer.didLeave()
        cancelled.append(entry)
      } else {
        entries.append(entry)
      }
    }
    cancelledCount = 0
    let lastParent = (entries.count - 2) / Self.arity
    if entries.count > 1 { for index in stride(from: lastParent, through: 0, by: -1) { siftDown(index) } }
    return cancelled
  }

  /// Takes out the first timer if it is cancelled.
  mutating func takeFirstIfCancelled() -> Timer? {
    guard let first = entries.first, first.timer.isCancelled else { return nil }
    cancelledCount -= 1
    return removeFirst()
  }

  /// Takes out the first timer. The heap must not be empty.
  mutating func removeFirst() -> Timer {
    let last = entries.removeLast()
    var first = last
    if !entries.isEmpty {
      swap(&entries[0], &first)
      siftDown(0)
    }
    first.timer.didLeave()
    return first.timer
  }

  /// Takes out all timers.
  mutating func takeAll() -> [Entry] {
    for entry in entries { entry.timer.didLeave() }
    defer { self = TimerHeap() }
    return entries
  }

  /// Moves the entry at `start` towards the head, to its place.
  private mutating func siftUp(_ start: Int) {
    entries.withUnsafeMutableBufferPointer { buffer in
      let heap = buffer.baseAddress.unsafelyUnwrapped
      let entry = (heap + start).move()
      var index = start
      while index > 0 {
        let parent = (index - 1) / Self.arity
        guard entry < heap[parent] else { break }
        (heap + index).moveInitialize(from: heap + parent, count: 1)
        index = parent
      }
      (heap + index).initialize(to: entry)
    }
  }

  /// Moves the entry at `start` away from the head, to its place.
  private mutating func siftDown(_ start: Int) {
    entries.withUnsafeMutableBufferPointer { buffer in
      let heap = buffer.baseAddress.unsafelyUnwrapped
      let entry = (heap + start).move()
      var index = start
      while true {
        let first = index * Self.arity + 1
        if first >= buffer.count { break }
        var least = first
        for child in first + 1..<max(first + 1, min(first + Self.arity, buffer.count))
        where heap[child] < heap[least] {
          least = child
        }
        guard heap[least] < entry else { break }
        (heap + index).moveInitialize(from: heap + least, count: 1)
        index = least
      }
      (heap + index).initialize(to: entry)
    }
  }
}
