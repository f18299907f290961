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
  ///   - semantics: which Python the loop follows.
  ///   - isolation: leave it out. By it a body that is formed in code of an actor may use that actor's state, which
  ///     nothing else uses meanwhile. In nonisolated code see
  ///     ``runBlocking(debug:clock:semantics:isolation:fileID:line:_:)``.
  ///   - fileID: leave it out; the file that reports and messages name.
  ///   - line: leave it out; the line in that file.
  ///   - body: what to run.
  /// - Throws: what the body throws; ``RuntimeError`` if a loop is running on this thread; ``DeadlockError`` if the
  ///   body waits and nothing is left to wake it.
  public static func run<Value>(
    debug: Bool? = nil,
    clock: LoopClock.Kind = .monotonic,
    semantics: Semantics = .python3_8,
    isolation: isolated (any Actor)? = #isolation,
    fileID: StaticString = #fileID,
    line: UInt = #line,
    _ body: nonisolated(nonsending) sending @escaping () async throws -> Value
  ) throws -> Value {
    // No `noasync`: async functions get the form for async code, and at the top level of main.swift, where Swift takes
    // this one for a call with `await` too, it is the right one.
    try checkNoRunningLoop(for: "Asyncio.run()")
    return try Runner(debug: debug, clock: clock, semantics: semantics).closing {
      try $0.run(fileID: fileID, line: line, body)
    }
  }

  /// Runs `body` as a task on a new event loop, blocks until it is done, and returns its result; interrupts (SIGINT, as
  /// by Control-C) cancel the body's task instead of ending the process, see ``Runner``. For programs of the command
  /// line.
  ///
  /// Otherwise as ``run(debug:clock:semantics:fileID:line:_:)``.
  /// - Throws: what the body throws; ``KeyboardInterrupt`` if it was interrupted; ``RuntimeError`` if a loop is running
  ///   on this thread; ``DeadlockError`` if the body waits and nothing is left to wake it.
  @available(
    *,
    noasync,
    message: "this blocks the thread: use 'try await Asyncio.run', or in main.swift leave out 'await'"
  )
  public static func run<Value>(
    debug: Bool? = nil,
    clock: LoopClock.Kind = .monotonic,
    semantics: Semantics = .python3_8,
    handlingInterrupt: Bool?,
    isolation: isolated (any Actor)? = #isolation,
    fileID: StaticString = #fileID,
    line: UInt = #line,
    _ body: nonisolated(nonsending) sending @escaping () async throws -> Value
  ) throws -> Value {
    try checkNoRunningLoop(for: "Asyncio.run()")
    return try Runner(debug: debug, clock: clock, semantics: semantics, handlingInterrupt: handlingInterrupt).closing {
      try $0.run(fileID: fileID, line: line, body)
    }
  }

  /// Runs `body` as a task on a loop that the caller makes, blocks until it is done, and returns its result.
  /// `asyncio.run(main, loop_factory=)`.
  /// - Parameters:
  ///   - debug: whether the loop runs in debug mode; by default as it was made.
  ///   - handlingInterrupt: whether interrupts (SIGINT, as by Control-C) cancel the body's task instead of ending the
  ///     process, see ``Runner``.
  ///   - loopFactory: makes the loop, which is closed in the end. Called once.
  ///   - isolation: leave it out. By it a body that is formed in code of an actor may use that actor's state.
  ///   - fileID: leave it out; the file that reports and messages name.
  ///   - line: leave it out; the line in that file.
  ///   - body: what to run.
  /// - Throws: what the body throws; ``KeyboardInterrupt`` if it was interrupted; ``RuntimeError`` if a loop is running
  ///   on this thread; ``DeadlockError`` if the body waits and nothing is left to wake it.
  @available(*, noasync, message: "this blocks the thread: use 'try await Asyncio.run'")
  public static func run<Value>(
    debug: Bool? = nil,
    handlingInterrupt: Bool? = nil,
    loopFactory: @escaping () -> EventLoop,
    isolation: isolated (any Actor)? = #isolation,
    fileID: StaticString = #fileID,
    line: UInt = #line,
    _ body: nonisolated(nonsending) sending @escaping () async throws -> Value
  ) throws -> Value {
    try checkNoRunningLoop(for: "Asyncio.run()")
    return try Runner(debug: debug, handlingInterrupt: handlingInterrupt, loopFactory: loopFactory).closing {
      try $0.run(fileID: fileID, line: line, body)
    }
  }

  /// Runs `body` as a task on a new event loop, blocks until it is done, and returns its result; the body may use
  /// whatever is around it: variables, parameters, `self`. For nonisolated code, tests above all. `asyncio.run()`.
  ///
  /// ```swift
  /// var count = 0
  /// try Asyncio.runBlocking { count += 1 }
  /// print(count)
  /// ```
  /// Otherwise as ``run(debug:clock:semantics:isolation:fileID:line:_:)``. That takes what its body uses away from
  /// nonisolated code, so that a body which is formed in code of the main actor is not of the main actor as well. Here
  /// it would be, and would wait for the thread that waits for it: so in isolated code this is an error at compile
  /// time, and `run` is what to call; there it leaves the caller's state to both.
  /// - Parameters:
  ///   - debug: whether the loop runs in debug mode; by default as the environment says.
  ///   - clock: which time the loop's clock tells.
  ///   - semantics: which Python the loop follows.
  ///   - isolation: leave it out. By it the compiler refuses isolated callers.
  ///   - fileID: leave it out; the file that reports and messages name.
  ///   - line: leave it out; the line in that file.
  ///   - body: what to run.
  /// - Throws: what the body throws; ``RuntimeError`` if a loop is running on this thread; ``DeadlockError`` if the
  ///   body waits and nothing is left to wake it.
  @available(*, noasync, message: "this blocks the thread: use 'try await Asyncio.run'")
  public static func runBlocking<Value>(
    debug: Bool? = nil,
    clock: LoopClock.Kind = .monotonic,
    semantics: Semantics = .python3_8,
    isolation: NonisolatedCaller? = #isolation,
    fileID: StaticString = #fileID,
    line: UInt = #line,
    _ body: nonisolated(nonsending) @escaping () async throws -> Value
  ) throws -> Value {
    try checkNoRunningLoop(for: "Asyncio.runBlocking()")
    return try Runner(debug: debug, clock: clock, semantics: semantics).closing {
      try $0.run(fileID: fileID, line: line, body)
    }
  }

  /// The isolation of a caller that has none: an actor can't be converted to it.
  public enum NonisolatedCaller {}

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
    semantics: Semantics = .python3_8,
    fileID: StaticString = #fileID,
    line: UInt = #line,
    _ body: nonisolated(nonsending) sending @escaping () async throws -> Value
  ) async throws -> Value {
    try checkNoRunningLoop(for: "Asyncio.run()")
    let runner = Runner(debug: debug, clock: clock, semantics: semantics)
    let main = RemoteMain(try runner.startMain(fileID: fileID, line: line, body), of: runner)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        startThread { continuation.resume(with: Result { try main.run() }) }
      }
    } onCancel: {
      main.cancel()
    }
  }

  static func checkNoRunningLoop(for caller: String) throws {
    if EventLoop.running() != nil {
      throw RuntimeError(
        "\(caller) cannot be called from a running event loop: await the function, or make it a task with createTask",
        code: .loopIsRunning
      )
    }
  }
}

/// The main task of an asynchronous run: the caller makes it, so that it inherits the caller's task-locals, and may
/// cancel it; a thread of its own runs it.
private final class RemoteMain<Value>: Sendable {
  /// Runner and task, until the thread takes them, which alone uses them from then on.
  private let handover: Locked<UncheckedBox<(Asyncio.Runner, Asyncio.Task<Value>)>?>
  private let loop: Asyncio.LoopHandle
  private let id = ExchangeID()

  init(_ task: Asyncio.Task<Value>, of runner: Asyncio.Runner) {
    task.loop.futuresAwaitedElsewhere[id] = task
    loop = task.loop.threadsafe
    handover = Locked(UncheckedBox((runner, task)))
    if _Concurrency.Task.isCancelled { task.cancel() }
  }

  @available(*, noasync)
  func run() throws -> Value {
    guard let (runner, task) = handover.withLock({ $0.take() })?.value else {
      preconditionFailure("AsyncioBridge: a main task is run twice")
    }
    return try runner.closing { try $0.finish(task) }
  }

  func cancel() {
    loop.mailbox.post(
      PostedCall({ [id] in Asyncio.EventLoop.running()?.futuresAwaitedElsewhere[id]?.cancel() }, site: .library)
    )
  }
}
