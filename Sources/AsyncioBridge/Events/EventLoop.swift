extension Asyncio {
  /// A single-threaded loop that runs callbacks, timers and the steps of tasks. asyncio's event loop.
  ///
  /// ``Asyncio/run(debug:clock:handlingInterrupt:fileID:line:_:)`` makes one, runs a body on it and closes it; make one
  /// yourself to keep control:
  ///
  /// ```swift
  /// let loop = Asyncio.EventLoop(clock: .virtual)
  /// let sum = try loop.runUntilComplete { try await Asyncio.sleep(.seconds(60)); return 1 + 1 }
  /// try loop.close()
  /// ```
  ///
  /// A turn of the loop runs what was ready when it began, first in first out; what that schedules waits for the next
  /// turn. Timers that are due go behind what is ready.
  ///
  /// A loop is not `Sendable`: only what runs on it may touch it. What other threads may use is its ``threadsafe``
  /// handle.
  public final class EventLoop {
    // MARK: What the loop runs

    @exclusivity(unchecked) var state: LoopState
    /// A task of the user's own type that was entered.
    @exclusivity(unchecked) var currentCustomTask: (any AnyTask)?

    // MARK: How it hosts Swift tasks. See `EventLoop+Hosting`.

    @usableFromInline let mailbox: Mailbox
    @usableFromInline let taskExecutor: LoopTaskExecutor
    private let serialExecutor: LoopSerialExecutor
    /// The tasks in awaits of something that is not the loop's, by their hosts' jobs.
    @exclusivity(unchecked) var foreignCores: [JobID: CorePointer] = [:]
    /// In an actor's job, the task whose context is the thread's, and the context of what is no task.
    var contextOwner: CorePointer?
    var unownedContext: Context?
    /// Bodies that have begun or are yet to, and have not ended.
    @exclusivity(unchecked) var hostCount = 0
    /// Children of hosted tasks that wait for a future.
    var guests: Set<GuestWaiter> = []
    /// The state of the thread that is in the loop's code.
    @exclusivity(unchecked) var thread: UnsafeMutablePointer<ThreadState>?
    /// Futures for results that come from other threads, by what those name them.
    var outstanding: [ExchangeID: AnyFuture] = [:]
    /// Futures whose results other threads wait for, by what those name them.
    var exported: [ExchangeID: AnyFuture] = [:]

    // MARK: Who is who

    /// What the loop runs for, if it does not run for ever.
    var mainFuture: AnyFuture?
    var customTasks: [any AnyTask] = []
    /// The circle of those that must let go of what they keep when the loop is closed.
    let keepingObservers = KeepingObserver()
    package let live = LiveInstances()

    // MARK: Lifecycle

    /// Whether a run method of the loop is on the stack. `loop.is_running()`.
    public internal(set) var isRunning: Bool {
      get { state.isRunning }
      set { state.isRunning = newValue }
    }
    /// Whether the loop has been closed. `loop.is_closed()`.
    public internal(set) var isClosed: Bool {
      get { state.isClosed }
      set { state.isClosed = newValue }
    }
    var executor: (any Executor)?
    var isExecutorShutDown = false
    /// What the default executors have been given.
    var executorWork: ExecutorWork?
    var foreignOperations: ForeignOperations?

    /// What other threads may use of the loop: a new handle each time.
    ///
    /// The loop itself keeps none, so that it knows whether anybody has one.
    public var threadsafe: LoopHandle { LoopHandle(mailbox: mailbox, executor: serialExecutor) }

    /// The loop's time. See ``LoopClock``.
    public let clock: LoopClock

    // MARK: Settings

    /// Debug mode: slow callbacks are reported, and descriptions and reports tell where things were created.
    /// `loop.get_debug()`, `loop.set_debug()`.
    ///
    /// On from the start if the environment variable `ASYNCIOBRIDGE_DEBUG` is set and not empty.
    public var isDebug: Bool {
      get { state.isDebug }
      set {
        state.isDebug = newValue
        updateIsTimed()
      }
    }

    /// In debug mode, how long a callback or step may take before it is reported. `loop.slow_callback_duration`.
    public var slowCallbackDuration: Duration = .milliseconds(100)

    /// How long a step or callback may take before it is reported to the exception handler, in debug mode or not; nil, as it
    /// is at first: any time.
    ///
    /// While it runs nothing else does. The report has the task, its name and where it was created, or the callback. Durations
    /// are real ones on a virtual clock too. What is timed runs slower: tasks suspend at every await.
    public var slowStepDuration: Duration? {
      didSet { updateIsTimed() }
    }

    /// How long a turn may take, from its first step or callback to the end of its last, before it is reported to the
    /// exception handler; nil, as it is at first: any time.
    ///
    /// No turn, no timer and no other thread's call gets its turn before that. The report says how many steps and callbacks
    /// there were, and is about the longest of them. Otherwise as ``slowStepDuration``.
    public var slowTurnDuration: Duration? {
      didSet { updateIsTimed() }
    }

    /// What is known of the turn that runs, while a limit is set.
    var turnTimes = TurnTimes()

    /// How long the end of a loop waits in silence for what was cancelled and goes on all the same. Then that is reported,
    /// tasks by their names, and waited for further.
    public var slowShutdownDuration: Duration = .seconds(10)

    /// Receives what the loop has to report; nil logs it. `loop.set_exception_handler()`, `loop.get_exception_handler()`.
    public var exceptionHandler: ExceptionHandler?

    /// Makes the loop's tasks; nil makes plain ones. `loop.set_task_factory()`, `loop.get_task_factory()`.
    public var taskFactory: (any TaskFactory)? {
      didSet { hasTaskFactory = taskFactory != nil }
    }
    @exclusivity(unchecked) @usableFromInline private(set) var hasTaskFactory = false

    /// Writes what is reported and nobody handles; by default to standard error.
    public var logger: (String) -> Void = { writeToStandardError($0) }

    /// How many turns the loop may make in its life before its run methods throw ``TurnLimitError``; nil: no limit.
    ///
    /// For tests in virtual time, where a program that never comes to rest would otherwise spin for ever.
    public var turnLimit: Int? {
      get { state.turnLimit }
      set { state.turnLimit = newValue }
    }

    /// How many turns the loop has begun.
    public var turnCount: Int { state.turnCount }

    /// Whether the Swift tasks that host the bodies of tasks are kept for others when a body ends.
    @usableFromInline let keepsHosts: Bool

    /// Creates a loop that is ready to run.
    /// - Parameters:
    ///   - clock: which time it tells.
    ///   - debug: whether it starts in debug mode; by default as the environment says.
    ///   - keepsHosts: whether tasks run on Swift tasks that are kept, and taken by one task after the other, instead of one made
    ///     for each. Then a task does **not** inherit its creator's `@TaskLocal` values, and debuggers don't show its name;
    ///     everything else is the same. Programs that make many short tasks become faster.
    public init(clock: LoopClock.Kind = .monotonic, debug: Bool? = nil, keepsHosts: Bool = false) {
      self.keepsHosts = keepsHosts
      let mailbox = Mailbox()
      self.mailbox = mailbox
      taskExecutor = LoopTaskExecutor(mailbox: mailbox)
      serialExecutor = LoopSerialExecutor(mailbox: mailbox)
      let runner = JobRunner(
        taskExecutor: taskExecutor.asUnownedTaskExecutor(),
        serialExecutor: serialExecutor.asUnownedSerialExecutor()
      )
      mailbox.runner = runner
      state = LoopState(runner: runner)
      self.clock = LoopClock(clock, mailbox: mailbox)
      state.isDebug = debug ?? Environment.isDebug
      updateIsTimed()
      mailbox.loop = .passUnretained(self)
    }

    deinit {
      if !isClosed { tearDown() }
      // Those that have come since then.
      keepingObservers.letGoOthers()
      mailbox.loop = nil
      state.giveMemoryToThread()
    }

    /// The loop that runs the calling code, nil outside any. `asyncio.get_running_loop()`.
    public static var running: EventLoop? {
      @inline(__always) get { ThreadState.current.pointee.runningLoop?.takeUnretainedValue() }
    }

    /// The present of the loop's clock. `loop.time()`.
    public var time: LoopClock.Instant { clock.now }
  }
}

