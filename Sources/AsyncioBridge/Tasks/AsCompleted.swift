extension Asyncio {
  /// Futures one after the other, as they are done. `asyncio.as_completed()`.
  ///
  /// ```swift
  /// for try await finished in Asyncio.asCompleted(tasks, timeout: .seconds(5)) { print(try finished.result()) }
  /// ```
  /// The sequence has as many elements as there are distinct futures. Nothing is done until the first is asked for,
  /// unless the running loop follows ``Semantics/python3_13``: then it begins with this call.
  /// - Parameters:
  ///   - futures: what to wait for; one that is given twice counts once.
  ///   - timeout: how long to wait for all of them at most, from the beginning on; nil: as long as it takes.
  /// - Returns: a sequence of the very futures that were passed in, to be iterated once.
  public static func asCompleted<F: AnyFuture>(
    _ futures: some Sequence<F>,
    timeout: Duration? = nil
  ) -> CompletedFutures<F> {
    let futures = Array(futures)
    return CompletedFutures(timeout: timeout) { _ in futures }
  }

  /// What several ``Coroutine``s, or other things that can be waited for, stand for, as it is done.
  /// `asyncio.as_completed()`.
  ///
  /// See ``asCompleted(_:timeout:)->Asyncio.CompletedFutures<F>``. The tasks for coroutines are made when the first
  /// element is asked for.
  /// - Returns: a sequence of the futures that stand for them: for a coroutine the task that runs it.
  @_disfavoredOverload
  public static func asCompleted<A: Awaitable>(
    _ awaitables: some Sequence<A>,
    timeout: Duration? = nil
  ) -> CompletedFutures<Future<A.Value>> {
    let awaitables = Array(awaitables)
    return CompletedFutures(timeout: timeout) { loop in try awaitables.map { try $0.ensureFuture(on: loop) } }
  }

  /// What several things stand for of which each is a future or a ``Coroutine``, as it is done.
  /// `asyncio.as_completed()`.
  ///
  /// See ``asCompleted(_:timeout:)->Asyncio.CompletedFutures<F>``. The tasks for coroutines are made when the first
  /// element is asked for.
  /// - Returns: a sequence of the futures that stand for them: for a coroutine the task that runs it.
  public static func asCompleted<Value>(
    _ awaitables: some Sequence<any Awaitable<Value>>,
    timeout: Duration? = nil
  ) -> CompletedFutures<Future<Value>> {
    let awaitables = Array(awaitables)
    return CompletedFutures(timeout: timeout) { loop in try awaitables.map { try $0.ensureFuture(on: loop) } }
  }

  /// What ``asCompleted(_:timeout:)->Asyncio.CompletedFutures<F>`` returns: futures in the order in which they are
  /// done.
  ///
  /// It is its own iterator: who iterates over it again goes on where the iteration before ended. Unlike most iterators
  /// it may be asked again after it has thrown: each call of ``next()`` stands for one of the futures, as each
  /// awaitable does that `asyncio.as_completed()` yields. When nobody has it any more, the futures are no longer
  /// observed.
  public final class CompletedFutures<F: AnyFuture>: AsyncSequence, AsyncIteratorProtocol {
    private enum State {
      /// Nothing has been asked for.
      case idle((EventLoop) throws -> [F], timeout: Duration?)
      case begun(Completions<F>)
      /// There was no running loop, or a future of another.
      case failed
    }

    private var state: State

    /// - Parameter futures: makes them when the sequence begins.
    fileprivate init(timeout: Duration?, of futures: @escaping (EventLoop) throws -> [F]) {
      state = .idle(futures, timeout: timeout)
      guard let loop = EventLoop.running(), loop.semantics.asCompletedBeginsWithCall else { return }
      // Made once. What is refused here is refused again when the first element is asked for, and thrown there.
      let made = Result { try futures(loop) }
      state = .idle({ _ in try made.get() }, timeout: timeout)
      if let completions = try? Asyncio.asCompleted(starting: made.get(), timeout: timeout) {
        state = .begun(completions)
      }
    }

    /// The next future that is done; nil when there have been as many as were passed in.
    ///
    /// The first call starts to wait, if the sequence has not begun when it was made.
    /// - Throws: ``TimeoutError`` when the time is up; `CancellationError` when the caller is cancelled; in the first
    ///   call ``RuntimeError`` if there is no running loop, and ``ValueError`` for futures of another one: then there
    ///   are none.
    public func next() async throws -> F? { try await begun()?.next() }

    /// The next future, for `for try await`: without this the code of an actor would leave the actor for it.
    @inline(__always)
    public func next(isolation actor: (any Actor)?) async throws -> F? { try await next() }

    private func begun() throws -> Completions<F>? {
      switch state {
      case .begun(let completions): return completions
      case .failed: return nil
      case .idle(let futures, let timeout):
        state = .failed
        let futures = try futures(.runningOrThrow())
        let completions = try Asyncio.asCompleted(starting: futures, timeout: timeout)
        state = .begun(completions)
        return completions
      }
    }

    /// The sequence itself.
    public func makeAsyncIterator() -> CompletedFutures { self }
  }
}

