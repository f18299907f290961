/// What runs a task's body: the Swift task that hosts it, and asyncio's bookkeeping about its steps and cancellation.
///
/// The host keeps the core, never the task: so a pending task can go away, which is reported, and its body is unwound.
@usableFromInline
final class TaskCore {
  // Invariants, while the task is not done:
  // 1. Either `waiter` is nil and a step of the task is scheduled (or it runs, or it is in a foreign await);
  //    or `waiter` is a future, one of its callbacks is the task's wakeup, and no step is scheduled.
  //    The only way from the latter to the former is that wakeup.
  // 2. `continuation` is set exactly while the body is parked in an await of the library, unless it is driving.
  // 3. `foreignTask` is set from the body's await of something else to the step after it. It keeps the task alive, as a
  //    future's callback list does otherwise.

  /// The loop, which the task keeps, and which does not go before the bodies of its tasks have ended.
  unowned(unsafe) let loop: Asyncio.EventLoop
  /// The task. Nil once that has gone away; it clears this itself.
  @exclusivity(unchecked) unowned(unsafe) var task: Asyncio.AnyFuture?
  /// A cancellation is due at the next step.
  @exclusivity(unchecked) var mustCancel = false
  /// How many requests to cancel the task were accepted and have not been taken back.
  private(set) var cancelRequests = 0
  /// Nobody will look at the task any more: every further await of the body throws at once, so that it ends.
  @exclusivity(unchecked) var isAbandoned = false
  /// The body has ended, or never began and never will.
  @exclusivity(unchecked) var hasEnded = false
  /// Whether a pending task that goes away is reported.
  var reportsDestruction = true
  /// What the task waits for; still set between that future's completion and the next step.
  @exclusivity(unchecked) var waiter: Asyncio.AnyFuture?
  /// Thrown into the body at the next step.
  @exclusivity(unchecked) var pendingError: (any Error)?
  @exclusivity(unchecked) var context: Asyncio.Context?

  @exclusivity(unchecked) var continuation: UnsafeContinuation<Void, Never>?
  /// The job with which the host starts; nil once it has.
  @exclusivity(unchecked) var firstJob: UnownedJob?
  /// Identifies the host among the jobs that are enqueued on the loop.
  @exclusivity(unchecked) var jobID = JobID.none
  @exclusivity(unchecked) var swiftTask: _Concurrency.Task<Void, Never>?
  @exclusivity(unchecked) var foreignTask: Asyncio.AnyFuture?
  /// Jobs that are not the host's were enqueued in its steps: it may have child tasks that are waiting elsewhere.
  var mayHaveChildren = false
  /// A cancellation is on its way through what the task waits for.
  private var isPassingOnCancellation = false
  /// The body is not parked but runs the loop on its own stack, until its next step comes up.
  @exclusivity(unchecked) var isDriving = false
  private var refusedAwaits = 0

  /// The place on the loop's list of pending tasks; -1 if it is not on it.
  @exclusivity(unchecked) var pendingIndex = -1
  /// Counts the loop's tasks.
  @exclusivity(unchecked) var creationNumber = 0

  /// The loop's; kept, since the core may go after the loop.
  private let live: LiveInstances
  private var explicitName: String?
  private let number: Int

  var name: String {
    get { explicitName ?? "Task-\(number)" }
    set { explicitName = newValue }
  }

  /// - Throws: `RuntimeError` if the loop is closed.
  @usableFromInline
  static func create(on loop: Asyncio.EventLoop, name: String?, context: Asyncio.Context?) throws -> TaskCore {
    try loop.checkNotClosed()
    return TaskCore(
      loop: loop,
      name: name,
      context: context ?? Asyncio.Context.inherited()
    )
  }

  /// Hosts a body for `task`, and schedules its first step.
  @usableFromInline
  func start(_ task: Asyncio.AnyFuture, _ body: nonisolated(nonsending) @escaping () async -> Void) {
    self.task = task
    loop.addPending(self)
    loop.host(self, body)
    loop.schedule(stepOf: task)
  }

  init(loop: Asyncio.EventLoop, name: String?, context: Asyncio.Context?) {
    self.loop = loop
    self.context = context
    explicitName = name
    number = name == nil ? TaskNumber.next() : 0
    live = loop.live
    live.addHosts(1)
  }

  deinit { live.addHosts(-1) }

  // MARK: Cancellation

  /// `Task.cancel()` on a task that is not done.
  func requestCancellation(message: String?) {
    if isPassingOnCancellation { return breakCircularWait() }
    cancelRequests += 1
    if let waiter {
      isPassingOnCancellation = true
      defer { isPassingOnCancellation = false }
      // The waiter stays: it may be a task that ignores the cancellation and has to be cancelled again.
      if waiter.cancel(message: message) { return }
    }
    mustCancel = true
    // In a foreign await nothing but Swift's own flag can reach the body.
    if foreignTask != nil { swiftTask?.cancel() }
  }

  /// The cancellation has come back here: the task waits, by way of others, for itself. So this task stops waiting; the
  /// others are told when it has ended. In Python the recursion does not end.
  private func breakCircularWait() {
    guard let task, let waiter else { return }
    mustCancel = true
    waiter.callbacks.removeWakeup(of: task)
    self.waiter = nil
    loop.schedule(stepOf: task)
  }

