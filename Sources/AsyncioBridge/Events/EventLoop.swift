extension Asyncio {
  /// A single-threaded loop that runs callbacks, timers and the steps of tasks. asyncio's event loop.
  ///
  /// ``Asyncio/run(debug:clock:fileID:line:_:)`` makes one, runs a body on it and closes it; make one
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

    @safe @exclusivity(unchecked) var state: LoopState
    /// A task of the user's own type that was entered.
    @safe @exclusivity(unchecked) var currentCustomTask: (any TaskProtocol)?

    // MARK: How it hosts Swift tasks. See `EventLoop+Hosting`.

    @usableFromInline let mailbox: Mailbox
    @usableFromInline let taskExecutor: LoopTaskExecutor
    private let serialExecutor: LoopSerialExecutor
    /// The tasks in awaits of something that is not the loop's, by their hosts' jobs.
    @safe @exclusivity(unchecked) var foreignCores: [JobID: TaskRef] = [:]
    /// Those of them that are known to wait for the main actor, which waits for the loop.
    var mainActorWaits: [JobID: MainActorWait] = [:]
    /// In an actor's job, the task whose context is the thread's, and the context of what is no task.
    var contextOwner: TaskRef?
    var unownedContext: Context?
    /// Bodies that have begun or are yet to, and have not ended.
    @safe @exclusivity(unchecked) var hostCount = 0
    /// Children of hosted tasks that wait for a future.
    var waitingChildren: Set<ChildWaiter> = []
    /// The state of the thread that is in the loop's code.
    @safe @exclusivity(unchecked) var thread: RecordRef<ThreadState>?
    /// Futures for results that come from other threads, by what those name them.
    var futuresCompletedElsewhere: [ExchangeID: AnyFuture] = [:]
    /// Futures whose results other threads wait for, by what those name them.
    var futuresAwaitedElsewhere: [ExchangeID: AnyFuture] = [:]

    // MARK: Who is who

    /// What the loop runs for, if it does not run for ever.
    var mainFuture: AnyFuture?
    var customTasks = CustomTasks()
    /// The circle of those that must let go of what they keep when the loop is closed.
    let keepingObservers = KeepingObserver()
    package let debugCounters = DebugCounters()

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
    public var threadsafe: LoopHandle {
      state.isShared = true
      return LoopHandle(mailbox: mailbox, executor: serialExecutor)
    }

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
    @safe @exclusivity(unchecked) @usableFromInline private(set) var hasTaskFactory = false

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
    @usableFromInline let reusesHosts: Bool

    /// Creates a loop that is ready to run.
    /// - Parameters:
    ///   - clock: which time it tells.
    ///   - debug: whether it starts in debug mode; by default as the environment says.
    ///   - reusesHosts: whether tasks run on Swift tasks that are kept, and taken by one task after the other, instead of one made
    ///     for each. Then a task does **not** inherit its creator's `@TaskLocal` values, and debuggers don't show its name;
    ///     everything else is the same. Programs that make many short tasks become faster.
    public init(clock: LoopClock.Kind = .monotonic, debug: Bool? = nil, reusesHosts: Bool = false) {
      self.reusesHosts = reusesHosts
      let mailbox = Mailbox()
      self.mailbox = mailbox
      taskExecutor = LoopTaskExecutor(mailbox: mailbox)
      serialExecutor = LoopSerialExecutor(mailbox: mailbox, taskExecutor: taskExecutor)
      let runner = JobRunner(taskExecutor, serialExecutor)
      mailbox.runner.value = runner
      state = LoopState(runner: runner)
      self.clock = LoopClock(clock, mailbox: mailbox)
      state.isDebug = debug ?? Environment.isDebug
      updateIsTimed()
      mailbox.loop.value = Unretained(self)
    }

    deinit {
      if !isClosed { tearDown() }
      // Those that have come since then.
      keepingObservers.letGoOthers()
      mailbox.loop.value = nil
      state.giveMemoryToThread()
    }

    /// The present of the loop's clock. `loop.time()`.
    public var time: LoopClock.Instant { clock.now }
  }
}

extension Asyncio.EventLoop: CustomStringConvertible {
  /// `<EventLoop running=… closed=… debug=…>`.
  public var description: String { "<EventLoop running=\(isRunning) closed=\(isClosed) debug=\(isDebug)>" }
}
