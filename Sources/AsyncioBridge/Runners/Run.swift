import Synchronization

extension Asyncio {
  /// Runs `body` as a task on a new event loop, blocks until it is done, and returns its result. `asyncio.run()`.
  ///
  /// Tasks that are still pending then are cancelled and waited for, and the loop is closed.
  ///
  /// ```swift
  /// let total = try Asyncio.run {
  ///   let a = Asyncio.createTask { try await fetch(1) }
  ///   let b = Asyncio.createTask { try await fetch(2) }
  ///   return try await a.value + b.value
  /// }
  /// ```
  /// - Parameters:
  ///   - debug: whether the loop runs in debug mode; by default as the environment says.
  ///   - clock: which time the loop's clock tells.
  ///   - body: what to run.
  /// - Throws: what the body throws; ``RuntimeError`` if a loop is running on this thread; on a virtual clock
  ///   ``DeadlockError``.
  @available(*, noasync, message: "this blocks the thread: use 'try await Asyncio.run'")
  public static func run<Value>(
    debug: Bool? = nil,
    clock: LoopClock.Kind = .monotonic,
    fileID: StaticString = #fileID,
    line: UInt = #line,
    _ body: nonisolated(nonsending) sending @escaping () async throws -> Value
  ) throws -> Value {
    try checkNoRunningLoop()
    let loop = EventLoop(clock: clock, debug: debug)
    return try runMain(loop.createTask(fileID: fileID, line: line, body), on: loop)
  }

  /// Runs `body` as a task on a new event loop with a thread of its own, and returns its result. `asyncio.run()` for
  /// async code.
  ///
  /// The body has the caller's task-locals. Cancelling the calling Swift task cancels the body's task, by
  /// ``Task/cancel(message:)``.
  /// - Throws: what the body throws; ``RuntimeError`` if a loop is running on this thread; on a virtual clock
  ///   ``DeadlockError``.
  public static func run<Value: Sendable>(
    debug: Bool? = nil,
    clock: LoopClock.Kind = .monotonic,
    fileID: StaticString = #fileID,
    line: UInt = #line,
    _ body: nonisolated(nonsending) sending @escaping () async throws -> Value
  ) async throws -> Value {
    try checkNoRunningLoop()
    let main = try RemoteMain(clock, debug: debug) { try $0.createTask(fileID: fileID, line: line, body) }
    return try await withTaskCancellationHandler {
      try await withUnsafeThrowingContinuation { (continuation: UnsafeContinuation<Value, any Error>) in
        startThread { continuation.resume(with: Result { try main.run() }) }
      }
    } onCancel: {
      main.cancel()
    }
  }

  private static func checkNoRunningLoop() throws {
    if EventLoop.running != nil {
      throw RuntimeError("Asyncio.run() cannot be called from a running event loop")
    }
  }

  /// Runs the main task to its end, then what it left behind, and closes the loop.
  @available(*, noasync)
  fileprivate static func runMain<Value>(_ main: Task<Value>, on loop: EventLoop) throws -> Value {
    let outcome = Result { try loop.runUntilComplete(main) }
    let cleanUp = Result { try cancelAllTasks(of: loop) }
    try loop.close()
    try cleanUp.get()
    return try outcome.get()
  }

  /// Cancels the tasks that are still pending, waits for them, and reports those that failed instead.
  @available(*, noasync)
  private static func cancelAllTasks(of loop: EventLoop) throws {
    let leftovers = loop.pendingTasks
    if leftovers.isEmpty { return }
    for task in leftovers { task.cancel() }
    do {
      let gathering = Gathering<Void>(loop: loop, returnsErrors: true)
      for task in leftovers { try gathering.add(task) }
      try loop.runUntilComplete(gathering.start {})
    } catch is DeadlockError {
      // They resist for ever; closing the loop ends them.
    }
    for task in leftovers where task.hasFailed {
      loop.callExceptionHandler(
        ExceptionContext(
          message: "unhandled exception during Asyncio.run() shutdown",
          error: task.error,
          future: task
        )
      )
    }
  }
}

/// The main task of an asynchronous run: the caller makes it, so that it inherits the caller's task-locals, and may cancel
/// it; a thread of its own runs it.
private final class RemoteMain<Value>: Sendable {
  /// Loop and task, until the thread takes them, which alone uses them from then on.
  private let handover: Mutex<UncheckedBox<(Asyncio.EventLoop, Asyncio.Task<Value>)>?>
  private let mailbox: Mailbox
  private let id = ExchangeID()

  init(
    _ clock: Asyncio.LoopClock.Kind,
    debug: Bool?,
    _ makeMain: (Asyncio.EventLoop) throws -> Asyncio.Task<Value>
  ) throws {
    let loop = Asyncio.EventLoop(clock: clock, debug: debug)
    let task = try makeMain(loop)
    loop.exported[id] = task
    mailbox = loop.mailbox
    handover = Mutex(UncheckedBox((loop, task)))
    if _Concurrency.Task.isCancelled { task.cancel() }
  }

  @available(*, noasync)
  func run() throws -> Value {
    guard let (loop, task) = handover.withLock({ $0.take() })?.value else {
      preconditionFailure("AsyncioBridge: a main task is run twice")
    }
    return try Asyncio.runMain(task, on: loop)
  }

  func cancel() {
    _ = mailbox.post(PostedCall({ [id] in Asyncio.EventLoop.running?.exported[id]?.cancel() }, site: .library))
  }
}
