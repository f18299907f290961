extension Asyncio {
  /// The result of work that runs elsewhere, for use on any thread. `concurrent.futures.Future`.
  ///
  /// ``LoopHandle/runCoroutineThreadsafe(fileID:line:_:)`` and ``Executor/submit(_:)`` return one; one of your own is
  /// that of a ``Promise``, which ends it. ``wrapFuture(_:loop:isolation:)`` makes a loop's future of it.
  public final class ConcurrentFuture<Value: Sendable>: Sendable {
    private let progress = Locked(ConcurrentProgress())

    init() {}

    deinit { progress.withLock { $0.waiting.source }?.drop() }

    /// Has the source told of the end of this one, unless that has come by itself.
    func tie(to source: ConcurrentProgress.Source) {
      let isDone = progress.withLock { progress in
        if progress.isDone { return true }
        progress.waiting.source = source
        if !progress.waiting.callbacks.isEmpty { progress.waiting.keeper = self }
        return false
      }
      if isDone, isCancelled { source.cancel() }
    }

    // MARK: Reading

    /// Whether there is a result, an error or a cancellation. `Future.done()`.
    public var isDone: Bool { progress.withLock { $0.isDone } }

    /// Whether the future was cancelled. `Future.cancelled()`.
    public var isCancelled: Bool { progress.withLock { $0.phase == .cancelled } }

    /// How the future has ended; nil while it has not.
    enum End {
      case cancelled
      case finished(Result<Value, any Error>)
    }

    var end: End? {
      progress.withLock { progress in
        switch progress.phase {
        case .pending, .running: nil
        case .finished: .finished(progress.result())
        case .cancelled: .cancelled
        }
      }
    }

    /// The outcome, nil while there is none: an error of `CancellationError` stands for a cancelled future.
    public var outcome: Result<Value, any Error>? {
      progress.withLock { progress in
        switch progress.phase {
        case .pending, .running: nil
        case .finished: progress.result()
        case .cancelled: .failure(cancellation)
        }
      }
    }

    /// Blocks the calling thread until the future is done, and returns its value. `Future.result(timeout)`.
    ///
    /// A timeout leaves the work as it is; ``cancel()`` it if it is not wanted any more.
    /// - Parameter timeout: how long to wait at most; nil: as long as it takes.
    /// - Throws: the future's error; `CancellationError` if it is cancelled; ``TimeoutError`` if it is not done in
    ///   time; ``RuntimeError`` if it is not done and the calling thread runs a loop, which must not block.
    @available(*, noasync, message: "this blocks the thread: await 'value' instead")
    public func result(timeout: Duration? = nil) throws -> Value {
      if let outcome { return try outcome.get() }
      if EventLoop.running() != nil {
        throw RuntimeError(
          "ConcurrentFuture.result would block the thread of a running loop: await Asyncio.wrapFuture(_:).value instead",
          code: .loopIsRunning
        )
      }
      if let event = eventUnlessDone(), !event.wait(timeout: timeout) {
        throw TimeoutError("result", timeout: timeout)
      }
      guard let outcome else { preconditionFailure("AsyncioBridge: a future told of its end before that") }
      return try outcome.get()
    }

    private func eventUnlessDone() -> ThreadEvent? {
      progress.withLock { progress in
        if progress.isDone { return nil }
        let event = progress.waiting.event ?? ThreadEvent()
        progress.waiting.event = event
        return event
      }
    }

    /// Waits until the future is done, and returns its value.
    ///
    /// Cancelling the Swift task that waits here cancels the future.
    /// - Throws: the future's error; `CancellationError` if it is cancelled.
    public var value: Value {
      get async throws {
        try await withTaskCancellationHandler {
          try await withCheckedThrowingContinuation { continuation in
            addDoneCallback { future in
              // Done, since this is its callback.
              if let outcome = future.outcome { continuation.resume(with: outcome) }
            }
          }
        } onCancel: {
          self.cancel()
        }
      }
    }

    // MARK: Completing

    /// Cancels the future, and the work behind it if that has not begun or is a loop's. `Future.cancel()`.
    /// - Returns: false if the work is done, or runs and cannot be stopped; then nothing happens.
    @discardableResult
    public func cancel() -> Bool {
      let waiting = progress.withLock { progress -> ConcurrentProgress.Waiting? in
        switch progress.phase {
        case .running, .finished: nil
        case .cancelled: .init()
        case .pending: progress.end(.cancelled)
        }
      }
      waiting?.tell(self)
      return waiting != nil
    }

    /// See ``Promise/setRunning()``.
    func setRunning() -> Bool {
      progress.withLock { progress in
        guard progress.phase == .pending else { return false }
        progress.phase = .running
        return true
      }
    }

    /// See ``Promise/resolve(_:)``.
    @discardableResult
    func resolve(_ result: Result<Value, any Error>) -> Bool {
      let waiting = progress.withLock { progress -> ConcurrentProgress.Waiting? in
        if progress.isDone { return nil }
        progress.keep(result)
        return progress.end(.finished)
      }
      waiting?.tell(self)
      return waiting != nil
    }

    /// Nobody is left who might end it: cancels it even if the work has begun.
    func drop() { progress.withLock { $0.isDone ? nil : $0.end(.cancelled) }?.tell(self) }

    /// Registers a callback for when the future is done. `Future.add_done_callback()`.
    ///
    /// It is called on the thread that completes the future, or at once if that has happened.
    public func addDoneCallback(_ callback: @escaping @Sendable (ConcurrentFuture<Value>) -> Void) {
      let isDone = progress.withLock { progress in
        if progress.isDone { return true }
        progress.waiting.callbacks.append { callback(.known($0)) }
        if progress.waiting.source != nil { progress.waiting.keeper = self }
        return false
      }
      if isDone { callback(self) }
    }
  }
}

extension Asyncio.ConcurrentFuture: CustomStringConvertible {
  /// `<ConcurrentFuture pending>` and so on.
  public var description: String {
    let state =
      switch end {
      case nil: progress.withLock { $0.phase == .running } ? "running" : "pending"
      case .cancelled: "cancelled"
      case .finished(.success(let value)): "finished result=\(Asyncio.describe(value))"
      case .finished(.failure(let error)): "finished exception=\(error)"
      }
    return "<ConcurrentFuture \(state)>"
  }
}
