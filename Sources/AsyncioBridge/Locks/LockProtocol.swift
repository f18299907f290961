extension Asyncio {
  /// What can be acquired and released: ``Lock``, ``Condition``, ``Semaphore``.
  public protocol LockProtocol: AnyObject {
    /// Waits until it is free, and takes it.
    /// - Throws: `CancellationError` when cancelled; then it is not held.
    func acquire() async throws
    /// Gives it back.
    func release() throws
    /// Whether acquiring would wait.
    var isLocked: Bool { get }
  }
}

extension Asyncio.LockProtocol {
  /// Runs `body` while holding it, and releases it on every way out. `async with lock:`.
  ///
  /// ```swift
  /// try await lock.withLock { balance -= amount; try await log.write(amount) }
  /// ```
  /// - Throws: `CancellationError` when cancelled while waiting; what `body` throws; and in place of that what
  ///   releasing throws, if `body` released it already.
  @discardableResult
  @inlinable
  @inline(__always)
  public func withLock<Result>(
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    try await acquire()
    let result: Result
    do {
      result = try await body()
    } catch {
      try release()
      throw error
    }
    try release()
    return result
  }
}
