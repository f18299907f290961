extension Asyncio {
  /// Waits for a future, but only for so long. `asyncio.wait_for()`.
  ///
  /// When the time is up, or the caller is cancelled, the future is cancelled, and the call returns only when it has
  /// ended. To keep it from being cancelled, `shield` it. The versions of Python differ in what becomes of
  /// an answer to that cancellation:
  ///
  /// - On a loop that follows ``Semantics/python3_8`` a value or error that the future answers with is not told. If the
  ///   future completes at the same time as the caller is cancelled, its result is returned and the cancellation
  ///   dropped.
  /// - On a loop that follows ``Semantics/python3_13`` this is a ``timeout(_:_:)-(_,(Asyncio.Timeout)->Value)`` around
  ///   the await of the future, which decides what comes of it: its value is returned, and its error thrown. A
  ///   cancellation is not dropped.
  /// - Parameters:
  ///   - future: what to wait for.
  ///   - timeout: how long; zero or less: not at all; nil: as long as it takes.
  /// - Throws: ``TimeoutError`` when the time is up; what the future failed with (3.8: but not in answer to its
  ///   cancellation, unless the timeout is zero or less); `CancellationError` when the caller or the future was
  ///   cancelled; ``ValueError`` for a future of another loop, or (3.13, with a timeout above zero) ``RuntimeError``.
  @inlinable
  public static func waitFor<Value>(_ future: Future<Value>, timeout: Duration?) async throws -> Value {
    guard let timeout else {
      _ = try EventLoop.runningOrThrow()
      return try await future.value
    }
    if timeout > .zero, future.isAwaitedUnderTimeout {
      return try await Asyncio.timeout(timeout) { try await future.value }
    }
    if let wait = try TimedWait(for: future, atMost: timeout) { try await wait.finish(timeout) }
    return try future.result()
  }

  /// Waits for a future, whatever the type of its value, but only for so long. `asyncio.wait_for()`. See
  /// ``waitFor(_:timeout:)-(Asyncio.Future<Value>,_)``.
  @discardableResult
  @_disfavoredOverload
  public static func waitFor(_ future: AnyFuture, timeout: Duration?) async throws -> Any {
    if let timeout {
      if timeout > .zero, future.isAwaitedUnderTimeout {
        try await Asyncio.timeout(timeout) { try await future.completion }
      } else {
        if let wait = try TimedWait(for: future, atMost: timeout) { try await wait.finish(timeout) }
        try future.checkResult()
      }
    } else {
      _ = try EventLoop.runningOrThrow()
      try await future.completion
    }
    return future.anyValue as Any
  }

  /// Waits for a ``Coroutine``, or something else that can be waited for, but only for so long. `asyncio.wait_for()`.
  /// See ``waitFor(_:timeout:)-(Asyncio.Future<Value>,_)``.
  ///
  /// With a timeout a coroutine runs in a task of its own; without one its body runs in the caller's, in the caller's
  /// context.
  public static func waitFor<Value>(_ awaitable: some Awaitable<Value>, timeout: Duration?) async throws -> Value {
    let loop = try EventLoop.runningOrThrow()
    if timeout == nil, let coroutine = awaitable as? Coroutine<Value> { return try await coroutine.body() }
    return try await waitFor(awaitable.ensureFuture(on: loop), timeout: timeout)
  }

  /// Runs a body, but only for so long. `asyncio.wait_for()`. See ``waitFor(_:timeout:)-(Asyncio.Future<Value>,_)``.
  ///
  /// Without a timeout the body runs in the caller's task; with one in a task of its own, or, on a loop that follows
  /// ``Semantics/python3_13``, in the caller's too, unless the timeout is zero or less. (A child task of Swift's, which
  /// is no task of the loop's, waits as in 3.8.)
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
    if timeout > .zero, loop.waitsUnderTimeout { return try await Asyncio.timeout(timeout, body) }
    let task = try loop.createTask(fileID: fileID, line: line, body)
    if let wait = try TimedWait(for: task, atMost: timeout) { try await wait.finish(timeout) }
    return try task.result()
  }
}

