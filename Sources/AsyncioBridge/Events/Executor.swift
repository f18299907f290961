#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

extension Asyncio {
  /// Runs blocking work on threads of its own. `concurrent.futures.Executor`.
  public protocol Executor: Sendable {
    /// Runs `work` on another thread, some time.
    func execute(_ work: @escaping @Sendable () -> Void)
    /// Takes no more work; what was taken is still done. Does not wait for it.
    func shutdown()
  }

  /// A bounded pool of threads, started as they are needed. `concurrent.futures.ThreadPoolExecutor`.
  public final class ThreadPoolExecutor: Executor {
    private let workers: Workers

    /// Creates a pool.
    /// - Parameter maxWorkers: how many threads it may start, at least 1; by default four more than there are processors,
    ///   32 at most.
    public init(maxWorkers: Int? = nil) {
      let processors = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
      workers = Workers(maximum: max(1, maxWorkers ?? min(32, processors + 4)))
    }

    deinit { workers.shutdown() }

    /// How many threads there may be.
    public var maxWorkers: Int { workers.maximum }

    /// Hands work to an idle thread, a new one, or the first that becomes idle. Work that comes after ``shutdown()`` is
    /// dropped.
    public func execute(_ work: @escaping @Sendable () -> Void) { workers.add(work) }

    /// Takes no more work and lets the threads end when they have done what was taken.
    public func shutdown() { workers.shutdown() }
  }
}

extension Asyncio.Executor {
  /// Runs `work` and returns the future of its result. `Executor.submit()`.
  ///
  /// Work that has not begun can be cancelled; work that runs can't.
  public func submit<Value: Sendable>(
    _ work: @escaping @Sendable () throws -> Value
  ) -> Asyncio.ConcurrentFuture<Value> {
    let promise = WorkPromise<Value>()
    execute {
      if promise.future.setRunning() { promise.future.resolve(Result { try work() }) }
    }
    return promise.future
  }
}

/// Cancels the future of work that is dropped by whoever was to do it.
final class WorkPromise<Value: Sendable>: Sendable {
  let future = Asyncio.ConcurrentFuture<Value>()
  deinit { future.cancel() }
}

/// What the threads of a pool share; they end when the pool goes.
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
  /// Runs blocking work on another thread, and returns the loop's future of its result. `loop.run_in_executor()`.
  ///
  /// Cancelling the future keeps work from beginning; work that runs goes on, and its result is dropped.
  /// - Parameters:
  ///   - executor: where to run it; by default the loop's own pool, see ``setDefaultExecutor(_:)``.
  ///   - work: what to run.
  /// - Throws: ``Asyncio/RuntimeError`` if the loop is closed.
  public func runInExecutor<Value: Sendable>(
    _ executor: (any Asyncio.Executor)? = nil,
    _ work: @escaping @Sendable () throws -> Value
  ) throws -> Asyncio.Future<Value> {
    try checkNotClosed()
    return Asyncio.wrapFuture((executor ?? defaultExecutor).submit(work), loop: self)
  }

  private var defaultExecutor: any Asyncio.Executor {
    if let executor { return executor }
    let pool = Asyncio.ThreadPoolExecutor()
    executor = pool
    return pool
  }

  /// Makes `executor` the one that ``runInExecutor(_:_:)`` uses when it is given none. `loop.set_default_executor()`.
  ///
  /// The loop shuts it down when it is closed.
  public func setDefaultExecutor(_ executor: any Asyncio.Executor) { self.executor = executor }
}