// MARK: - Callbacks and timers

extension Asyncio.EventLoop {
  /// Schedules a callback behind all that is ready. `loop.call_soon()`.
  /// - Parameters:
  ///   - context: the context to call it in; by default a copy of the current one.
  ///   - callback: what to call on the next turn. An error it throws goes to the exception handler.
  /// - Throws: ``Asyncio/RuntimeError`` if the loop is closed.
  @discardableResult
  public func callSoon(
    context: Asyncio.Context? = nil,
    fileID: StaticString = #fileID,
    line: UInt = #line,
    _ callback: @escaping () throws -> Void
  ) throws -> Asyncio.Handle {
    try checkNotClosed()
    let handle = Asyncio.Handle(
      .callback(callback),
      isDebug: isDebug,
      context: context ?? Asyncio.Context.inherited(on: self),
      site: SourceSite(fileID, line)
    )
    makeReady(.handle(.passRetained(handle)))
    return handle
  }

  /// Schedules a callback for `delay` from now. `loop.call_later()`.
  ///
  /// A delay of zero or less still waits for the next turn. Callbacks that are due at the same time are called in the
  /// order in which they were scheduled.
  /// - Parameters:
  ///   - delay: how long from now, by the loop's clock.
  ///   - context: the context to call it in; by default a copy of the current one.
  ///   - callback: what to call. An error it throws goes to the exception handler.
  /// - Throws: ``Asyncio/RuntimeError`` if the loop is closed.
  @discardableResult
  public func callLater(
    _ delay: Duration,
    context: Asyncio.Context? = nil,
    fileID: StaticString = #fileID,
    line: UInt = #line,
    _ callback: @escaping () throws -> Void
  ) throws -> Asyncio.TimerHandle {
    try callAt(time.advanced(by: delay), context: context, fileID: fileID, line: line, callback)
  }

