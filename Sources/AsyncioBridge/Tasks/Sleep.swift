extension Asyncio {
  /// Suspends the calling task for `delay`. `asyncio.sleep()`.
  ///
  /// A delay of zero or less gives up exactly one turn: everything that is ready runs first. Cancelling the task ends the
  /// sleep, and no timer is left behind.
  /// - Parameters:
  ///   - delay: how long, by the loop's clock.
  ///   - result: what to return.
  /// - Throws: `CancellationError` when cancelled; ``RuntimeError`` if no loop is running.
  public static func sleep<Value>(_ delay: Duration, result: Value) async throws -> Value {
    try await sleep(delay)
    return result
  }

  /// Suspends the calling task for `delay`. `asyncio.sleep()`. See ``sleep(_:result:)``.
  @inlinable
  public static func sleep(_ delay: Duration) async throws {
    if delay > .zero {
      try await sleepUntilDue(delay)
    } else {
      let progress = try WaitProgress.begin(for: nil)
      if progress != .isOver { try await progress.goOn(for: nil) }
    }
  }

  @usableFromInline
  static func sleepUntilDue(_ delay: Duration) async throws {
    let loop = try EventLoop.runningOrThrow()
    try await loop.sleep(until: loop.clock.deadline(after: delay))
  }
}

extension Asyncio.EventLoop {
  @inline(__always)
  nonisolated(nonsending) func sleep(until deadline: Int64) async throws {
    let waiter = createWaiter()
    // There are no timers any more; the wait throws, and counts as one that an abandoned body must not go on with.
    if isClosed { return try await waiter.value }
    waiter.setTimer(at: deadline)
    defer { waiter.cancelTimer() }
    try await waiter.value
  }
}