  /// `Task.uncancel()`: returns how many requests are left.
  func uncancel() -> Int {
    if cancelRequests > 0 {
      cancelRequests -= 1
      if cancelRequests == 0 { mustCancel = false }
    }
    return cancelRequests
  }

  // MARK: In the body

  /// The first thing that happens on the host: throws if the body is never to begin.
  @usableFromInline
  func begin() throws {
    if isAbandoned || mustCancel {
      mustCancel = false
      throw CancellationError()
    }
  }

  /// The body has returned. Returns the task if that is to be given the value.
  @usableFromInline
  func endWithValue() -> Asyncio.AnyFuture? {
    hasEnded = true
    loop.bodyDidEnd(self)
    guard let task, task.state == .pending else { return nil }
    loop.removePending(self)
    if mustCancel {
      // Cancelled right before the body returned.
      mustCancel = false
      _ = task.cancelFuture(message: task.cancelMessage)
      return nil
    }
    return task
  }

  /// The body has thrown.
  @usableFromInline
  func end(throwing error: any Error) {
    hasEnded = true
    loop.bodyDidEnd(self)
    guard let task, task.state == .pending else { return }
    loop.removePending(self)
    if error is CancellationError {
      _ = task.cancelFuture(message: task.cancelMessage)
    } else {
      task.fail(error)
      if let error = error as? any Asyncio.BaseError { loop.state.escapingError = error }
    }
  }

  /// Suspends the body until `future` is done.
  @inline(__always)
  nonisolated(nonsending) func wait(for future: Asyncio.AnyFuture) async throws {
    if isAbandoned { return try await refuseToWait() }
    if foreignTask != nil { loop.didComeBack(self) }
    arrangeStep(after: future)
    if !loop.drive(self) { await withUnsafeContinuation { continuation = $0 } }
    try throwIfInterrupted(future)
  }

  /// Gives up one turn: the task's next step is scheduled behind all that is ready. A bare `yield` in Python.
  @inline(__always)
  nonisolated(nonsending) func yield() async throws {
    if isAbandoned { return try await refuseToWait() }
    if foreignTask != nil { loop.didComeBack(self) }
    if let task { loop.schedule(stepOf: task) }
    if !loop.drive(self) { await withUnsafeContinuation { continuation = $0 } }
    try throwIfInterrupted(nil)
  }

  /// Makes the task's next step come when `future` is done, or at once, to fail, if it can't wait for that.
  private func arrangeStep(after future: Asyncio.AnyFuture) {
    // A body whose task is gone is abandoned and does not come here.
    guard let task else { return }
    if future.loop !== loop {
      stepWithError(
        Asyncio.RuntimeError("Task \(task) got Future \(future) attached to a different loop"),
        task
      )
    } else if future === task {
      stepWithError(Asyncio.RuntimeError("Task cannot await on itself: \(task)"), task)
    } else {
      future.add(.wakeup(task))
      waiter = future
      if mustCancel, future.cancel(message: task.cancelMessage) { mustCancel = false }
    }
  }

  private func stepWithError(_ error: any Error, _ task: Asyncio.AnyFuture) {
    pendingError = error
    loop.schedule(stepOf: task)
  }

  @inline(__always)
  private func throwIfInterrupted(_ future: Asyncio.AnyFuture?) throws {
    if mustCancel || isAbandoned || pendingError != nil { try interrupt(future) }
  }

  @inline(never)
  private func interrupt(_ future: Asyncio.AnyFuture?) throws {
    let error = pendingError
    pendingError = nil
    if mustCancel || isAbandoned {
      mustCancel = false
      // The wakeup has read the future, whatever the body is told.
      future?.hasUnretrievedError = false
      // That cancellation is the first to reach the body.
      if let future, future.state == .cancelled { task?.cancelMessage = future.cancelMessage }
      throw CancellationError()
    }
    if let error { throw error }
  }

  /// An abandoned body gets nothing but cancellations, so that it unwinds. One that goes on for ever in spite of them
  /// is left behind where it is: there is no way to end it.
  private nonisolated(nonsending) func refuseToWait() async throws {
    refusedAwaits += 1
    if refusedAwaits > 100 {
      loop.callExceptionHandler(
        Asyncio.ExceptionContext(
          message: "Task ignored that its loop was closed, and goes on awaiting: its body is left suspended for ever",
          taskName: name
        )
      )
      loop.leaveBehind(self)
      await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
    }
    throw CancellationError()
  }
}

/// What tells the jobs of one Swift task from all others: the pointer inside, which is the task's own.
struct JobID: Hashable {
  private let pointer: UInt
  static let none = JobID(pointer: 0)
  private init(pointer: UInt) { self.pointer = pointer }

  /// `UnownedJob` is a frozen struct of one pointer.
  @inline(__always)
  init(_ job: UnownedJob) { pointer = unsafeBitCast(job, to: UInt.self) }

  /// The Swift task that runs on this thread: a task is its own job.
  static var current: JobID? {
    withUnsafeCurrentTask { task in
      task.map { JobID(pointer: unsafeBitCast($0, to: UInt.self)) }
    }
  }
}
