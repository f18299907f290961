/// What tells the jobs of one Swift task from all others: the pointer inside, which is the task's own.
struct JobID: Hashable {
  private let pointer: UInt
  static let none = JobID(pointer: 0)

  private init(pointer: UInt) { self.pointer = pointer }

  /// `UnownedJob` is a frozen struct of one pointer.
  @inline(__always)
  init(_ job: UnownedJob) { pointer = unsafe unsafeBitCast(job, to: UInt.self) }

  /// The other way round.
  @inline(__always)
  var job: UnownedJob { unsafe unsafeBitCast(pointer, to: UnownedJob.self) }

  /// `UnsafeContinuation` is a frozen struct of one pointer, to the Swift task that waits.
  @inline(__always)
  init(_ continuation: UnsafeContinuation<Void, Never>) { pointer = unsafe unsafeBitCast(continuation, to: UInt.self) }

  /// The Swift task that runs on this thread, which is its own job; `none` outside of any.
  @inline(__always)
  static var current: JobID {
    withUnsafeCurrentTask { task in
      if let task = unsafe task { JobID(pointer: unsafe unsafeBitCast(task, to: UInt.self)) } else { .none }
    }
  }
}
