/// What hosted tasks prefer, so that they and their children run on the loop's thread.
@usableFromInline
final class LoopTaskExecutor: TaskExecutor {
  private let mailbox: Mailbox
  init(mailbox: Mailbox) { self.mailbox = mailbox }

  @usableFromInline
  func enqueue(_ job: consuming ExecutorJob) { mailbox.enqueue(UnownedJob(job), .task) }
}

/// What actors use that are pinned to the loop.
///
/// There are two executors, since an enqueued job does not say in which role it must be run.
final class LoopSerialExecutor: SerialExecutor {
  private let mailbox: Mailbox
  init(mailbox: Mailbox) { self.mailbox = mailbox }

  func enqueue(_ job: consuming ExecutorJob) { mailbox.enqueue(UnownedJob(job), .serial) }

  // Both checks are needed for `assumeIsolated` on a custom executor.
  func isIsolatingCurrentContext() -> Bool? { mailbox.isOwnedByCurrentThread }

  func checkIsolated() {
    if mailbox.isOwnedByCurrentThread { return }
    fatalError(
      "This actor is pinned to an Asyncio.EventLoop, and the caller is not on that loop's thread: await the actor instead"
    )
  }
}
