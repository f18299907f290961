/// An object that a loop's queue, its timers and the callback lists of futures refer to, often several times at once.
///
/// The object counts these references itself, and holds one Swift reference for all of them: Swift counts with atomic
/// operations, and a step would need several. That is sound because all of it happens on the loop's thread. Only
/// ``Owned`` counts.
///
/// Its share: with a Swift reference for each, `gather1k` takes 3 % more time, `lock` 4 %, and `gather1k` with reused
/// hosts 5 % (`asyncio-bench gather1k 1000 150`, `lock 20000 10` and `--kept-hosts gather1k 1000 400`, the best of 60
/// processes each, in turn). In instructions, where an atomic operation counts as one, all cost 1 to 2 % more
/// (`Benchmarks/check-costs`).
protocol LoopHeld: AnyObject {
  /// How many references the loop has.
  var ownerCount: UInt32 { get set }
}

/// One of the loop's references to an object: taken by `init`, given up by `deinit`, and moved in between.
@safe
struct Owned<Object: LoopHeld>: ~Copyable {
  private let reference: Unmanaged<Object>

  @inline(__always)
  init(_ object: Object) { self.init(Unretained(object)) }

  @inline(__always)
  init(_ unretained: Unretained<Object>) {
    unsafe reference = unretained.reference
    let isFirst = unretained.with { object in
      object.ownerCount += 1
      return object.ownerCount == 1
    }
    if isFirst { _ = unsafe reference.retain() }
  }

  /// Takes over a reference that `giveUp` has returned.
  @inline(__always)
  init(adopting reference: Unmanaged<Object>) { unsafe self.reference = reference }

  /// Leaves the reference to the caller, still counted. For raw memory only.
  @inline(__always)
  consuming func giveUp() -> Unmanaged<Object> {
    let reference = unsafe reference
    discard self
    return unsafe reference
  }

  @inline(__always)
  deinit {
    let wasLast = unsafe reference._withUnsafeGuaranteedRef { object in
      #if DEBUG
        precondition(object.ownerCount > 0, "AsyncioBridge: \(object) is released more often than it was retained")
      #endif
      object.ownerCount &-= 1
      return object.ownerCount == 0
    }
    if wasLast { unsafe reference.release() }
  }

  /// Calls `body` with the object, without counting a reference.
  @inline(__always)
  func with<Result>(_ body: (Object) throws -> Result) rethrows -> Result {
    try unsafe reference._withUnsafeGuaranteedRef { try body($0) }
  }

  /// The same object, for as long as this owns it.
  @inline(__always)
  var unretained: Unretained<Object> { unsafe Unretained(reference: reference) }

  /// The object, with a Swift reference counted.
  var object: Object { unsafe reference.takeUnretainedValue() }

  /// Whether this refers to `object`.
  @inline(__always)
  func refers(to object: Object) -> Bool { unretained.refers(to: object) }

  @inline(__always)
  func refers(to unretained: Unretained<Object>) -> Bool {
    unsafe unretained.reference.toOpaque() == reference.toOpaque()
  }
}

/// One of the owners of a task's core.
struct OwnedTask: ~Copyable {
  let task: TaskRef

  @inline(__always)
  init(_ task: TaskRef) {
    task.retain()
    self.task = task
  }

  @inline(__always)
  deinit { task.release() }
}