extension Asyncio.AnyFuture {
  /// Whether `waitFor` is a timeout around an await of the future by the caller. The future's loop is asked, which is
  /// at hand, and not the caller's: `waitFor` of another loop's future fails in any case.
  @usableFromInline
  final var isAwaitedUnderTimeout: Bool { onLoop { $0.waitsUnderTimeout } }
}

extension Asyncio.EventLoop {
  /// Whether `waitFor` is a timeout around what the caller does itself. Not for a child task, which is no task to time
  /// out.
  @usableFromInline
  var waitsUnderTimeout: Bool {
    semantics.waitForStaysInTask
      && ThreadState.current.record.runningLoop?.with { $0.waitingCore() != nil } ?? false
  }
}

/// A `waitFor` that has to suspend, or to give up.
///
/// What it does before that is in the initialiser, and no async function, since each of those costs a frame.
@usableFromInline
struct TimedWait {
  private let future: Asyncio.AnyFuture
  /// Completed by the future or by the timer; nil if there is no time at all.
  private let waiter: WaiterFuture?
  /// How far the wait for it has come, or what has interrupted it.
  private let progress: Result<Suspension, any Error>

  /// Nil if the future is done in time without any suspension.
  @usableFromInline
  init?(for future: Asyncio.AnyFuture, atMost timeout: Duration) throws {
    guard let running = ThreadState.current.record.runningLoop else { throw Asyncio.RuntimeError.noRunningLoop }
    let waiter = try running.with { loop in
      try Asyncio.checkLoop(of: future, is: loop)
      return timeout > .zero ? loop.createWaiter(for: future) : nil
    }
    self.future = future
    self.waiter = waiter
    guard let waiter else {
      if future.isDone { return nil }
      progress = .success(.isOver)
      return
    }
    waiter.setTimer(after: timeout)
    future.add(.completing(waiter))
    progress = Result { try Suspension.begin(for: Unretained(waiter)) }
    if future.isDone, case .success(.isOver) = progress {
      waiter.cancelTimer()
      return nil
    }
  }

  /// Returns when the future is done; throws if it was given up.
  /// - Parameter timeout: for the error.
  @usableFromInline
  nonisolated(nonsending) func finish(_ timeout: Duration) async throws {
    guard let waiter else {
      try await cancelAndWait()
      do { try future.checkResult() } catch let error as CancellationError {
        throw timeoutError(timeout, underlying: error)
      }
      if future.onLoop(\.semantics.waitForStaysInTask) { return }
      throw timeoutError(timeout)
    }
    defer { waiter.cancelTimer() }
    do {
      let progress = try progress.get()
      if progress != .isOver { try await progress.finishWaiting(for: waiter) }
      try waiter.checkResult()
    } catch {
      // A cancellation: nothing else comes of a waiter.
      if future.isDone { return }
      future.callbacks.remove(completing: waiter)
      // The work must not be running any more when this returns.
      try await cancelAndWait()
      throw error
    }
    if future.isDone { return }
    future.callbacks.remove(completing: waiter)
    try await cancelAndWait()
    throw timeoutError(timeout)
  }

  private func timeoutError(_ timeout: Duration, underlying: (any Error)? = nil) -> Asyncio.TimeoutError {
    Asyncio.TimeoutError("waitFor", taskName: future.asTask?.name, timeout: timeout, underlying: underlying)
  }

  /// Cancels the future, and waits until it is done.
  ///
  /// Not by awaiting it: so the caller, too, can be cancelled meanwhile.
  private nonisolated(nonsending) func cancelAndWait() async throws {
    let waiter = future.onLoop { $0.createWaiter(for: future) }
    future.add(.completing(waiter))
    defer { future.callbacks.remove(completing: waiter) }
    future.cancel()
    try await waiter.value
  }
}
