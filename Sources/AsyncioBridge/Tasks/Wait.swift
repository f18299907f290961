extension Asyncio {
  /// When ``wait(_:timeout:returnWhen:)->(Set<F>,_)`` returns.
  public enum ReturnWhen: Sendable {
    /// When any future is done. `FIRST_COMPLETED`.
    case firstCompleted
    /// When any future failed, or all are done. `FIRST_EXCEPTION`.
    case firstException
    /// When all futures are done. `ALL_COMPLETED`.
    case allCompleted
  }

  /// Waits for several futures, and tells which are done. `asyncio.wait()`.
  ///
  /// Neither a timeout nor a cancellation of the caller cancels any of them, and their errors are not thrown: read them
  /// from the futures.
  ///
  /// ```swift
  /// let (done, pending) = try await Asyncio.wait(tasks, timeout: .seconds(1), returnWhen: .firstCompleted)
  /// ```
  /// - Parameters:
  ///   - futures: what to wait for; one that is given twice counts once.
  ///   - timeout: how long to wait at most; nil: as long as it takes.
  ///   - returnWhen: how many of them to wait for.
  /// - Throws: ``ValueError`` for no futures, or futures of another loop; `CancellationError` when cancelled.
  @inlinable
  public static func wait<F: AnyFuture>(
    _ futures: some Sequence<F>,
    timeout: Duration? = nil,
    returnWhen: ReturnWhen = .allCompleted
  ) async throws -> (done: Set<F>, pending: Set<F>) {
    var futures = try unique(futures, on: .runningOrThrow())
    let doneCount = try await waitUntil(returnWhen, futures, timeout: timeout)
    let areAllDone = doneCount == futures.count
    var done = Set<F>(minimumCapacity: doneCount)
    var pending = Set<F>(minimumCapacity: futures.count - doneCount)
    // Moved, not copied, since to count so many references takes time.
    while let future = futures.popLast() {
      let future = future.known(as: F.self)
      if areAllDone || future.isDone { done.insert(future) } else { pending.insert(future) }
    }
    return (done, pending)
  }

  /// Waits for several ``Coroutine``s, or other things that can be waited for, and tells which are done.
  /// `asyncio.wait()`.
  ///
  /// Otherwise as ``wait(_:timeout:returnWhen:)->(Set<F>,_)``.
  /// - Returns: the futures that stand for them: for a coroutine the task that runs it.
  @_disfavoredOverload
  public static func wait<A: Awaitable>(
    _ awaitables: some Sequence<A>,
    timeout: Duration? = nil,
    returnWhen: ReturnWhen = .allCompleted
  ) async throws -> (done: Set<Future<A.Value>>, pending: Set<Future<A.Value>>) {
    let loop = try EventLoop.runningOrThrow()
    return try await wait(awaitables.map { try $0.ensureFuture(on: loop) }, timeout: timeout, returnWhen: returnWhen)
  }

  /// Waits for several things of which each is a future or a ``Coroutine``, and tells which are done. `asyncio.wait()`.
  ///
  /// Otherwise as ``wait(_:timeout:returnWhen:)->(Set<F>,_)``.
  /// - Returns: the futures that stand for them: for a coroutine the task that runs it.
  public static func wait<Value>(
    _ awaitables: some Sequence<any Awaitable<Value>>,
    timeout: Duration? = nil,
    returnWhen: ReturnWhen = .allCompleted
  ) async throws -> (done: Set<Future<Value>>, pending: Set<Future<Value>>) {
    let loop = try EventLoop.runningOrThrow()
    return try await wait(awaitables.map { try $0.ensureFuture(on: loop) }, timeout: timeout, returnWhen: returnWhen)
  }

  /// Waits, and returns how many of the futures are done.
  @usableFromInline
  static func waitUntil(_ returnWhen: ReturnWhen, _ futures: [AnyFuture], timeout: Duration?) async throws -> Int {
    let loop = try EventLoop.runningOrThrow()
    if futures.isEmpty { throw ValueError("Set of futures is empty.", code: .noFutures) }
    let observer = WaitObserver(futures, loop: loop, timeout: timeout, returnWhen: returnWhen)
    for future in futures { future.add(.observer(observer)) }
    defer {
      observer.waiter.cancelTimer()
      if !observer.hasSeenAll { for future in futures { future.remove(observer) } }
    }
    try await observer.waiter.value
    return observer.hasSeenAll ? futures.count : futures.count { $0.isDone }
  }

  /// The elements in their order, each once; all of them must be futures of the loop.
  @inlinable
  static func unique(_ futures: some Sequence<some AnyFuture>, on loop: EventLoop) throws -> [AnyFuture] {
    let visit = TraversalMark()
    var unique: [AnyFuture] = []
    unique.reserveCapacity(futures.underestimatedCount)
    for future in futures {
      try checkLoop(of: future, is: loop)
      if visit.isFirst(to: future) { unique.append(future) }
    }
    return unique
  }
}

/// Counts the futures that a `wait` still waits for.
private final class WaitObserver: FutureObserver, CallGraphSubject {
  override class var purpose: String { "wait" }

  private(set) var waiter: WaiterFuture!
  /// Which keep this in turn, until the wait is over.
  private let futures: [Asyncio.AnyFuture]
  @safe @exclusivity(unchecked) private var count: Int
  private let returnWhen: Asyncio.ReturnWhen

  init(_ futures: [Asyncio.AnyFuture], loop: Asyncio.EventLoop, timeout: Duration?, returnWhen: Asyncio.ReturnWhen) {
    self.futures = futures
    count = futures.count
    self.returnWhen = returnWhen
    super.init()
    waiter = loop.createWaiter(for: self)
    if let timeout { waiter.setTimer(after: timeout) }
  }

  /// Whether all futures are done, and their callbacks have been called.
  var hasSeenAll: Bool { count <= 0 }

  func callGraphFacts(for capture: CallGraphCapture) -> CallGraphFacts {
    var facts = CallGraphFacts(.wait, futures)
    facts.details += ["\(returnWhen)"] + capture.timeLeft(until: capture.deadlines[ObjectIdentifier(waiter)])
    return facts
  }

  override func mayRunUserCode(on future: Asyncio.AnyFuture) -> Bool { false }

  override func futureDidComplete(_ future: Asyncio.AnyFuture) {
    count -= 1
    let isEnough =
      switch returnWhen {
      case .allCompleted: count <= 0
      case .firstCompleted: true
      case .firstException: count <= 0 || future.hasFailed
      }
    if isEnough {
      waiter.cancelTimer()
      waiter.completeIfPending()
    }
  }
}

extension Asyncio.AnyFuture {
  /// Whether the future has an error, which counts as having read it.
  var hasFailed: Bool {
    hasUnretrievedError = false
    return error != nil
  }
}