  /// Schedules a callback for a time of the loop's clock. `loop.call_at()`. See
  /// ``callLater(_:context:fileID:line:_:)``.
  /// - Throws: ``Asyncio/RuntimeError`` if the loop is closed.
  @discardableResult
  public func callAt(
    _ when: Asyncio.LoopClock.Instant,
    context: Asyncio.Context? = nil,
    fileID: StaticString = #fileID,
    line: UInt = #line,
    _ callback: @escaping () throws -> Void
  ) throws -> Asyncio.TimerHandle {
    try checkNotClosed()
    return addTimer(
      when.nanoseconds,
      .callback(callback),
      context: context ?? Asyncio.Context.inherited(on: self),
      site: SourceSite(fileID, line)
    )
  }

  func addTimer(
    _ deadline: Int64,
    _ action: Asyncio.Handle.Action,
    context: Asyncio.Context? = nil,
    site: SourceSite
  ) -> Asyncio.TimerHandle {
    let handle = Asyncio.TimerHandle(action, deadline: deadline, loop: self, context: context, site: site)
    setTimer(.handle(.passUnretained(handle)), at: deadline)
    return handle
  }

  /// Sets a timer, unless the loop is closed: then it would never come, and keep for ever what refers to the loop.
  @inline(__always)
  func setTimer(_ timer: TimerQueue.Timer, at deadline: Int64) {
    if !isClosed { state.timers.insert(timer, deadline: deadline) }
  }

