extension Asyncio {
  /// A value that will be there later, set by whoever makes it. `asyncio.Future`.
  ///
  /// ```swift
  /// let future = loop.createFuture(of: Int.self)
  /// try loop.callSoon { try future.setResult(42) }
  /// let answer = try await future.value
  /// ```
  open class Future<Value>: AnyFuture, Awaitable {
    @inlinable
    override init(unownedLoop: Unretained<EventLoop>, core: TaskRef?, site: SourceSite) {
      super.init(unownedLoop: unownedLoop, core: core, site: site)
    }

    /// Creates a pending future. Prefer ``EventLoop/createFuture(of:fileID:line:)``; this is for subclasses.
    public init(loop: EventLoop, fileID: StaticString = #fileID, line: UInt = #line) {
      super.init(unownedLoop: Unretained(loop), core: nil, site: SourceSite(fileID, line))
    }

    /// Waits until the future is done and returns its value. `await future`.
    ///
    /// A future that is done already does not suspend. Otherwise the calling task resumes on the turn after the one in
    /// which the future was completed. May be awaited any number of times, by any number of tasks of the same loop.
    ///
    /// Cancelling a task that waits here cancels the future; the task gets `CancellationError` when the loop has
    /// called the future's callbacks.
    /// - Throws: the future's error; `CancellationError` if the future or the waiting task is cancelled;
    ///   ``RuntimeError`` if the future belongs to another loop or is the waiting task itself.
    @inlinable
    public final var value: Value {
      @inline(__always)
      get async throws {
        if state == .pending {
          let progress = try Suspension.begin(for: Unretained(self))
          if progress != .isOver { try await progress.finishWaiting(for: self) }
        }
        return try result()
      }
    }

    /// The value. `Future.result()`.
    /// - Throws: the future's error; `CancellationError` if it was cancelled; ``InvalidStateError`` if it is not done.
    @inlinable
    public final func result() throws -> Value {
      try checkResult()
      return stored.get(Value.self)
    }

    /// How the future has ended, nil while it is pending. A cancelled one has failed with `CancellationError`.
    ///
    /// A look that changes nothing: in contrast to ``result()`` and ``AnyFuture/exception()`` it does not count as
    /// having retrieved the error, which is still reported if nobody does. asyncio has no such look.
    public final var outcome: Result<Value, any Error>? {
      switch state {
      case .pending: nil
      case .cancelled: .failure(cancellation)
      case .finished: error.map { .failure($0) } ?? .success(stored.get(Value.self))
      }
    }

    /// Gives the future its value and schedules its callbacks. `Future.set_result()`.
    /// - Throws: ``InvalidStateError`` if the future is already done, ``RuntimeError`` for a task.
    @inlinable
    public final func setResult(_ value: Value) throws {
      checkThread()
      try checkPending(for: "set_result")
      complete(value)
    }

    /// Gives the future its value, or makes it fail. `Future.set_result()`, `Future.set_exception()`.
    /// - Parameter result: a failure of `CancellationError` makes it fail with that, and is no cancellation.
    /// - Throws: ``InvalidStateError`` if the future is already done, ``RuntimeError`` for a task.
    public final func setResult(with result: Result<Value, any Error>) throws {
      switch result {
      case .success(let value): try setResult(value)
      case .failure(let error): try setException(error)
      }
    }

    @inlinable
    @inline(__always)
    final func complete(_ value: Value) {
      stored.set(value)
      state = .finished
      scheduleCallbacks()
    }

    /// Registers a closure for when the future is done. See ``AnyFuture/addDoneCallback(_:context:)``.
    /// - Returns: the callback, to remove it with. Registered on a future with another type of value, it is not called:
    ///   that is reported as an error of the callback's.
    @discardableResult
    @inlinable
    public final func addDoneCallback(
      context: Context? = nil,
      fileID: StaticString = #fileID,
      line: UInt = #line,
      _ body: @escaping (Future<Value>) throws -> Void
    ) -> DoneCallback {
      // Inlined, since the cast takes the runtime long where the compiler does not know the type.
      let callback = DoneCallback(fileID: fileID, line: line) { future in
        // The callback may have been registered on another future too, whose value is of another type.
        guard let typed = future as? Future<Value> else { throw future.isOfOtherType(than: Future<Value>.self) }
        try body(typed)
      }
      addDoneCallback(callback, context: context)
      return callback
    }

    /// Ends this future as `other` ended, which must be done.
    @inlinable
    final func copyState(of other: Future<Value>) {
      if !copyFailure(of: other) { complete(other.stored.get(Value.self)) }
    }

    override var cancellationRoute: CancellationRoute { type(of: self) == Future.self ? .ends : .own }

    override var anyValue: Any? { hasValue ? stored.get(Value.self) : nil }

    override func shielded() -> AnyFuture { Asyncio.shield(self) }
  }

  /// What descriptions show of a value: strings in quotes, and nothing longer than a line.
  static func describe(_ value: Any) -> String {
    let text = value is String ? "'\(value)'" : "\(value)"
    return text.count > 80 ? text.prefix(40) + "..." + text.suffix(20) : text
  }
}

extension Asyncio.Future where Value == Void {
  /// Completes the future. `Future.set_result(None)`.
  /// - Throws: ``Asyncio/InvalidStateError`` if the future is already done.
  @inlinable
  public final func setResult() throws { try setResult(()) }

  /// Completes the future unless it is done, what timers and releases do.
  final func completeIfPending() {
    if state == .pending { complete(()) }
  }
}
