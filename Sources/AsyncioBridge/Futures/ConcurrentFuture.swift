import Synchronization

extension Asyncio {
  /// The result of work that runs elsewhere, for use on any thread. `concurrent.futures.Future`.
  ///
  /// ``LoopHandle/runCoroutineThreadsafe(fileID:line:_:)`` and ``Executor/submit(_:)`` return one. ``wrapFuture(_:loop:)``
  /// makes a loop's future of it.
  public final class ConcurrentFuture<Value: Sendable>: Sendable {
    private enum State {
      case pending
      /// Work that has begun and can't be cancelled any more.
      case running
      case finished(Result<Value, any Error>)
      case cancelled
    }

    private struct Storage {
      var state = State.pending
      var callbacks: [@Sendable (ConcurrentFuture<Value>) -> Void] = []
    }

    private let storage = Mutex(Storage())

    /// Creates a pending future, to be resolved by ``resolve(_:)``.
    public init() {}

    // MARK: Reading

    /// Whether there is a result, an error or a cancellation. `Future.done()`.
    public var isDone: Bool {
      storage.withLock {
        switch $0.state {
        case .pending, .running: false
        case .finished, .cancelled: true
        }
      }
    }

    /// Whether the future was cancelled. `Future.cancelled()`.
    public var isCancelled: Bool {
      storage.withLock { if case .cancelled = $0.state { true } else { false } }
    }

    /// The outcome, nil while there is none: an error of `CancellationError` stands for a cancelled future.
    public var outcome: Result<Value, any Error>? {
      storage.withLock {
        switch $0.state {
        case .pending, .running: nil
        case .finished(let result): result
        case .cancelled: .failure(CancelledError())
        }
      }
    }

    /// Blocks the calling thread until the future is done, and returns its value. `Future.result(timeout)`.
    ///
    /// A timeout leaves the work as it is; ``cancel()`` it if it is not wanted any more.
    /// - Parameter timeout: how long to wait at most; nil: as long as it takes.
    /// - Throws: the future's error; `CancellationError` if it is cancelled; ``TimeoutError`` if it is not done in time;
    ///   ``RuntimeError`` if it is not done and the calling thread runs a loop, which must not block.
    @available(*, noasync, message: "this blocks the thread: await 'value' instead")
    public func result(timeout: Duration? = nil) throws -> Value {
      if let outcome { return try outcome.get() }
      if EventLoop.running != nil {
        throw RuntimeError(
          "ConcurrentFuture.result would block the thread of a running loop: await Asyncio.wrapFuture(_:).value instead"
        )
      }
      let event = ThreadEvent()
      addDoneCallback { _ in event.set() }
      guard event.wait(timeout: timeout), let outcome else { throw TimeoutError() }
      return try outcome.get()
    }

    /// Waits until the future is done, and returns its value.
    ///
    /// Cancelling the Swift task that waits here cancels the future.
    /// - Throws: the future's error; `CancellationError` if it is cancelled.
    public var value: Value {
      get async throws {
        try await withTaskCancellationHandler {
          try await withUnsafeThrowingContinuation { (continuation: UnsafeContinuation<Value, any Error>) in
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
      let callbacks = storage.withLock { storage -> [@Sendable (ConcurrentFuture<Value>) -> Void]? in
        switch storage.state {
        case .running, .finished: return nil
        case .cancelled: return []
        case .pending:
          storage.state = .cancelled
          defer { storage.callbacks = [] }
          return storage.callbacks
        }
      }
      guard let callbacks else { return false }
      for callback in callbacks { callback(self) }
      return true
    }

    /// Marks the work as begun, so that it cannot be cancelled any more. `Future.set_running_or_notify_cancel()`.
    /// - Returns: false if the future was cancelled: then the work must not begin.
    public func setRunning() -> Bool {
      storage.withLock { storage in
        guard case .pending = storage.state else { return false }
        storage.state = .running
        return true
      }
    }

    /// Ends the future. `Future.set_result()`, `Future.set_exception()`.
    /// - Returns: false if it was done already; then nothing happens.
    @discardableResult
    public func resolve(_ result: Result<Value, any Error>) -> Bool {
      let callbacks = storage.withLock { storage -> [@Sendable (ConcurrentFuture<Value>) -> Void]? in
        switch storage.state {
        case .finished, .cancelled: return nil
        case .pending, .running:
          storage.state = .finished(result)
          defer { storage.callbacks = [] }
          return storage.callbacks
        }
      }
      guard let callbacks else { return false }
      for callback in callbacks { callback(self) }
      return true
    }

    /// Registers a callback for when the future is done. `Future.add_done_callback()`.
    ///
    /// It is called on the thread that completes the future, or at once if that has happened.
    public func addDoneCallback(_ callback: @escaping @Sendable (ConcurrentFuture<Value>) -> Void) {
      let isDone = storage.withLock { storage in
        switch storage.state {
        case .finished, .cancelled: return true
        case .pending, .running:
          storage.callbacks.append(callback)
          return false
        }
      }
      if isDone { callback(self) }
    }
  }
}

extension Asyncio.ConcurrentFuture: CustomStringConvertible {
  /// `<ConcurrentFuture pending>` and so on.
  public var description: String {
    let state =
      switch storage.withLock({ $0.state }) {
      case .pending: "pending"
      case .running: "running"
      case .cancelled: "cancelled"
      case .finished(.success(let value)): "finished result=\(Asyncio.describe(value))"
      case .finished(.failure(let error)): "finished exception=\(error)"
      }
    return "<ConcurrentFuture \(state)>"
  }
}
