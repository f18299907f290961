extension Asyncio {
  /// A single-threaded loop that runs callbacks, timers and the steps of tasks. asyncio's event loop.
  ///
  /// ``Asyncio/run(debug:clock:semantics:fileID:line:_:)`` makes a loop, runs a body on it and closes it. Make one
  /// yourself to keep control:
  ///
  /// ```swift
  /// let loop = Asyncio.EventLoop(clock: .virtual)
  /// let sum = try loop.runUntilComplete { try await Asyncio.sleep(.seconds(60)); return 1 + 1 }
  /// try loop.close()
  /// ```
  ///
  /// A turn of the loop runs the entries that were ready when it began, first in, first out. Entries scheduled
  /// meanwhile wait for the next turn. Timers that are due go behind the ready entries.
  ///
  /// A loop is not `Sendable`: only code that runs on the loop may touch it. Other threads use its ``threadsafe``
  /// handle.
  public final class EventLoop {
    // MARK: What the loop runs

    @safe @exclusivity(unchecked) var state: LoopState
    /// The entered task of a custom type.
    @safe @exclusivity(unchecked) var currentCustomTask: (any TaskProtocol)?

    // MARK: How it hosts Swift tasks. See `EventLoop+Hosting`.

    @usableFromInline let mailbox: Mailbox
    @usableFromInline let taskExecutor: LoopTaskExecutor
    private let serialExecutor: LoopSerialExecutor
    /// The tasks in foreign awaits, by their hosts' jobs.
    @safe @exclusivity(unchecked) var foreignCores: [JobID: TaskRef] = [:]
    /// Foreign awaits that are known to wait for the main actor, which waits for the loop.
    var mainActorWaits: [JobID: MainActorWait] = [:]
    /// Swift's own sleeps that timers of the loop are to end, by their sleepers.
    var hostedSleeps: [JobID: HostedSleep] = [:]
    /// In an actor's job: the task whose context is the thread's, and the context of code outside of any task.
    var contextOwner: TaskRef?
    var unownedContext: Context?
    /// How many bodies exist: those not yet begun count, those that have ended don't.
    @safe @exclusivity(unchecked) var hostCount = 0
    /// Child tasks that wait for a future.
    var waitingChildren: Set<ChildWaiter> = []
    /// The state of the thread that is in the loop's code.
    @safe @exclusivity(unchecked) var thread: RecordRef<ThreadState>?
    /// Futures for results from other threads, by the identity that these use.
    var futuresCompletedElsewhere: [ExchangeID: AnyFuture] = [:]
    /// Futures whose results other threads wait for, by the identity that these use.
    var futuresAwaitedElsewhere: [ExchangeID: AnyFuture] = [:]

    // MARK: Who is who

    /// The future that the loop runs for; nil if the loop runs forever.
    var mainFuture: AnyFuture?
    var customTasks = CustomTasks()
    /// The circle of observers that must let go of other objects when the loop is closed.
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
    /// The work that was given to the default executors.
    var executorWork: ExecutorWork?
    var foreignOperations: ForeignOperations?
    /// Tasks that wait until nothing else is ready, see `Asyncio.waitUntilIdle()`.
    var idleWaiters = WaiterQueue()
    /// Where the virtual time is to stop, while the loop is advanced.
    var timeLimit: Int64?

    /// A handle for other threads, new each time.
    ///
    /// The loop itself keeps none, so that it knows whether anybody has one.
    public var threadsafe: LoopHandle {
      state.isShared = true
      return LoopHandle(mailbox: mailbox, executor: serialExecutor)
    }

    /// The loop's time. See ``LoopClock``.
    public let clock: LoopClock

    // MARK: Settings

    /// Debug mode reports slow callbacks; descriptions and reports say where things were created. `loop.get_debug()`,
    /// `loop.set_debug()`.
    ///
    /// Initially on if the environment variable `ASYNCIOBRIDGE_DEBUG` is set and not empty.
    public var isDebug: Bool {
      get { state.isDebug }
      set {
        state.isDebug = newValue
        updateIsStepwise()
      }
    }

    /// In debug mode, how long a callback or step may take before it is reported. `loop.slow_callback_duration`.
    public var slowCallbackDuration: Duration = .milliseconds(100)

    /// How long a step or callback may take before it is reported to the exception handler, with or without debug mode;
    /// nil (the default): no limit.
    ///
    /// Nothing else runs during a step. The report has the task, its name and place of creation, or the callback.
    /// Durations are real time on a virtual clock too. Timing slows the loop down: tasks suspend at every await.
    public var slowStepDuration: Duration? {
      didSet { updateIsStepwise() }
    }

    /// How long a turn may take, from its first step or callback to the end of its last, before it is reported to the
    /// exception handler; nil (the default): no limit.
    ///
    /// Until the turn ends, no timer and no call from another thread gets its turn. The report has the number of steps
    /// and callbacks, and is about the longest of them. The remarks on ``slowStepDuration`` apply here too.
    public var slowTurnDuration: Duration? {
      didSet { updateIsStepwise() }
    }

    /// How long, in real time, a virtual loop that has nothing to do waits for child tasks of Swift's, of which nobody
    /// tells it that they have ended.
    var childPatience = Duration.seconds(10)

    /// Decides which entry runs next; nil: first in, first out, as in asyncio.
    var policy: (any SchedulePolicy)? {
      didSet { updateIsStepwise() }
    }

    /// The times of the current turn, while a limit is set.
    var turnTimes = TurnTimes()

    /// How long the end of a loop waits in silence for cancelled work that continues. Then the work is reported, tasks
    /// by their names, and the wait continues.
    public var slowShutdownDuration: Duration = .seconds(10)

    /// Receives the loop's reports; nil logs them. `loop.set_exception_handler()`, `loop.get_exception_handler()`.
    public var exceptionHandler: ExceptionHandler?

    /// Makes the loop's tasks; nil makes plain tasks. `loop.set_task_factory()`, `loop.get_task_factory()`.
    public var taskFactory: (any TaskFactory)? {
      didSet { hasTaskFactory = taskFactory != nil }
    }
    @safe @exclusivity(unchecked) @usableFromInline private(set) var hasTaskFactory = false

    /// Writes reports that nobody handles; by default to standard error.
    public var logger: (String) -> Void = { writeToStandardError($0) }

    /// How many turns the loop may make in its life before its run methods throw ``TurnLimitError``; nil: no limit.
    ///
    /// For tests in virtual time, where a program that never comes to rest would otherwise spin forever.
    public var turnLimit: Int? {
      get { state.turnLimit }
      set { state.turnLimit = newValue }
    }

    /// How many turns the loop has begun.
    public var turnCount: Int { state.turnCount }

    /// Which Python the loop, and what belongs to it, follows.
    public let semantics: Semantics

    /// Whether the Swift task that hosts a body is kept for other bodies when the body ends.
    @usableFromInline let reusesHosts: Bool
    /// What the bodies on such hosts inherit all the same.
    @usableFromInline let inheritedLocals: InheritedLocals?

    /// Creates a loop that is ready to run.
    /// - Parameters:
    ///   - clock: the kind of time that the loop's clock tells.
    ///   - debug: whether the loop starts in debug mode; by default as the environment says.
    ///   - reusesHosts: whether tasks share Swift tasks, one after another, instead of having one made for each. Then a
    ///     task does **not** inherit its creator's `@TaskLocal` values (but those that
    ///     ``init(clock:debug:reusesHosts:semantics:inheriting:)`` names), and debuggers don't show its name;
    ///     everything else is the same. Programs that make many short tasks become faster.
    ///   - semantics: which Python the loop follows.
    public convenience init(
      clock: LoopClock.Kind = .monotonic,
      debug: Bool? = nil,
      reusesHosts: Bool = false,
      semantics: Semantics = .python3_8
    ) {
      self.init(clock, debug, reusesHosts, semantics, inheriting: nil)
    }

    /// Creates a loop that is ready to run, and whose tasks inherit some of their creator's task-local values even if
    /// they share Swift tasks.
    ///
    /// ```swift
    /// Asyncio.EventLoop(reusesHosts: true, inheriting: Request.$id)
    /// ```
    /// A loop that does not reuse its hosts has its tasks inherit all of them in any case. Each local costs each task a
    /// closure.
    /// - Parameters:
    ///   - clock: the kind of time that the loop's clock tells.
    ///   - debug: whether the loop starts in debug mode; by default as the environment says.
    ///   - reusesHosts: whether tasks share Swift tasks, one after another.
    ///   - semantics: which Python the loop follows.
    ///   - locals: the task-locals, by their projected values, that a task takes from the code that creates it.
    public convenience init<each Local: Sendable>(
      clock: LoopClock.Kind = .monotonic,
      debug: Bool? = nil,
      reusesHosts: Bool,
      semantics: Semantics = .python3_8,
      inheriting locals: repeat TaskLocal<each Local>
    ) {
      self.init(
        clock,
        debug,
        reusesHosts,
        semantics,
        inheriting: reusesHosts ? InheritedLocals(repeat each locals) : nil
      )
    }

    private init(
      _ clock: LoopClock.Kind,
      _ debug: Bool?,
      _ reusesHosts: Bool,
      _ semantics: Semantics,
      inheriting locals: InheritedLocals?
    ) {
      self.semantics = semantics
      self.reusesHosts = reusesHosts
      inheritedLocals = locals
      let mailbox = Mailbox(isVirtual: clock == .virtual)
      self.mailbox = mailbox
      taskExecutor = LoopTaskExecutor(mailbox: mailbox)
      serialExecutor = LoopSerialExecutor(mailbox: mailbox, taskExecutor: taskExecutor)
      let runner = JobRunner(taskExecutor, serialExecutor)
      mailbox.runner.value = runner
      state = LoopState(runner: runner)
      self.clock = LoopClock(clock, mailbox: mailbox)
      state.isDebug = debug ?? Environment.isDebug
      updateIsStepwise()
      mailbox.loop.value = Unretained(self)
    }

    deinit {
      if !isClosed { tearDown() }
      // Observers that were added since the teardown.
      keepingObservers.letGoOthers()
      mailbox.loop.value = nil
      state.giveMemoryToThread()
    }

    /// The current time of the loop's clock. `loop.time()`.
    public var time: LoopClock.Instant { clock.now }
  }
}

extension Asyncio.EventLoop: CustomStringConvertible {
  /// `<EventLoop running=… closed=… debug=…>`.
  public var description: String { "<EventLoop running=\(isRunning) closed=\(isClosed) debug=\(isDebug)>" }
}
