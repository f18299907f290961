extension Asyncio {
  /// Futures one after the other, as they are done. `asyncio.as_completed()`.
  ///
  /// ```swift
  /// for try await finished in Asyncio.asCompleted(tasks, timeout: .seconds(5)) { print(try finished.result()) }
  /// ```
  /// The sequence has as many elements as there are distinct futures. Nothing is done until the first is asked for.
  /// - Parameters:
  ///   - futures: what to wait for; one that is given twice counts once.
  ///   - timeout: how long to wait for all of them at most, from the first element on; nil: as long as it takes.
  public static func asCompleted<F: AnyFuture>(
    _ futures: some Sequence<F>,
    timeout: Duration? = nil
  ) -> CompletedFutures<F> {
    CompletedFutures(futures: Array(futures), timeout: timeout)
  }

  /// What ``asCompleted(_:timeout:)`` returns.
  public struct CompletedFutures<F: AnyFuture>: AsyncSequence {
    let futures: [F]
    let timeout: Duration?

    /// Starts to wait with the first call of its `next`.
    public func makeAsyncIterator() -> Iterator { Iterator(futures: futures, timeout: timeout) }

    /// Delivers futures in the order in which they are done.
    ///
    /// Unlike most iterators it may be asked again after it has thrown: each call of `next` stands for one of the
    /// futures, as each awaitable does that `asyncio.as_completed()` yields.
    public struct Iterator: AsyncIteratorProtocol {
      private let futures: [F]
      private let timeout: Duration?
      private var wait: AsCompletedWait<F>?
      private var left = 0

      init(futures: [F], timeout: Duration?) {
        self.futures = futures
        self.timeout = timeout
      }

      /// The next future that is done; nil when there have been as many as were passed in.
      /// - Throws: ``TimeoutError`` when the time is up; `CancellationError` when the caller is cancelled;
      ///   ``ValueError`` for futures of another loop.
      public mutating func next() async throws -> F? {
        let wait = try started()
        if left == 0 { return nil }
        left -= 1
        guard let future = try await wait.done.get() else { throw TimeoutError() }
        return future
      }

      private mutating func started() throws -> AsCompletedWait<F> {
        if let wait { return wait }
        guard let loop = EventLoop.running else { throw RuntimeError.noRunningLoop }
        let distinct = Asyncio.unique(futures)
        for future in distinct { try checkLoop(of: future, is: loop) }
        left = distinct.count
        let wait = AsCompletedWait(distinct, timeout: timeout, loop: loop)
        self.wait = wait
        return wait
      }
    }
  }
}

/// Puts futures into a queue as they are done; nil stands for one that was not in time.
///
/// Whoever iterates keeps this, and so does the timer; the futures do not, so that one that is never done does not keep
/// all the others.
final class AsCompletedWait<F: Asyncio.AnyFuture>: CallGraphSubject {
  let done: CompletedQueue<F>
  private let futures: [F]
  private var pending: Set<F>
  private let observer = AsCompletedObserver<F>()
  private var timer: Asyncio.TimerHandle?

  init(_ futures: [F], timeout: Duration?, loop: Asyncio.EventLoop) {
    done = CompletedQueue(loop: loop)
    self.futures = futures
    pending = Set(futures)
    observer.wait = self
    done.wait = self
    for future in futures { future.add(.observer(observer)) }
    if let timeout, !futures.isEmpty {
      let deadline = loop.clock.nowNanoseconds.addingClamped(timeout.nanosecondsRoundedUp)
      timer = loop.addTimer(deadline, .callback { try self.timeIsUp() }, site: .library)
    }
  }

  func futureDidComplete(_ future: F) throws {
    // Empty if the time was up first.
    if pending.isEmpty { return }
    pending.remove(future)
    try done.putNowait(future)
    if pending.isEmpty { timer?.cancel() }
  }

  private func timeIsUp() throws {
    for future in pending {
      future.remove(observer)
      try done.putNowait(nil)
    }
    pending.removeAll()
  }

  func callGraphFacts(for capture: CallGraphCapture) -> CallGraphFacts {
    var facts = CallGraphFacts(.asCompleted, futures)
    facts.details += capture.timeLeft(until: timer?.deadline)
    return facts
  }
}

/// Delivers the futures of an ``AsCompletedWait``, and is not what the call graph shows.
final class CompletedQueue<F: Asyncio.AnyFuture>: Asyncio.Queue<F?> {
  weak var wait: AsCompletedWait<F>?

  override var callGraphSource: (any CallGraphSubject)? { wait }
}

private final class AsCompletedObserver<F: Asyncio.AnyFuture>: FutureObserver {
  weak var wait: AsCompletedWait<F>?

  override func futureDidComplete(_ future: Asyncio.AnyFuture) throws {
    try wait?.futureDidComplete(unsafeDowncast(future, to: F.self))
  }
}