  /// A timer of the library's own.
  func addTimer(after delay: Duration, _ action: Asyncio.Handle.Action) -> Asyncio.TimerHandle {
    addTimer(clock.deadline(after: delay), action, site: .library)
  }
}

// MARK: - Futures and tasks

extension Asyncio.EventLoop {
  /// A future of the loop has been made. The futures keep the loop, with one reference of Swift's for all of them.
  @inline(__always)
  func addFuture() {
    live.addFutures(1)
    state.futureCount &+= 1
    if state.futureCount == 1 { _ = Unmanaged.passRetained(self) }
  }

  /// A future of the loop has gone, which may be all that has kept the loop.
  @inline(__always)
  func removeFuture() {
    live.addFutures(-1)
    state.futureCount &-= 1
    if state.futureCount == 0 { Unmanaged.passUnretained(self).release() }
  }

  /// Creates a pending future of this loop. `loop.create_future()`.
  @inlinable
  public func createFuture<Value>(
    of type: Value.Type = Value.self,
    fileID: StaticString = #fileID,
    line: UInt = #line
  ) -> Asyncio.Future<Value> {
    Asyncio.Future(home: .passUnretained(self), core: nil, site: SourceSite(fileID, line))
  }

  /// Creates a task that runs `body` on this loop. `loop.create_task()`. See ``Asyncio/Task``.
  /// - Parameters:
  ///   - name: the task's name; by default `Task-N`.
  ///   - context: the context to run in, shared with whoever else has it; by default a copy of the current one. If one is
  ///     given, the loop's task factory is not asked. From Python 3.11 on.
  ///   - eagerStart: whether the first step is taken before this returns, see ``Asyncio/EagerTaskFactory``; the task factory
  ///     is not asked then. From Python 3.12 on.
  ///   - body: what to run; its first step comes behind all that is ready, unless it is eager.
  /// - Throws: ``Asyncio/RuntimeError`` if the loop is closed, and what a task factory throws.
  @discardableResult
  @inlinable
  public func createTask<Value>(
    name: String? = nil,
    context: Asyncio.Context? = nil,
    eagerStart: Bool = false,
    fileID: StaticString = #fileID,
    line: UInt = #line,
    _ body: nonisolated(nonsending) @escaping () async throws -> Value
  ) throws -> Asyncio.Task<Value> {
    if hasTaskFactory, context == nil, !eagerStart {
      return try createTaskWithFactory(Asyncio.Coroutine(name: name, fileID: fileID, line: line, body))
    }
    return try Asyncio.Task(
      loop: self,
      name: name,
      context: context,
      eagerStart: eagerStart || (hasTaskFactory && hasEagerTaskFactory),
      fileID: fileID,
      line: line,
      body
    )
  }

  @usableFromInline
  func createTaskWithFactory<Value>(_ coroutine: Asyncio.Coroutine<Value>) throws -> Asyncio.Task<Value> {
    try checkNotClosed()
    guard let taskFactory else { preconditionFailure("AsyncioBridge: no task factory") }
    let task = try taskFactory.makeTask(on: self, coroutine)
    if let name = coroutine.name { task.name = name }
    return task
  }

  @usableFromInline
  var hasEagerTaskFactory: Bool { taskFactory is Asyncio.EagerTaskFactory }
}

extension Asyncio {
  /// Makes the tasks of a loop, see ``EventLoop/taskFactory``.
  public protocol TaskFactory {
    /// Makes a task for a body. An error it throws leaves `createTask`.
    func makeTask<Value>(on loop: EventLoop, _ coroutine: Coroutine<Value>) throws -> Task<Value>
  }
}

// MARK: - Descriptions

extension Asyncio.EventLoop: CustomStringConvertible {
  /// `<EventLoop running=… closed=… debug=…>`.
  public var description: String { "<EventLoop running=\(isRunning) closed=\(isClosed) debug=\(isDebug)>" }
}
