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
    guard let timeout else {
      _ = try EventLoop.runningOrThrow()
      return try await future.value
    }
    if let wait = try TimedWait(for: future, atMost: timeout) { try await wait.goOn() }
    return try future.result()
  }

  /// Waits for a future, whatever the type of its value, but only for so long. `asyncio.wait_for()`. See
  /// ``waitFor(_:timeout:)``.
  @discardableResult
  @_disfavoredOverload
  public static func waitFor(_ future: AnyFuture, timeout: Duration?) async throws -> Any {
    if let timeout {
      if let wait = try TimedWait(for: future, atMost: timeout) { try await wait.goOn() }
      try future.checkResult()
    } else {
      _ = try EventLoop.runningOrThrow()
      try await future.completion
    }
    return future.anyValue as Any
  }

  /// Waits for a ``Coroutine``, or something else that can be waited for, but only for so long. `asyncio.wait_for()`. See
  /// ``waitFor(_:timeout:)``.
  ///
  /// With a timeout a coroutine runs in a task of its own; without one its body runs in the caller's, in the caller's
  /// context.
  public static func waitFor<Value>(_ awaitable: some Awaitable<Value>, timeout: Duration?) async throws -> Value {
    let loop = try EventLoop.runningOrThrow()
    if timeout == nil, let coroutine = awaitable as? Coroutine<Value> { return try await coroutine.body() }
    return try await waitFor(awaitable.ensureFuture(on: loop), timeout: timeout)
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
    if let wait = try TimedWait(for: task, atMost: timeout) { try await wait.goOn() }
    return try task.result()
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
  @usableFromInline
  nonisolated(nonsending) func goOn() async throws {
    guard let waiter else {
      try await cancelAndWait()
      do { try future.checkResult() } catch let error as CancellationError {
        throw Asyncio.TimeoutError(underlying: error)
      }
      throw Asyncio.TimeoutError()
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
    throw Asyncio.TimeoutError()
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
