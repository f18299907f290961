/// How far a ``Asyncio/ConcurrentFuture`` has come, and who waits for it.
///
/// Not generic, so that it is the same for each type of value: for generic parts the runtime looks up types whenever a
/// future is made, read or ended. With these, a promise that is made and goes takes four times as long.
struct ConcurrentProgress: ~Copyable {
  enum Phase {
    case pending
    /// Work that has begun and can't be cancelled any more.
    case running
    case finished
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
  struct Waiting {
    var source: Source?
    /// The future itself, if it has callbacks and a source, which does not keep it.
    var keeper: (any AnyObject & Sendable)?
    /// Called with the future.
    var callbacks: [@Sendable (any AnyObject & Sendable) -> Void] = []
    /// What threads block on; made for the first of them.
    var event: ThreadEvent?

    /// Not to be called with the lock held.
    func tell<Value>(_ future: Asyncio.ConcurrentFuture<Value>) {
      event?.set()
      if let source, future.isCancelled { source.cancel() }
      for callback in callbacks { callback(future) }
    }
  }

  // Invariants:
  // 1. `outcome` has a value or an error if, and only if, the phase is finished.
  // 2. `waiting` is empty once the future is done.
  var phase = Phase.pending
  private var outcome = OutcomeWord()
  var waiting = Waiting()

  var isDone: Bool { phase == .finished || phase == .cancelled }

  /// The result, which there must be.
  func result<Value>() -> Result<Value, any Error> {
    if let error = outcome.error { .failure(error) } else { .success(outcome.get(Value.self)) }
  }

  /// Keeps the result of what is about to end as finished.
  mutating func keep<Value>(_ result: Result<Value, any Error>) {
    switch result {
    case .success(let value): outcome.set(value)
    case .failure(let error): outcome.set(error: error)
    }
  }

  mutating func end(_ phase: Phase) -> Waiting {
    self.phase = phase
    defer { waiting = Waiting() }
    return waiting
  }
}
