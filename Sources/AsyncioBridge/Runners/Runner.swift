extension Asyncio {
  /// Runs several bodies, one after another, on one loop. `asyncio.Runner`.
  ///
  /// ``Asyncio/run(debug:clock:semantics:fileID:line:_:)`` is one run of a runner of its own. Use this where
  /// asynchronous code is called several times from code that is not, as in an interactive program or a test:
  ///
  /// ```swift
  /// let runner = Asyncio.Runner()
  /// let cache = try runner.run { try await Cache.load() }
  /// print(try runner.run { try await cache.find("x") })
  /// try runner.close()
  /// ```
  ///
  /// The loop is made when it is first needed, and tasks that one run leaves behind go on in the next. The runs share a
  /// context: a copy of the one in which the loop was made.
  ///
  /// **Interrupts.** SIGINT, as by Control-C, ends the process, in the middle of whatever it does. A runner that
  /// handles it cancels the main task of its current run instead, so that the body cleans up, and the run throws
  /// ``KeyboardInterrupt``. A second interrupt ends the run between two steps, whatever the main task does; a third one
  /// ends the process, also if a body keeps the thread busy. When the run is over, interrupts end the process again. A
  /// library, or a program with a user interface, leaves it as it is; a program of the command line does this:
  ///
  /// ```swift
  /// do {
  ///   try Asyncio.run(handlingInterrupt: true) { try await serve() }
  /// } catch is Asyncio.KeyboardInterrupt { exit(130) }
  /// ```
  /// A runner whose loop follows ``Semantics/python3_13`` handles interrupts by default if it runs on the main thread:
  /// the one that the process began with, which on Linux a program leaves whose `main` is `async`.
  ///
  /// Only the default is replaced: if the process ignores SIGINT, or has a handler of its own, or another run is
  /// handling it, that stays as it is. For a runner that is told to handle them it does not matter on which thread it
  /// runs.
  public final class Runner {
    private enum State {
      case created
      case initialized(EventLoop, Context)
      case closed
    }

    private var state = State.created
    private let makeLoop: () -> EventLoop
    /// Nil: as the loop's version does.
    private let handlesInterrupt: Bool?

    /// Creates a runner, which makes its own loop.
    /// - Parameters:
    ///   - debug: whether the loop runs in debug mode; by default as the environment says.
    ///   - clock: which time the loop's clock tells.
    ///   - semantics: which Python the loop follows.
    ///   - handlingInterrupt: whether interrupts (SIGINT) cancel the main task instead of ending the process; by
    ///     default as the loop's version does.
    public init(
      debug: Bool? = nil,
      clock: LoopClock.Kind = .monotonic,
      semantics: Semantics = .python3_8,
      handlingInterrupt: Bool? = nil
    ) {
      handlesInterrupt = handlingInterrupt
      makeLoop = { EventLoop(clock: clock, debug: debug, semantics: semantics) }
    }

    /// Creates a runner for a loop that the caller makes.
    /// - Parameters:
    ///   - debug: whether the loop runs in debug mode; by default as it was made.
    ///   - handlingInterrupt: whether interrupts (SIGINT) cancel the main task instead of ending the process; by
    ///     default as the loop's version does.
    ///   - loopFactory: makes the loop, which the runner closes. Called once, when the loop is first needed.
    public init(debug: Bool? = nil, handlingInterrupt: Bool? = nil, loopFactory: @escaping () -> EventLoop) {
      handlesInterrupt = handlingInterrupt
      makeLoop = {
        let loop = loopFactory()
        if let debug { loop.isDebug = debug }
        return loop
      }
    }

    /// The loop, made now if it was not before. `Runner.get_loop()`.
    /// - Throws: ``RuntimeError`` if the runner is closed.
    public var loop: EventLoop {
      get throws { try initialized().loop }
    }

    private func initialized() throws -> (loop: EventLoop, context: Context) {
      switch state {
      case .created:
        let loop = makeLoop()
        let context = Context.inherited() ?? Context()
        state = .initialized(loop, context)
        return (loop, context)
      case .initialized(let loop, let context): return (loop, context)
      case .closed: throw RuntimeError("Runner is closed: make a new one", code: .isShutDown)
      }
    }

    /// Runs `body` as a task on the loop, blocks until it is done, and returns its result. `Runner.run()`.
    ///
    /// Form the body in nonisolated code. One that belongs to the main actor would wait for the thread that waits for
    /// it; in `main.swift` use ``Asyncio/withRunner(debug:clock:semantics:handlingInterrupt:isolation:_:)``, or a
    /// function of your own.
    /// - Parameters:
    ///   - context: the context to run in; by default the one that the runs share.
    ///   - fileID: leave it out; the file that reports and messages name.
    ///   - line: leave it out; the line in that file.
    ///   - body: what to run.
    /// - Throws: what the body throws; ``KeyboardInterrupt`` if it was interrupted; ``RuntimeError`` if the runner is
    ///   closed, or a loop is running on this thread; ``DeadlockError`` if the body waits and nothing is left to wake
    ///   it.
    @available(*, noasync, message: "this blocks the thread: use 'try await Asyncio.run' from async code")
    public func run<Value>(
      context: Context? = nil,
      fileID: StaticString = #fileID,
      line: UInt = #line,
      _ body: nonisolated(nonsending) @escaping () async throws -> Value
    ) throws -> Value {
      try Asyncio.checkNoRunningLoop(for: "Runner.run()")
      return try finish(startMain(context: context, fileID: fileID, line: line, body))
    }

    /// The task of a body that is to run.
    func startMain<Value>(
      context: Context? = nil,
      fileID: StaticString,
      line: UInt,
      _ body: nonisolated(nonsending) @escaping () async throws -> Value
    ) throws -> Task<Value> {
      let (loop, sharedContext) = try initialized()
      let task = try loop.createTask(fileID: fileID, line: line, body)
      // The context itself: a task is made with a copy.
      task.core?.share(context ?? sharedContext)
      return task
    }

    /// Runs the loop until the task of a body is done, or a part of the cleaning up.
    /// - Parameter endsAtFirst: whether the first interrupt that is handled ends the run, and not the second.
    @available(*, noasync)
    @discardableResult
    func finish<Value>(_ main: Future<Value>, endsAtFirst: Bool = false) throws -> Value {
      let loop = main.loop
      guard handlesInterrupt ?? (loop.semantics.runHandlesInterrupt && isMainThread()),
        let handling = InterruptHandling(for: main, endsAtFirst: endsAtFirst)
      else { return try loop.runUntilComplete(main) }
      return try handling.end(main, Swift.Result { try loop.runUntilComplete(main) })
    }

    /// Cancels the tasks that are still pending, waits for them, and closes the loop. `Runner.close()`.
    ///
    /// A task that then fails is reported to the loop's exception handler. If the loop follows ``Semantics/python3_13``
    /// its default executor is shut down and waited for, too, five minutes at most. Where runs handle interrupts, one
    /// ends the waiting; the loop is closed all the same. Does nothing if there is no loop yet, or no longer.
    /// - Throws: ``RuntimeError`` if the loop is running; a ``BaseError`` that leaves a task; ``KeyboardInterrupt``.
    @available(*, noasync, message: "this blocks the thread")
    public func close() throws {
      guard case .initialized(let loop, _) = state else { return }
      let cleanUp = Result {
        try cancelAllTasks(of: loop)
        try shutDownExecutor(of: loop)
      }
      try loop.close()
      state = .closed
      try cleanUp.get()
    }

    /// Cancels the tasks that are still pending, waits for them, and reports those that failed instead.
    @available(*, noasync)
    private func cancelAllTasks(of loop: EventLoop) throws {
      let leftovers = loop.pendingTasks
      if leftovers.isEmpty { return }
      CancellationPass.cancel(leftovers)
      let report = loop.reportIfSlow(leftovers)
      defer { report?.cancel() }
      do {
        let gathering = Gathering(loop: loop, returnsErrors: true)
        for task in leftovers { try gathering.add(task) }
        try finish(gathering.start { _ in }, endsAtFirst: true)
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

    @available(*, noasync)
    private func shutDownExecutor(of loop: EventLoop) throws {
      guard let timeout = loop.semantics.executorShutdownTimeout, loop.executor != nil else { return }
      // A virtual clock would be there at once.
      let limit = loop.clock.kind == .virtual ? nil : timeout
      try finish(loop.createTask { try await loop.shutdownDefaultExecutor(timeout: limit) }, endsAtFirst: true)
    }

    /// Runs `body`, and closes the runner on every way out.
    @available(*, noasync)
    func closing<Result>(_ body: (Runner) throws -> Result) throws -> Result {
      let outcome = Swift.Result { try body(self) }
      try close()
      return try outcome.get()
    }
  }

  /// Makes a runner, runs `body` with it, and closes it on every way out. `with asyncio.Runner() as runner:`.
  ///
  /// ```swift
  /// try Asyncio.withRunner { runner in
  ///   try runner.run { try await prepare() }
  ///   try runner.run { try await work() }
  /// }
  /// ```
  /// - Parameters:
  ///   - debug: whether the loop runs in debug mode; by default as the environment says.
  ///   - clock: which time the loop's clock tells.
  ///   - semantics: which Python the loop follows.
  ///   - handlingInterrupt: whether interrupts (SIGINT) cancel the main task of a run instead of ending the process; by
  ///     default as the loop's version does.
  ///   - isolation: leave it out. By it a body that is formed in code of an actor may use that actor's state.
  ///   - body: what to do with the runner.
  /// - Throws: what `body` throws, and what ``Runner/close()`` throws.
  @available(*, noasync, message: "this blocks the thread: use 'try await Asyncio.run' from async code")
  public static func withRunner<Result>(
    debug: Bool? = nil,
    clock: LoopClock.Kind = .monotonic,
    semantics: Semantics = .python3_8,
    handlingInterrupt: Bool? = nil,
    isolation: isolated (any Actor)? = #isolation,
    _ body: sending (Runner) throws -> Result
  ) throws -> Result {
    try Runner(debug: debug, clock: clock, semantics: semantics, handlingInterrupt: handlingInterrupt).closing(body)
  }
}
