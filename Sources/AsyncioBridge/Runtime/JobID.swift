/// What tells the jobs of one Swift task from all others: the pointer inside, which is the task's own.
struct JobID: Hashable {
  private let pointer: UInt
  static let none = JobID(pointer: 0)
  private init(pointer: UInt) { self.pointer = pointer }

  /// `UnownedJob` is a frozen struct of one pointer.
  @inline(__always)
  init(_ job: UnownedJob) { pointer = unsafeBitCast(job, to: UInt.self) }

  /// The other way round.
  @inline(__always)
  var job: UnownedJob { unsafeBitCast(pointer, to: UnownedJob.self) }

  /// `UnsafeContinuation` is a frozen struct of one pointer, to the Swift task that waits.
  @inline(__always)
  init(_ continuation: UnsafeContinuation<Void, Never>) { pointer = unsafeBitCast(continuation, to: UInt.self) }

  /// The Swift task that runs on this thread: a task is its own job.
  static var current: JobID? {
    withUnsafeCurrentTask { task in
      task.map { JobID(pointer: unsafeBitCast($0, to: UInt.self)) }
    }
  }
}
