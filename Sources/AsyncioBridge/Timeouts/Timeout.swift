extension Asyncio {
  /// Runs `body` in the calling task, but only for so long. `asyncio.timeout()`, from Python 3.11 on.
  ///
  /// When the time is up the task is cancelled: the body gets `CancellationError` at its current await, and may clean
  /// up. If that error leaves the body, ``TimeoutError`` is thrown in its place. Only this scope's own cancellation is
  /// converted: if somebody else has cancelled the task as well, the `CancellationError` goes on its way.
  ///
  /// ```swift
  /// let reply = try await Asyncio.timeout(.seconds(1)) { timeout in
  ///   try await connection.open()
  ///   try timeout.reschedule(loop.time.advanced(by: .seconds(5)))
  ///   return try await connection.ask(question)
  /// }
  /// ```
  /// A body that does not await anything is never interrupted. In a foreign await the cancellation comes as it does
  /// for any task, see ``Task``.
  /// - Parameters:
  ///   - delay: how long, by the loop's clock; zero or less: until the first await that suspends; nil: as long as
  ///     it takes.
  ///   - body: what to run. It is given the timeout, to ask and to change it.
  /// - Throws: ``TimeoutError`` when the time is up; what the body throws; ``RuntimeError`` outside of a task, and if
  ///   the loop is closed.
  public static func timeout<Value>(
    _ delay: Duration?,
    _ body: nonisolated(nonsending) (Timeout) async throws -> Value
  ) async throws -> Value {
    let timeout = try Timeout()
    return try await timeout.run(until: delay.map { timeout.start.advanced(by: $0) }, body)
  }

  /// Runs `body` in the calling task, but only for so long. `asyncio.timeout()`. See
  /// ``timeout(_:_:)-(_,(Asyncio.Timeout)->Value)``.
  public static func timeout<Value>(
    _ delay: Duration?,
    _ body: nonisolated(nonsending) () async throws -> Value
  ) async throws -> Value {
    try await timeout(delay) { (_: Timeout) in try await body() }
  }

  /// Runs `body` in the calling task, but only until a time of the loop's clock. `asyncio.timeout_at()`, from Python
  /// 3.11 on. See ``timeout(_:_:)-(_,(Asyncio.Timeout)->Value)``.
  /// - Parameters:
  ///   - when: the deadline; one that has passed interrupts the first await that suspends; nil: none.
  ///   - body: what to run. It is given the timeout, to ask and to change it.
  /// - Throws: ``TimeoutError`` when the time is up; what the body throws; ``RuntimeError`` outside of a task, and if
  ///   the loop is closed.
  public static func timeoutAt<Value>(
    _ when: LoopClock.Instant?,
    _ body: nonisolated(nonsending) (Timeout) async throws -> Value
  ) async throws -> Value {
    try await Timeout().run(until: when, body)
  }

  /// Runs `body` in the calling task, but only until a time of the loop's clock. `asyncio.timeout_at()`. See
  /// ``timeoutAt(_:_:)-(_,(Asyncio.Timeout)->Value)``.
  public static func timeoutAt<Value>(
    _ when: LoopClock.Instant?,
    _ body: nonisolated(nonsending) () async throws -> Value
  ) async throws -> Value {
    try await timeoutAt(when) { (_: Timeout) in try await body() }
  }

  /// The deadline of a ``timeout(_:_:)-(_,(Asyncio.Timeout)->Value)``. `asyncio.Timeout`.
  ///
  /// It exists from the beginning of the scope. Others may change it too, as long as the scope has neither expired nor
  /// ended.
  public final class Timeout: CustomStringConvertible {
    private enum State {
      /// The body runs.
      case active
      /// The task has been cancelled, and the body has not ended yet.
      case expiring
      case expired
      /// The body ended in time.
      case finished
    }

    // Invariant: `timer` is nil unless the state is active and there is a deadline.

    fileprivate let loop: EventLoop
    /// Not the task itself, whose body keeps this.
    let task: TaskRef
    /// What ``Task/cancelling`` was when the scope began.
    private let cancelling: Int
    /// When the scope began.
    fileprivate let start: LoopClock.Instant
    private var state = State.active
    private var timer: Handle?
    /// The deadline, nil if there is none. `Timeout.when()`.
    public private(set) var when: LoopClock.Instant?

    fileprivate init() throws {
      (loop, task) = try callingTask(or: "Timeout should be used inside a task")
      task.retain()
      cancelling = task.record.cancelRequests
      start = loop.time
    }

    deinit { loop.settle { [task] _ in task.release() } }

    /// Whether the time was up before the body ended. `Timeout.expired()`.
    public var isExpired: Bool { state == .expiring || state == .expired }

    /// Changes the deadline. `Timeout.reschedule()`.
    /// - Parameter when: the new deadline; one that has passed expires on the next turn; nil: none.
    /// - Throws: ``RuntimeError`` if the timeout has expired, or its scope has ended.
    public func reschedule(_ when: LoopClock.Instant?) throws {
      guard state == .active else {
        throw RuntimeError("Cannot change state of \(state) Timeout", code: .scopeHasEnded)
      }
      self.when = when
      timer?.cancel()
      timer = nil
      guard let when else { return }
      if when <= loop.time {
        timer = try loop.callSoon { self.expire() }
      } else {
        try loop.checkNotClosed()
        timer = loop.addTimer(
          when.nanoseconds,
          .expiry(of: self),
          context: Context.inherited(),
          site: .library
        )
      }
    }

    func expire() {
      state = .expiring
      timer = nil
      task.task?.cancel()
    }

    fileprivate nonisolated(nonsending) func run<Value>(
      until when: LoopClock.Instant?,
      _ body: nonisolated(nonsending) (Timeout) async throws -> Value
    ) async throws -> Value {
      try reschedule(when)
      do {
        let value = try await body(self)
        _ = end()
        return value
      } catch {
        if end(), error is CancelledError { throw timeoutError(underlying: error) }
        throw error
      }
    }

    private func timeoutError(underlying: any Error) -> TimeoutError {
      let timeout = when.map { start.duration(to: $0) }
      return TimeoutError("timeout", taskName: task.record.name, timeout: timeout, underlying: underlying)
    }

    /// Returns whether a cancellation of the body is this timeout's doing, and nobody else's.
    private func end() -> Bool {
      timer?.cancel()
      timer = nil
      guard state == .expiring else {
        state = .finished
        return false
      }
      state = .expired
      return task.uncancel() <= cancelling
    }

    /// The state, and in the scope the deadline in seconds of the loop's clock: `<Timeout [active] when=2.5>`.
    public var description: String {
      if state != .active { return "<Timeout [\(state)]>" }
      return "<Timeout [active] when=\(when.map { "\($0.secondsRounded)" } ?? "nil")>"
    }
  }

  /// The running loop, and what runs the body that is calling.
  static func callingTask(or message: String) throws -> (EventLoop, TaskRef) {
    let loop = try EventLoop.runningOrThrow()
    guard let core = loop.callingBody() else {
      throw RuntimeError(
        "\(message): a child task of Swift's own is none of the loop's; make one with Asyncio.createTask",
        code: .noCurrentTask
      )
    }
    return (loop, core)
  }
}

extension Asyncio.LoopClock.Instant {
  /// Seconds since the clock's origin, to the millisecond.
  fileprivate var secondsRounded: Double { (Double(nanoseconds) / 1_000_000).rounded() / 1000 }
}
