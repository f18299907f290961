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

  /// Whether the job waits in the queue of the main thread, where the main actor's jobs go. The Swift task must still be
  /// there.
  ///
  /// The second of the two words that a job has for whoever is to run it, behind the two of an object, says in which of the
  /// system's queues it is.
  var isInMainQueue: Bool {
    guard let queue = Self.mainQueue, let job = unsafe UnsafeRawPointer(bitPattern: pointer) else { return false }
    return unsafe job.load(fromByteOffset: 3 * MemoryLayout<UInt>.size, as: UInt.self) == queue
  }

  /// Nil where there are no names.
  private static let mainQueue: UInt? = unsafe symbol("_dispatch_main_q").map { UInt(bitPattern: $0) }

  /// The Swift task that runs on this thread, which is its own job; `none` outside of any.
  @inline(__always)
  static var current: JobID { JobID(pointer: CurrentSwiftTask.address()) }
}

/// The function of the runtime that tells the current Swift task.
///
/// Every wait asks it. `withUnsafeCurrentTask` does so too, and 190 instructions of its own: it is generic in what it
/// returns, and not inlined; with it `lock` costs 12 % more, and `ppqueue` 16 % (`Benchmarks/check-costs`). The
/// function is looked up by its name, which is part of the runtime's binary interface; where the runtime is linked
/// statically there are no names, and the slow way is taken.
enum CurrentSwiftTask {
  static let address: @convention(c) () -> UInt = {
    if let function = unsafe symbol("swift_task_getCurrent") {
      return unsafe unsafeBitCast(function, to: (@convention(c) () -> UInt).self)
    }
    return slowAddress
  }()

  /// The same, with public means.
  static let slowAddress: @convention(c) () -> UInt = {
    unsafe withUnsafeCurrentTask { task in
      if let task = unsafe task { unsafe unsafeBitCast(task, to: UInt.self) } else { 0 }
    }
  }
}
