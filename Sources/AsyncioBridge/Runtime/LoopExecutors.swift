/// Runs the jobs that a loop's executors were given.
///
/// The executors are unowned here, yet alive as long as a job in their role exists: a task retains its task executor,
/// and a pinned actor keeps the `LoopHandle`, which owns the serial executor, which owns the task executor.
@safe
struct JobRunner {
  let taskExecutor: UnownedTaskExecutor
  let serialExecutor: UnownedSerialExecutor

  init(_ taskExecutor: LoopTaskExecutor, _ serialExecutor: LoopSerialExecutor) {
    unsafe self.taskExecutor = taskExecutor.asUnownedTaskExecutor()
    unsafe self.serialExecutor = serialExecutor.asUnownedSerialExecutor()
  }

  /// Runs a job until it suspends, in the role in which it was enqueued.
  @inline(__always)
  func run(_ job: UnownedJob, _ role: JobRole) {
    switch role {
    case .task: unsafe job.runSynchronously(on: taskExecutor)
    case .serial: unsafe job.runSynchronously(isolatedTo: serialExecutor, taskExecutor: taskExecutor)
    case .sleepEnd: HostedSleep.run(job)
    }
  }
}

/// The executor that hosted tasks prefer, so that they and their children run on the loop's thread.
@usableFromInline
final class LoopTaskExecutor: TaskExecutor {
  let mailbox: Mailbox
  /// The mailbox again, so that a job need not count a reference.
  private let unretained: Unretained<Mailbox>

  init(mailbox: Mailbox) {
    self.mailbox = mailbox
    unretained = Unretained(mailbox)
  }

  @usableFromInline
  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    unretained.with { $0.enqueue(job, .task) }
  }
}

/// The executor of actors that are pinned to the loop.
///
/// There are two executors because an enqueued job does not say in which role it must be run.
final class LoopSerialExecutor: SerialExecutor {
  private let mailbox: Mailbox
  /// Pinned actors' jobs run in the task executor's name too, even after the loop has gone.
  private let taskExecutor: LoopTaskExecutor

  init(mailbox: Mailbox, taskExecutor: LoopTaskExecutor) {
    self.mailbox = mailbox
    self.taskExecutor = taskExecutor
  }

  func enqueue(_ job: consuming ExecutorJob) { mailbox.enqueue(UnownedJob(job), .serial) }

  // `assumeIsolated` on a custom executor needs both checks.
  func isIsolatingCurrentContext() -> Bool? { mailbox.isOwnedByCurrentThread }

  func checkIsolated() {
    if mailbox.isOwnedByCurrentThread { return }
    fatalError(
      "This actor is pinned to an Asyncio.EventLoop, and the caller is not on that loop's thread: await the actor instead"
    )
  }
}
