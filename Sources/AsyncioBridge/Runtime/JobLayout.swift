/// What the runtime keeps in a job, and has no function to ask for. The places are those of Swift 6.2 and 6.3 on 64-bit
/// systems; `isAsExpected` tells whether they still hold.
enum JobLayout {
  private static var kindOffset: Int { 32 }
  private static var idOffset: Int { 36 }
  private static var actorOffset: Int { 64 }

  /// The kind of the jobs that are Swift tasks.
  private static var taskKind: UInt32 { 0 }
  /// The kind of the job in which a default actor runs what is enqueued on it.
  private static var actorKind: UInt32 { 193 }

  private static func address(_ job: UnownedJob) -> UnsafeRawPointer {
    // A job is there until it has been run.
    unsafe UnsafeRawPointer(bitPattern: unsafeBitCast(job, to: UInt.self)).unsafelyUnwrapped
  }

  private static func kind(_ job: UnownedJob) -> UInt32 {
    unsafe address(job).load(fromByteOffset: kindOffset, as: UInt32.self) & 0xff
  }

  /// Whether the job is a Swift task, and not one of the runtime's own or of an actor.
  static func isTask(_ job: UnownedJob) -> Bool { kind(job) == taskKind }

  /// Tells a task from those that had its memory before.
  static func id(_ job: UnownedJob) -> UInt32 { unsafe address(job).load(fromByteOffset: idOffset, as: UInt32.self) }

  /// The type of the actor whose code the job runs.
  static func actorType(_ job: UnownedJob) -> (any AnyObject.Type)? {
    guard kind(job) == actorKind,
      let actor = unsafe address(job).load(fromByteOffset: actorOffset, as: UnsafeRawPointer?.self)
    else { return nil }
    return unsafe type(of: Unmanaged<AnyObject>.fromOpaque(actor).takeUnretainedValue())
  }

  /// The id that the runtime itself tells.
  static func describedID(_ job: UnownedJob) -> UInt32? {
    UInt32(job.description.drop { !$0.isNumber }.prefix { $0.isNumber })
  }

  // MARK: The probe

  /// Whether the places are as expected, which a task that calls an actor has shown. Nothing of a job may be read
  /// otherwise.
  static let isAsExpected: Bool = {
    let (executor, actor) = (Probe(), Probed())
    Task(executorPreference: executor) { await actor.visit() }
    guard let task = executor.takeJob() else { return false }
    let isTaskAsExpected = isTask(task) && describedID(task) == id(task)
    unsafe task.runSynchronously(on: executor.asUnownedTaskExecutor())
    guard let visit = executor.takeJob() else { return false }
    let isActorAsExpected = actorType(visit) == Probed.self
    var next: UnownedJob? = visit
    while let job = next {
      unsafe job.runSynchronously(on: executor.asUnownedTaskExecutor())
      next = executor.takeJob()
    }
    return isTaskAsExpected && isActorAsExpected
  }()

  private actor Probed {
    private var visits = 0
    @inline(never) func visit() { visits += 1 }
  }

  /// Keeps the jobs of a task for whoever runs them.
  private final class Probe: TaskExecutor {
    private let jobs = Locked<[UnownedJob]>([])

    func enqueue(_ job: consuming ExecutorJob) {
      let job = UnownedJob(job)
      jobs.withLock { $0.append(job) }
    }

    func takeJob() -> UnownedJob? { jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
  }
}
