extension Asyncio {
  /// The write end of a ``ConcurrentFuture``: who has it may end the future, on any thread. Who has only the future can
  /// wait for it, and cancel it.
  ///
  /// ```swift
  /// let answer = Asyncio.Promise<Int>()
  /// thread.start { answer.resolve(.success(42)) }
  /// print(try await answer.future.value)
  /// ```
  /// A promise that goes without having ended its future cancels it, so that nobody waits for ever. In Python the
  /// future has both ends, and stays pending.
  public final class Promise<Value: Sendable>: Sendable {
    /// The read end.
    public let future = ConcurrentFuture<Value>()

    /// Creates a promise, and its pending future.
    public init() {}

    deinit { future.drop() }

    /// Ends the future. `Future.set_result()`, `Future.set_exception()` of `concurrent.futures`.
    /// - Returns: false if the future was done already, as one is that was cancelled; then nothing happens.
    @discardableResult
    public func resolve(_ result: Result<Value, any Error>) -> Bool { future.resolve(result) }

    /// Marks the work as begun, so that the future cannot be cancelled any more.
    /// `Future.set_running_or_notify_cancel()`.
    /// - Returns: false if the future was cancelled: then the work must not begin.
    public func setRunning() -> Bool { future.setRunning() }
  }
}
