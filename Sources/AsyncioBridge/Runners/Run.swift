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
    return try runMain(on: loop) { try loop.createTask(fileID: fileID, line: line, body) }
  }

  /// Runs `body` as a task on a new event loop with a thread of its own, and returns its result. `asyncio.run()` for
  /// async code.
  ///
  /// Cancelling the calling Swift task cancels the body's task, by ``Task/cancel(message:)``.
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
    let main = RemoteMain()
    // Handed over to the thread, which alone uses it.
    let body = UncheckedBox(body)
    return try await withTaskCancellationHandler {
      try await withUnsafeThrowingContinuation { (continuation: UnsafeContinuation<Value, any Error>) in
        startThread {
          continuation.resume(
            with: Result {
              let loop = EventLoop(clock: clock, debug: debug)
              return try runMain(on: loop) {
                let task = try loop.createTask(fileID: fileID, line: line, body.value)
                main.attach(task)
                return task
              }
            }
          )
        }
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
  private static func runMain<Value>(on loop: EventLoop, _ makeMain: () throws -> Task<Value>) throws -> Value {
    let outcome = Result { try loop.runUntilComplete(makeMain()) }
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

/// Lets the caller of an asynchronous run cancel the main task, which lives on the loop's thread.
private final class RemoteMain: Sendable {
  private struct State {
    var loop: Asyncio.LoopHandle?
    var isCancelled = false
  }

  private let id = ExchangeID()
  private let state = Mutex(State())

  func attach(_ task: Asyncio.AnyFuture) {
    task.loop.exported[id] = task
    let isCancelled = state.withLock { state in
      state.loop = task.loop.threadsafe
      return state.isCancelled
    }
    if isCancelled { task.cancel() }
  }

  func cancel() {
    let loop = state.withLock { state in
      state.isCancelled = true
      return state.loop
    }
    guard let loop else { return }
    _ = loop.mailbox.post(PostedCall({ [id] in Asyncio.EventLoop.running?.exported[id]?.cancel() }, site: .library))
  }
}
