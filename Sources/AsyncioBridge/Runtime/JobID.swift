/// Identifies the jobs of one Swift task: the pointer inside each of them, which is the address of the task.
struct JobID: Hashable {
  private let pointer: UInt
  static let none = JobID(pointer: 0)

  private init(pointer: UInt) { self.pointer = pointer }

  /// `UnownedJob` is a frozen struct of one pointer.
  @inline(__always)
  init(_ job: UnownedJob) { pointer = unsafe unsafeBitCast(job, to: UInt.self) }

  /// The identity, turned back into a job.
  @inline(__always)
  var job: UnownedJob { unsafe unsafeBitCast(pointer, to: UnownedJob.self) }

  /// `UnsafeContinuation` is a frozen struct of one pointer, to the Swift task that waits.
  @inline(__always)
  init(_ continuation: UnsafeContinuation<Void, Never>) { pointer = unsafe unsafeBitCast(continuation, to: UInt.self) }

  /// Whether the job waits in the queue of the main thread, where the main actor's jobs go. The Swift task must still
  /// be there.
  ///
  /// The second of the two words that a job has for whoever is to run it, behind the two of an object, says in which of
  /// the system's queues it is.
  var isInMainQueue: Bool {
    guard let queue = Self.mainQueue, let job = unsafe UnsafeRawPointer(bitPattern: pointer) else { return false }
    return unsafe job.load(fromByteOffset: 3 * MemoryLayout<UInt>.size, as: UInt.self) == queue
  }

  /// Nil where there are no names.
  private static let mainQueue: UInt? = unsafe symbol("_dispatch_main_q").map { UInt(bitPattern: $0) }

  /// The Swift task that runs on this thread; `none` outside of any. A Swift task is its own job.
  @inline(__always)
  static var current: JobID { JobID(pointer: CurrentSwiftTask.address()) }
}

/// The runtime's function that returns the current Swift task.
///
/// Every wait calls it. `withUnsafeCurrentTask` does the same at 190 more instructions, being generic in its result and
/// not inlined: `lock` costs 12 % more that way, and `ppqueue` 16 % (`Benchmarks/check-costs`). The function is looked
/// up by its name, which is part of the runtime's binary interface. A statically linked runtime has no names to look
/// up; the slow way is used then.
enum CurrentSwiftTask {
  static let address: @convention(c) () -> UInt = {
    if let function = unsafe symbol("swift_task_getCurrent") {
      return unsafe unsafeBitCast(function, to: (@convention(c) () -> UInt).self)
    }
    return slowAddress
  }()

  /// The current Swift task's address by public means.
  static let slowAddress: @convention(c) () -> UInt = {
    unsafe withUnsafeCurrentTask { task in
      if let task = unsafe task { unsafe unsafeBitCast(task, to: UInt.self) } else { 0 }
    }
  }
}
