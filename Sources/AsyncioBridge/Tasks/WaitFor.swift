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
  @inlinable
  public static func waitFor<Value>(_ future: Future<Value>, timeout: Duration?) async throws -> Value {
    if let timeout { try await wait(for: future, atMost: timeout) } else { _ = try EventLoop.runningOrThrow() }
    return try await future.value
  }

  /// Returns when the future is done; throws if it was given up.
  @usableFromInline
  static func wait(for future: AnyFuture, atMost timeout: Duration) async throws {
    let loop = try EventLoop.runningOrThrow()
    try checkLoop(of: future, is: loop)

    if timeout <= .zero {
      if future.isDone { return }
      try await cancelAndWait(future, loop)
      do { try future.checkResult() } catch let error as CancelledError { throw TimeoutError(underlying: error) }
      throw TimeoutError()
    }

    let waiter = loop.createWaiter(for: future)
    waiter.setTimer(after: timeout)
    defer { waiter.cancelTimer() }
    future.add(.completing(waiter))
    do {
      try await waiter.value
    } catch {
      // A cancellation: nothing else comes of a waiter.
      if future.isDone { return }
      future.callbacks.remove(completing: waiter)
      // The work must not be running any more when this returns.
      try await cancelAndWait(future, loop)
      throw error
    }
    if future.isDone { return }
    future.callbacks.remove(completing: waiter)
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
  @inlinable
  public static func waitFor<Value>(
    timeout: Duration?,
    fileID: StaticString = #fileID,
    line: UInt = #line,
    _ body: nonisolated(nonsending) @escaping () async throws -> Value
  ) async throws -> Value {
    let loop = try EventLoop.runningOrThrow()
    guard let timeout else { return try await body() }
    let task = try loop.createTask(fileID: fileID, line: line, body)
    try await wait(for: task, atMost: timeout)
    return try task.result()
  }

  /// Cancels a future, and waits until it is done.
  ///
  /// Not by awaiting it: so the caller, too, can be cancelled meanwhile.
  private static func cancelAndWait(_ future: AnyFuture, _ loop: EventLoop) async throws {
    let waiter = loop.createWaiter(for: future)
    future.add(.completing(waiter))
    defer { future.callbacks.remove(completing: waiter) }
    future.cancel()
    try await waiter.value
  }
}
