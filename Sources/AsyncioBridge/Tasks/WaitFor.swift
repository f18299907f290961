extension Asyncio {
  /// Waits for a future, but only for so long. `asyncio.wait_for()`.
  ///
  /// When the time is up, or the caller is cancelled, the future is cancelled, and the call returns only when it has
  /// ended. To keep it from being cancelled, `shield` it. If the future completes at the same time as
  /// the caller is cancelled, its result is returned and the cancellation is dropped, as in CPython 3.8.
  /// - Parameters:
  ///   - future: what to wait for.
  ///   - timeout: how long; zero or less: not at all; nil: as long as it takes.
  /// - Throws: ``TimeoutError`` when the time is up, whatever the future answers to its cancellation (but with a timeout of
  ///   zero or less, another error that it answers with); what the future failed with; `CancellationError` when the caller
  ///   or the future was cancelled; ``ValueError`` for a future of another loop.
  public static func waitFor<Value>(_ future: Future<Value>, timeout: Duration?) async throws -> Value {
    guard let loop = EventLoop.running else { throw RuntimeError.noRunningLoop }
    guard let timeout else { return try await future.value }
    try checkLoop(of: future, is: loop)

    if timeout <= .zero {
      if future.isDone { return try future.result() }
      try await cancelAndWait(future, loop)
      do { _ = try future.result() } catch let error as CancelledError { throw TimeoutError(underlying: error) }
      throw TimeoutError()
    }

    let waiter = loop.createWaiter(for: future)
    let timer = loop.addTimer(completing: waiter, after: timeout)
    defer { timer.cancel() }
    let release = ReleaseWaiter(waiter)
    future.add(.observer(release))
    do {
      try await waiter.value
    } catch let error as CancelledError {
      if future.isDone { return try future.result() }
      future.remove(release)
      // The work must not be running any more when this returns.
      try await cancelAndWait(future, loop)
      throw error
    }
    if future.isDone { return try future.result() }
    future.remove(release)
    try await cancelAndWait(future, loop)
    throw TimeoutError()
  }

  /// Runs a body, but only for so long. `asyncio.wait_for()`. See ``waitFor(_:timeout:)``.
  ///
  /// With a timeout the body runs in a task of its own, without one in the caller's.
  ///
  /// ```swift
  /// let reply = try await Asyncio.waitFor(timeout: .seconds(1)) { try await connection.ask(question) }
  /// ```
  public static func waitFor<Value>(
    timeout: Duration?,
    fileID: StaticString = #fileID,
    line: UInt = #line,
    _ body: nonisolated(nonsending) @escaping () async throws -> Value
  ) async throws -> Value {
    guard let loop = EventLoop.running else { throw RuntimeError.noRunningLoop }
    guard timeout != nil else { return try await body() }
    return try await waitFor(loop.createTask(fileID: fileID, line: line, body), timeout: timeout)
  }

  /// Cancels a future, and waits until it is done.
  ///
  /// Not by awaiting it: so the caller, too, can be cancelled meanwhile.
  private static func cancelAndWait(_ future: AnyFuture, _ loop: EventLoop) async throws {
    let release = ReleaseWaiter(loop.createWaiter(for: future))
    future.add(.observer(release))
    defer { future.remove(release) }
    future.cancel()
    try await release.waiter.value
  }
}

/// Completes a waiter when a future is done.
private final class ReleaseWaiter: FutureObserver {
  let waiter: Asyncio.Future<Void>
  init(_ waiter: Asyncio.Future<Void>) { self.waiter = waiter }
  override func futureDidComplete(_ future: Asyncio.AnyFuture) { waiter.completeIfPending() }
}
