import Synchronization

extension Asyncio.EventLoop {
  /// Runs the loop until ``stop()`` is called. `loop.run_forever()`.
  /// - Throws: ``Asyncio/RuntimeError`` if the loop is closed or running, or if another loop runs on this thread; a
  ///   ``Asyncio/BaseError`` that leaves a task or callback; on a virtual clock ``Asyncio/DeadlockError`` when nothing
  ///   is left to do; ``Asyncio/TurnLimitError``.
  @available(*, noasync, message: "this blocks the thread: use 'try await Asyncio.run' from async code")
  public func runForever() throws { try run(endsWhenIdle: false) }

  /// - Parameter endsWhenIdle: whether the run may end because nothing is left to do.
  @available(*, noasync)
  private func run(endsWhenIdle: Bool) throws {
    try checkCanRun()
    try whileRunning {
      isRunning = true
      Self.runningCount.add(1, ordering: .relaxed)
      defer {
        runChildJobs()
        Self.runningCount.subtract(1, ordering: .relaxed)
        isRunning = false
        state.isStopping = false
      }
      repeat {
        do { try beginTurn() } catch is Idle {
          if endsWhenIdle { return }
          throw deadlock()
        }
        while state.leftInTurn > 0 {
          runNextEntry()
          if state.escapingError != nil { try throwEscapingError() }
        }
      } while !state.isStopping
    }
  }

  private func checkCanRun() throws {
    checkThread()
    try checkNotClosed()
    if isRunning { throw Asyncio.RuntimeError("This event loop is already running", code: .loopIsRunning) }
    if Asyncio.EventLoop.running() != nil {
      throw Asyncio.RuntimeError("Cannot run the event loop while another loop is running", code: .loopIsRunning)
    }
  }

  /// Runs the loop until `future` is done, and returns its value. `loop.run_until_complete()`.
  ///
  /// The turn that calls the future's callbacks runs to its end.
  /// - Throws: the future's error; ``Asyncio/RuntimeError`` if the loop is stopped first; the errors of
  ///   ``runForever()``; ``Asyncio/DeadlockError``, in real time too, if nothing is left to wake the loop;
  ///   ``Asyncio/ValueError`` if the future belongs to another loop.
  @available(*, noasync, message: "this blocks the thread: use 'try await Asyncio.run' from async code")
  public func runUntilComplete<Value>(_ future: Asyncio.Future<Value>) throws -> Value {
    try Asyncio.checkLoop(of: future, is: self)
    return try runUntilComplete(future, isMainBody: false)
  }

  /// Runs `body` as a task until it is done, and returns its result. `loop.run_until_complete()`.
  /// - Throws: the errors of the body and of ``runUntilComplete(_:)``.
  @available(*, noasync, message: "this blocks the thread: use 'try await Asyncio.run' from async code")
  public func runUntilComplete<Value>(
    name: String? = nil,
    fileID: StaticString = #fileID,
    line: UInt = #line,
    _ body: nonisolated(nonsending) @escaping () async throws -> Value
  ) throws -> Value {
    // Checked before the task exists, which would otherwise run although nobody waits for it.
    try checkCanRun()
    let task = try createTask(name: name, fileID: fileID, line: line, body)
    task.core?.record.reportsDestruction = false
    return try runUntilComplete(task, isMainBody: true)
  }

  private func runUntilComplete<Value>(_ future: Asyncio.Future<Value>, isMainBody: Bool) throws -> Value {
    let observer = StopWhenDone()
    future.add(.observer(observer))
    let outer = mainFuture
    mainFuture = future
    defer {
      mainFuture = outer
      future.remove(observer)
    }
    do {
      try runForever()
    } catch {
      // The error of a task that nobody else can see leaves here, or is replaced by the error that left the loop.
      if isMainBody { future.hasUnretrievedError = false }
      throw error
    }
    guard future.isDone else {
      throw Asyncio.RuntimeError("Event loop stopped before Future completed.", code: .loopWasStopped)
    }
    return try future.result()
  }

  /// Runs the loop until nothing is ready and no timer is set. For loops on a virtual clock.
  ///
  /// asyncio has no such method: its loops block when they are idle.
  /// - Throws: the errors of ``runForever()`` except ``Asyncio/DeadlockError``, since idleness ends this run.
  @available(*, noasync, message: "this blocks the thread: use 'try await Asyncio.run' from async code")
  public func runUntilIdle() throws {
    try run(endsWhenIdle: true)
  }

  /// Runs a loop on a virtual clock for a while: all that is ready, and all timers that are due by then. The clock
  /// shows the end of the while afterwards, and what is due later waits for the next run.
  ///
  /// ```swift
  /// try loop.advance(by: .seconds(5))
  /// #expect(connection.isRetrying)
  /// ```
  /// It does not wait for what is under way on other threads. If the loop is stopped, the clock stands where that
  /// happened.
  /// - Parameter duration: how long; zero or less: only what is ready and due.
  /// - Throws: ``Asyncio/RuntimeError`` if the clock is not virtual, and what ``runForever()`` throws, except for
  ///   ``Asyncio/DeadlockError``.
  @available(*, noasync, message: "this blocks the thread: use 'try await Asyncio.sleep' from async code")
  public func advance(by duration: Duration) throws { try advance(to: time.advanced(by: duration)) }

  /// Runs a loop on a virtual clock until a time of that. See ``advance(by:)``.
  /// - Parameter deadline: the end; one that has passed: only what is ready and due.
  @available(*, noasync, message: "this blocks the thread: use 'try await Asyncio.sleep(until:)' from async code")
  public func advance(to deadline: Asyncio.LoopClock.Instant) throws {
    guard clock.kind == .virtual else {
      throw Asyncio.RuntimeError(
        "Cannot advance the time of a loop in real time: make one with EventLoop(clock: .virtual)"
      )
    }
    try checkCanRun()
    timeLimit = max(deadline.nanoseconds, clock.nowNanoseconds)
    defer { timeLimit = nil }
    try run(endsWhenIdle: true)
  }

  /// Makes the run method return at the end of the current turn. `loop.stop()`.
  ///
  /// Callbacks of the current turn still run; what they schedule stays for the next run of the loop.
  public func stop() {
    checkThread()
    state.isStopping = true
  }
}

/// Stops the loop when its main future is done.
private final class StopWhenDone: FutureObserver {
  override class var purpose: String { "run" }

  override func mayRunUserCode(on future: Asyncio.AnyFuture) -> Bool { false }

  override func futureDidComplete(_ future: Asyncio.AnyFuture) {
    if !future.isCancelled {
      future.hasUnretrievedError = false
      // The error has already left the loop.
      if future.error is any Asyncio.BaseError { return }
    }
    future.loop.stop()
  }
}
