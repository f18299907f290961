extension Asyncio {
  /// The result of work that runs elsewhere, for use on any thread. `concurrent.futures.Future`.
  ///
  /// ``LoopHandle/runCoroutineThreadsafe(fileID:line:_:)`` and ``Executor/submit(_:)`` return one; one of your own is
  /// that of a ``Promise``, which ends it. ``wrapFuture(_:loop:isolation:)`` makes a loop's future of it.
  public final class ConcurrentFuture<Value: Sendable>: Sendable {
    private enum State {
      case pending
      /// Work that has begun and can't be cancelled any more.
      case running
      case finished(Result<Value, any Error>)
      case cancelled
    }

    /// What completes the future, if that is a loop's future.
    struct Source: Sendable {
      /// Tells it that this one was cancelled.
      let cancel: @Sendable () -> Void
      /// Tells it that this one has gone.
      let drop: @Sendable () -> Void
    }

    /// Who is to be told when the future is done.
    private struct Waiting {
      var source: Source?
      /// The future itself, if it has callbacks and a source, which does not keep it.
      var keeper: ConcurrentFuture<Value>?
      var callbacks: [@Sendable (ConcurrentFuture<Value>) -> Void] = []
      /// What threads block on; made for the first of them.
      var event: ThreadEvent?

      func tell(_ future: ConcurrentFuture<Value>) {
        event?.set()
        if let source, future.isCancelled { source.cancel() }
        for callback in callbacks { callback(future) }
      }
    }

    private struct Storage {
      var state = State.pending
      // Invariant: empty once the future is done.
      var waiting = Waiting()

      mutating func end(_ state: State) -> Waiting {
        self.state = state
        defer { waiting = Waiting() }
        return waiting
      }
    }

    private let storage = Locked(Storage())

    init() {}

    deinit { storage.withLock { $0.waiting.source }?.drop() }

    /// Has the source told of the end of this one, unless that has come by itself.
    func tie(to source: Source) {
      let isDone = storage.withLock { storage in
        switch storage.state {
        case .finished, .cancelled: return true
        case .pending, .running:
          storage.waiting.source = source
          if !storage.waiting.callbacks.isEmpty { storage.waiting.keeper = self }
          return false
        }
      }
      if isDone, isCancelled { source.cancel() }
    }

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

    /// How the future has ended; nil while it has not.
    enum End {
      case cancelled
      case finished(Result<Value, any Error>)
    }

    var end: End? {
      storage.withLock {
        switch $0.state {
        case .pending, .running: nil
        case .finished(let result): .finished(result)
        case .cancelled: .cancelled
        }
      }
    }

    /// The outcome, nil while there is none: an error of `CancellationError` stands for a cancelled future.
    public var outcome: Result<Value, any Error>? {
      storage.withLock {
        switch $0.state {
        case .pending, .running: nil
        case .finished(let result): result
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
      storage.withLock { storage in
        switch storage.state {
        case .finished, .cancelled: return nil
        case .pending, .running:
          let event = storage.waiting.event ?? ThreadEvent()
          storage.waiting.event = event
          return event
        }
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
      let waiting = storage.withLock { storage -> Waiting? in
        switch storage.state {
        case .running, .finished: nil
        case .cancelled: Waiting()
        case .pending: storage.end(.cancelled)
        }
      }
      waiting?.tell(self)
      return waiting != nil
    }

    /// See ``Promise/setRunning()``.
    func setRunning() -> Bool {
      storage.withLock { storage in
        guard case .pending = storage.state else { return false }
        storage.state = .running
        return true
      }
    }

    /// See ``Promise/resolve(_:)``.
    @discardableResult
    func resolve(_ result: Result<Value, any Error>) -> Bool { end(.finished(result)) }

    /// Nobody is left who might end it: cancels it even if the work has begun.
    func drop() { _ = end(.cancelled) }

    private func end(_ state: State) -> Bool {
      let waiting = storage.withLock { storage -> Waiting? in
        switch storage.state {
        case .finished, .cancelled: nil
        case .pending, .running: storage.end(state)
        }
      }
      waiting?.tell(self)
      return waiting != nil
    }

    /// Registers a callback for when the future is done. `Future.add_done_callback()`.
    ///
    /// It is called on the thread that completes the future, or at once if that has happened.
    public func addDoneCallback(_ callback: @escaping @Sendable (ConcurrentFuture<Value>) -> Void) {
      let isDone = storage.withLock { storage in
        switch storage.state {
        case .finished, .cancelled: return true
        case .pending, .running:
          storage.waiting.callbacks.append(callback)
          if storage.waiting.source != nil { storage.waiting.keeper = self }
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
