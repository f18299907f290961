/// The part of a loop's state that every step works on.
///
/// The loop accesses it unchecked: the run-time check of each access to a property for overlapping with another would
/// cost more than the access. With such checks here and wherever else there are none, `gather` costs 68 % more,
/// `lock` 88 %, and `queue100` 153 % (`Benchmarks/check-costs`). In return, nothing may be destroyed while one of
/// these is being changed that could call back into the loop: what is taken out is destroyed by the caller,
/// afterwards.
struct LoopState: ~Copyable {
  let runner: JobRunner
  var ready: Ring<ReadyEntry>
  var timers: TimerQueue
  /// Memory for what other threads hand in; empty but for the moment in which that is made ready.
  var posted = Ring<Mailbox.Item>()
  /// The entries of the current turn that have yet to run.
  var leftInTurn = 0
  /// The tasks that are pending, in the order of their creation. A core takes itself off before it goes.
  var pending = TaskList()
  /// Those whose bodies are unwound. A core takes itself off when its body has ended.
  var unwinding = TaskList()
  /// How many bodies are being unwound, one on the stack of the other.
  var unwindingDepth = 0
  /// Those that are still to be unwound, since too many others are.
  var leftToUnwind: [TaskRef] = []
  /// How many tasks start eagerly, one on the stack of the other.
  var eagerDepth = 0
  var nestedRelease = NestedRelease()
  var createdTasks = 0
  var createdTimers = 0
  /// How many futures there are, which together keep the loop.
  var futureCount = 0
  /// The loop itself while there are futures.
  var keptByFutures: Asyncio.EventLoop?
  /// The memory of the tasks' cores and of the hosts.
  var cores: RecordPool<TaskCore>
  var hosts: RecordPool<ReusableHost>
  /// Where the loop keeps its hosts, those that no body occupies.
  var idleHosts: [HostRef] = []
  /// How many turns the loop has begun.
  var turnCount = 0
  var turnLimit: Int?
  var isDebug = false
  /// Each entry is run by the run method, and no task drives: it is timed, for reports of what is slow, or chosen.
  var isStepwise = false
  var isClosed = false
  /// There is, or has been, a handle on the loop.
  var isShared = false
  /// A run method is on the stack.
  var isRunning = false
  /// The task whose step runs. Whoever runs the step keeps it.
  var currentCore: TaskRef?
  /// The job that runs may be an actor's, with code of other tasks than the current one in it.
  var runsActorJob = false
  /// How many tasks drive the loop, one on the stack of the other.
  var driveDepth = 0
  /// An error that leaves the loop after the entry that runs.
  var escapingError: (any Error)?
  /// The run method is to return at the end of the turn.
  var isStopping = false
  /// The next job that is enqueued is not to be scheduled but handed to who caused it.
  var isCapturing = false
  var captured: CapturedJob?
  /// The current host's own next job: it hopped between executors of this loop.
  var hop: CapturedJob?

  init(runner: JobRunner) {
    self.runner = runner
    let memory = LoopMemory.ofThread()
    ready = memory.ready
    timers = memory.timers
    cores = memory.cores
    hosts = memory.hosts
  }
}
