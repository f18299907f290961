extension Asyncio {
  /// Runs blocking work on threads of its own. `concurrent.futures.Executor`.
  public protocol Executor: Sendable {
    /// Runs `work` on another thread, at some later time.
    func execute(_ work: @escaping @Sendable () -> Void)
    /// Takes no more work; accepted work is still done. Does not wait.
    func shutdown()
  }

  /// A bounded pool of threads, started on demand. `concurrent.futures.ThreadPoolExecutor`.
  public final class ThreadPoolExecutor: Executor {
    private let workers: Workers

    /// Creates a pool.
    /// - Parameter maxWorkers: the maximum number of threads, at least 1; by default four more than there are
    ///   processors, but 32 at most.
    public init(maxWorkers: Int? = nil) {
      workers = Workers(maximum: max(1, maxWorkers ?? min(32, processorCount() + 4)))
    }

    deinit { workers.shutdown() }

    /// The maximum number of threads.
    public var maxWorkers: Int { workers.maximum }

    /// Hands work to an idle thread, to a new one, or to the next thread that becomes idle. Work that comes after
    /// ``shutdown()`` is dropped.
    public func execute(_ work: @escaping @Sendable () -> Void) { workers.add(work) }

    /// Takes no more work, and lets the threads end when the accepted work is done.
    public func shutdown() { workers.shutdown() }
  }
}

extension Asyncio.Executor {
  /// Runs `work` and returns the future of its result. `Executor.submit()`.
  ///
  /// Only work that has not begun can be cancelled.
  public func submit<Value: Sendable>(
    _ work: @escaping @Sendable () throws -> Value
  ) -> Asyncio.ConcurrentFuture<Value> {
    // Work that is dropped by whoever was to do it is cancelled.
    let promise = Asyncio.Promise<Value>()
    execute {
      if promise.setRunning() { promise.resolve(Result { try work() }) }
    }
    return promise.future
  }
}

/// The shared state of a pool's threads, which end when the pool goes.
private final class Workers: Sendable {
  private struct State: ~Copyable {
    var work = Ring<@Sendable () -> Void>()
    var threadCount = 0
    var idle: [ThreadEvent] = []
    var isShutDown = false
  }

  private enum Next {
    case work(@Sendable () -> Void)
    case wait(ThreadEvent)
    case end
  }

  let maximum: Int
  private let state = Locked(State())

  init(maximum: Int) { self.maximum = maximum }

  func add(_ work: @escaping @Sendable () -> Void) {
    let (idle, mustStart) = state.withLock { state -> (ThreadEvent?, Bool) in
      if state.isShutDown { return (nil, false) }
      state.work.append(work)
      if let idle = state.idle.popLast() { return (idle, false) }
      guard state.threadCount < maximum else { return (nil, false) }
      state.threadCount += 1
      return (nil, true)
    }
    idle?.set()
    if mustStart { startThread { self.run() } }
  }

  func shutdown() {
    let idle = state.withLock { state -> [ThreadEvent] in
      state.isShutDown = true
      defer { state.idle = [] }
      return state.idle
    }
    for event in idle { event.set() }
  }

  private func run() {
    while true {
      switch next() {
      case .work(let work): work()
      case .wait(let event): _ = event.wait()
      case .end: return
      }
    }
  }

  private func next() -> Next {
    state.withLock { state in
      if !state.work.isEmpty { return .work(state.work.removeFirst()) }
      if state.isShutDown {
        state.threadCount -= 1
        return .end
      }
      let event = ThreadEvent()
      state.idle.append(event)
      return .wait(event)
    }
  }
}

extension Asyncio.EventLoop {
  /// Runs blocking work on another thread, and returns a future of this loop for its result. `loop.run_in_executor()`.
  ///
  /// Cancelling the future keeps work from beginning. Work that has begun continues, and its result is dropped.
  /// - Parameters:
  ///   - executor: where to run the work; by default the loop's own pool, see ``setDefaultExecutor(_:)``.
  ///   - work: the blocking code.
  /// - Throws: ``Asyncio/RuntimeError`` if the loop is closed, or its own pool is shut down.
  public func runInExecutor<Value: Sendable>(
    _ executor: (any Asyncio.Executor)? = nil,
    _ work: @escaping @Sendable () throws -> Value
  ) throws -> Asyncio.Future<Value> {
    try checkNotClosed()
    if let executor { return Asyncio.wrapFuture(executor.submit(work), loop: self) }
    if isExecutorShutDown {
      throw Asyncio.RuntimeError(
        "Executor shutdown has been called: name an executor of your own, or shut the default one down later",
        code: .isShutDown
      )
    }
    let token = allExecutorWork.add()
    let result = defaultExecutor.submit { try withExtendedLifetime(token) { try work() } }
    return Asyncio.wrapFuture(result, loop: self)
  }

  private var defaultExecutor: any Asyncio.Executor {
    if let executor { return executor }
    let pool = Asyncio.ThreadPoolExecutor()
    executor = pool
    return pool
  }

  private var allExecutorWork: ExecutorWork {
    if let executorWork { return executorWork }
    let work = ExecutorWork()
    executorWork = work
    return work
  }

  /// Makes `executor` the default of ``runInExecutor(_:_:)``. `loop.set_default_executor()`.
  ///
  /// Closing the loop shuts the executor down.
  public func setDefaultExecutor(_ executor: any Asyncio.Executor) { self.executor = executor }

  /// Shuts the default executor down, and waits until it has done its work. `loop.shutdown_default_executor()`, from
  /// Python 3.9 on.
  ///
  /// From now on ``runInExecutor(_:_:)`` refuses work that names no executor. Closing the loop does not wait: call this
  /// before the end of the main body if the work has to be finished.
  /// - Parameter timeout: how long to wait; nil: no limit. Work that is not done by then continues, and is reported to
  ///   ``logger``.
  /// - Throws: ``Asyncio/RuntimeError`` outside of a task; `CancellationError` when cancelled, but the executor is shut
  ///   down all the same.
  public func shutdownDefaultExecutor(timeout: Duration? = nil) async throws {
    isExecutorShutDown = true
    guard let executor else { return }
    executor.shutdown()
    let isDone = Asyncio.wrapFuture(allExecutorWork.whenDone(), loop: self)
    do {
      try await Asyncio.timeout(timeout) { try await isDone.value }
    } catch is Asyncio.TimeoutError {
      logger("The default executor did not finish its work within \(timeout ?? .zero)")
    }
  }
}

/// Knows whether all work given to executors has been done or dropped.
final class ExecutorWork: Sendable {
  private struct State {
    var count = 0
    var waiters: [Asyncio.ConcurrentFuture<Void>] = []
  }

  private let state = Locked(State())

  /// Stands for a piece of work as long as the token lives.
  final class Token: Sendable {
    private let work: ExecutorWork
    fileprivate init(_ work: ExecutorWork) { self.work = work }
    deinit { work.remove() }
  }

  func add() -> Token {
    state.withLock { $0.count += 1 }
    return Token(self)
  }

  private func remove() {
    let waiters = state.withLock { state -> [Asyncio.ConcurrentFuture<Void>] in
      state.count -= 1
      if state.count > 0 { return [] }
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resolve(.success(())) }
  }

  func whenDone() -> Asyncio.ConcurrentFuture<Void> {
    let waiter = Asyncio.ConcurrentFuture<Void>()
    let isDone = state.withLock { state in
      if state.count > 0 { state.waiters.append(waiter) }
      return state.count == 0
    }
    if isDone { waiter.resolve(.success(())) }
    return waiter
  }
}
