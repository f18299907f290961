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
      let progress = try EventLoop.beginYielding()
      if progress != .isOver { try await EventLoop.goOnYielding(progress) }
    }
  }

  @usableFromInline
  static func sleepUntilDue(_ delay: Duration) async throws {
    let loop = try EventLoop.runningOrThrow()
    try await loop.sleep(until: loop.clock.nowNanoseconds.addingClamped(delay.nanosecondsRoundedUp))
  }
}

extension Asyncio.EventLoop {
  @inline(__always)
  nonisolated(nonsending) func sleep(until deadline: Int64) async throws {
    let waiter = createWaiter()
    // There are no timers any more; the wait throws, and counts as one that an abandoned body must not go on with.
    if isClosed { return try await waiter.value }
    let timer = addTimer(deadline, .completion(waiter), site: .library)
    defer { timer.cancel() }
    try await waiter.value
  }

  /// Gives up one turn of the running loop, as far as that needs no suspension.
  @usableFromInline
  static func beginYielding() throws -> WaitProgress {
    guard let running = ThreadState.current.pointee.runningLoop else { throw Asyncio.RuntimeError.noRunningLoop }
    return try running._withUnsafeGuaranteedRef { loop in
      guard let core = loop.callingCore() else { return .isElsewhere }
      return try loop.beginWaiting(core, for: nil)
    }
  }

  /// Waits for the rest of the turn.
  @usableFromInline
  static nonisolated(nonsending) func goOnYielding(_ progress: WaitProgress) async throws {
    let loop = try runningOrThrow()
    switch progress {
    case .isOver: break
    case .mustSuspend(let core): try await loop.suspend(core, for: nil)
    case .isRefused(let core): try await loop.refuseToWait(core)
    case .isElsewhere: try await loop.yieldGuest()
    }
  }

  /// Gives up one turn of a guest, which resumes on the turn after the one on which what it waits for is done.
  nonisolated(nonsending) func yieldGuest() async throws {
    let done = createWaiter()
    done.completeIfPending()
    try await GuestWaiter.wait(for: done, on: self)
    try _Concurrency.Task.checkCancellation()
  }
}
