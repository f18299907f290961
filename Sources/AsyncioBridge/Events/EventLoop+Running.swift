import Synchronization

extension Asyncio.EventLoop {
  /// Runs the loop until ``stop()`` is called. `loop.run_forever()`.
  /// - Throws: ``Asyncio/RuntimeError`` if the loop is closed or running, or another loop runs on this thread; a
  ///   ``Asyncio/BaseError`` that leaves a task or callback; on a virtual clock ``Asyncio/DeadlockError`` when nothing is left
  ///   to do; ``Asyncio/TurnLimitError``.
  @available(*, noasync, message: "this blocks the thread: use 'try await Asyncio.run' from async code")
  public func runForever() throws { try run(untilIdle: false) }

  /// - Parameter untilIdle: whether it may end since there is nothing left to do.
  @available(*, noasync)
  private func run(untilIdle: Bool) throws {
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
          if untilIdle { return }
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
    if isRunning { throw Asyncio.RuntimeError("This event loop is already running") }
    if Asyncio.EventLoop.running() != nil {
      throw Asyncio.RuntimeError("Cannot run the event loop while another loop is running")
    }
  }

  /// Runs the loop until `future` is done, and returns its value. `loop.run_until_complete()`.
  ///
  /// The turn in which the future's callbacks are called is run to its end.
  /// - Throws: what the future failed with; ``Asyncio/RuntimeError`` if the loop is stopped before, and what
  ///   ``runForever()`` throws; ``Asyncio/DeadlockError``, in real time too, if nothing is left to wake the loop;
  ///   ``Asyncio/ValueError`` if the future belongs to another loop.
  @available(*, noasync, message: "this blocks the thread: use 'try await Asyncio.run' from async code")
  public func runUntilComplete<Value>(_ future: Asyncio.Future<Value>) throws -> Value {
    try Asyncio.checkLoop(of: future, is: self)
    return try runUntilComplete(future, isMainBody: false)
  }

  /// Runs the loop until `body`, as a task of its own, is done, and returns its result. `loop.run_until_complete()`.
  /// - Throws: what the body throws, and what ``runUntilComplete(_:)`` throws.
  @available(*, noasync, message: "this blocks the thread: use 'try await Asyncio.run' from async code")
  public func runUntilComplete<Value>(
    name: String? = nil,
    fileID: StaticString = #fileID,
    line: UInt = #line,
    _ body: nonisolated(nonsending) @escaping () async throws -> Value
  ) throws -> Value {
    // Before there is a task, which would run although nobody waits for it.
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
      // The error of a task that nobody else can see leaves here, or is replaced by what left the loop.
      if isMainBody { future.hasUnretrievedError = false }
      throw error
    }
    guard future.isDone else { throw Asyncio.RuntimeError("Event loop stopped before Future completed.") }
    return try future.result()
  }

  /// Runs the loop until nothing is ready and no timer is set. For loops on a virtual clock.
  ///
  /// asyncio has no such method: its loops block when they are idle.
  /// - Throws: what ``runForever()`` throws, except for ``Asyncio/DeadlockError``, which is how this ends.
  @available(*, noasync, message: "this blocks the thread: use 'try await Asyncio.run' from async code")
  public func runUntilIdle() throws {
    try run(untilIdle: true)
  }

  /// Makes the run method return at the end of the current turn. `loop.stop()`.
  ///
  /// Callbacks of the current turn still run; what they schedule stays for the next run of the loop.
  public func stop() {
    checkThread()
    state.isStopping = true
  }
}

/// Stops the loop when the future is done that it runs for.
private final class StopWhenDone: FutureObserver {
  override func mayRunUserCode(on future: Asyncio.AnyFuture) -> Bool { false }

  override func futureDidComplete(_ future: Asyncio.AnyFuture) {
    if !future.isCancelled {
      future.hasUnretrievedError = false
      // It has left the loop already.
      if future.error is any Asyncio.BaseError { return }
    }
    future.loop.stop()
  }
}
