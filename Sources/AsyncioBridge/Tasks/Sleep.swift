extension Asyncio {
  /// Suspends the calling task for `delay`. `asyncio.sleep()`.
  ///
  /// A delay of zero or less gives up exactly one turn: everything that is ready runs first. Cancelling the task ends
  /// the sleep, and no timer is left behind.
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
    let waiter = delay > .zero ? try startTimer(delay) : nil
    defer { waiter?.cancelTimer() }
    let progress = try Suspension.begin(for: waiter.map { Unretained($0) })
    if progress != .isOver { try await progress.finishWaiting(for: waiter) }
    try waiter?.checkResult()
  }

  /// Suspends the calling task until a time of the loop's clock.
  ///
  /// A time that has come gives up exactly one turn, as a delay of zero does. Otherwise as ``sleep(_:)``.
  ///
  /// ```swift
  /// try await Asyncio.sleep(until: loop.time.advanced(by: .seconds(5)))
  /// ```
  /// - Parameter deadline: when to go on.
  /// - Throws: `CancellationError` when cancelled; ``RuntimeError`` if no loop is running.
  public static func sleep(until deadline: LoopClock.Instant) async throws {
    let loop = try EventLoop.runningOrThrow()
    if deadline <= loop.time { return try await sleep(.zero) }
    let waiter = loop.startTimer(until: deadline.nanoseconds)
    defer { waiter.cancelTimer() }
    try await waiter.value
  }

  @usableFromInline
  static func startTimer(_ delay: Duration) throws -> WaiterFuture {
    guard let running = ThreadState.current.record.runningLoop else { throw RuntimeError.noRunningLoop }
    return running.with { $0.startTimer(until: $0.clock.deadline(after: delay)) }
  }
}

extension Asyncio.EventLoop {
  /// A future that is done at `deadline`, unless its timer is cancelled. A closed loop sets no timers; to wait for the
  /// future then throws, and counts as a wait that an abandoned body must not go on with.
  func startTimer(until deadline: Int64) -> WaiterFuture {
    let waiter = createWaiter()
    waiter.setTimer(at: deadline)
    return waiter
  }
}