/// Puts futures into a queue as they are done; nil stands for one that was not in time.
///
/// Only who iterates keeps this: the futures and the timer do not, and are left alone when it goes.
final class AsCompletedWait: CallGraphSubject {
  let done: CompletedQueue
  private let futures: [Asyncio.AnyFuture]
  /// How many futures are to come; none once the time is up.
  @safe @exclusivity(unchecked) private var left: Int
  private let observer = AsCompletedObserver()
  private let timeout: Duration?
  private var timer: Asyncio.TimerHandle?

  init(_ futures: [Asyncio.AnyFuture], timeout: Duration?, loop: Asyncio.EventLoop) {
    done = CompletedQueue(loop: loop)
    self.futures = futures
    self.timeout = timeout
    left = futures.count
    observer.wait = Unretained(self)
    done.wait = Unretained(self)
    for future in futures { future.add(.observer(observer)) }
    if let timeout, !futures.isEmpty {
      timer = loop.addTimer(after: timeout, .callback { [observer] in try observer.wait?.object.timeIsUp() })
    }
  }

  deinit {
    if left > 0 {
      stopObserving()
      timer?.cancel()
    }
    observer.wait = nil
    done.wait = nil
  }

  func futureDidComplete(_ future: Asyncio.AnyFuture) throws {
    // None if the time was up first.
    if left == 0 { return }
    left -= 1
    try done.putNowait(future)
    if left == 0 { timer?.cancel() }
  }

  var timeoutError: Asyncio.TimeoutError { Asyncio.TimeoutError("asCompleted", timeout: timeout) }

  private func stopObserving() {
    for future in futures { future.remove(observer) }
  }

  fileprivate func timeIsUp() throws {
    stopObserving()
    for _ in 0..<left { try done.putNowait(nil) }
    left = 0
  }

  func callGraphFacts(for capture: CallGraphCapture) -> CallGraphFacts {
    var facts = CallGraphFacts(.asCompleted, futures)
    facts.details += capture.timeLeft(until: timer?.deadline)
    return facts
  }
}

/// Delivers the futures of an ``AsCompletedWait``, and is not what the call graph shows.
final class CompletedQueue: Asyncio.Queue<Asyncio.AnyFuture?> {
  /// Nil once nobody iterates any more.
  fileprivate(set) var wait: Unretained<AsCompletedWait>?

  override class var isAsked: Bool { false }
  override var callGraphSource: (any CallGraphSubject)? { wait?.object }
}

private final class AsCompletedObserver: FutureObserver {
  override class var purpose: String { "asCompleted" }

  /// Nil once nobody iterates any more.
  @safe @exclusivity(unchecked) var wait: Unretained<AsCompletedWait>?

  override func mayRunUserCode(on future: Asyncio.AnyFuture) -> Bool { false }

  override func futureDidComplete(_ future: Asyncio.AnyFuture) throws { try wait?.object.futureDidComplete(future) }
}
