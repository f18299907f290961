// A host is the Swift task that runs the body of a task. Hosts prefer the loop's executor, so that the body and its
// children stay on the loop's thread.

extension Asyncio.EventLoop {
  /// Prepares the loop for the creation of a Swift task that hosts a body. The host inherits the caller's task-locals,
  /// and does not begin before its first step.
  /// - Returns: the value to pass to ``endHosting(_:_:_:eagerly:)``.
  @usableFromInline
  func beginHosting() -> UInt {
    let outerOwner = isRunning ? 0 : mailbox.takeOwnership()
    state.isCapturing = true
    return outerOwner
  }

  /// The host has been created. Schedules the first step of its task, or takes the step at once if the loop runs.
  @usableFromInline
  func endHosting(
    _ core: TaskRef,
    _ host: consuming _Concurrency.Task<Void, any Error>,
    _ outerOwner: UInt,
    eagerly: Bool
  ) {
    guard let first = state.captured else { preconditionFailure("AsyncioBridge: a new Swift task enqueued no job") }
    state.captured = nil
    if !isRunning { mailbox.giveUpOwnership(to: outerOwner) }
    core.record.swiftTask = consume host
    core.record.jobID = JobID(first.job)
    begin(core, eagerly: eagerly)
  }

  /// Runs `body` as code of this loop on the calling thread: jobs that the runtime enqueues come straight here, and the
  /// loop is the thread's running loop.
  func whileRunning<Result>(_ body: () throws -> Result) rethrows -> Result {
    let outerThread = thread
    let current = ThreadState.current
    let outerLoop = current.record.runningLoop
    let outerOwner = mailbox.takeOwnership()
    thread = current
    current.record.runningLoop = Unretained(self)
    defer {
      thread = outerThread
      current.record.runningLoop = outerLoop
      mailbox.giveUpOwnership(to: outerOwner)
    }
    return try body()
  }
}
