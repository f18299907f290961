/// The part of a loop's state that every step works on.
///
/// The loop accesses its state unchecked: the run-time check of a property access for overlaps would cost more than the
/// access. With these checks, here and wherever else they are off, `gather` costs 68 % more, `lock` 88 %, and
/// `queue100` 153 % (`Benchmarks/check-costs`). In return, a change to one of these fields may not destroy anything
/// that could call back into the loop: the caller destroys removed values afterwards.
struct LoopState: ~Copyable {
  let runner: JobRunner
  var ready: Ring<ReadyEntry>
  var timers: TimerQueue
  /// Memory for items from other threads. Empty except while the items are moved to the ready queue.
  var posted = Ring<Mailbox.Item>()
  /// The entries of the current turn that are still to run.
  var leftInTurn = 0
  /// The pending tasks, in the order of their creation. A core removes itself before it goes.
  var pending = TaskList()
  /// The tasks whose bodies are being unwound. A core removes itself when its body has ended.
  var unwinding = TaskList()
  /// How many bodies are being unwound, each on top of the other's stack.
  var unwindingDepth = 0
  /// The tasks still to be unwound, because too many others are being unwound.
  var leftToUnwind: [TaskRef] = []
  /// How many tasks are starting eagerly, each on top of the other's stack.
  var eagerDepth = 0
  var nestedRelease = NestedRelease()
  var createdTasks = 0
  var createdTimers = 0
  /// How many futures there are. Together they keep the loop.
  var futureCount = 0
  /// The loop itself, while there are futures.
  var keptByFutures: Asyncio.EventLoop?
  /// The memory of the tasks' cores and of the hosts.
  var cores: RecordPool<TaskCore>
  var hosts: RecordPool<ReusableHost>
  /// The hosts that no body occupies, where the loop reuses its hosts.
  var idleHosts: [HostRef] = []
  /// How many turns the loop has begun.
  var turnCount = 0
  var turnLimit: Int?
  var isDebug = false
  /// The run method runs each entry, and no task drives: entries are timed, for reports of slow ones, or chosen by a
  /// policy.
  var isStepwise = false
  var isClosed = false
  /// A handle on the loop exists or has existed.
  var isShared = false
  /// A run method is on the stack.
  var isRunning = false
  /// The task whose step runs. The runner of the step keeps the task.
  var currentCore: TaskRef?
  /// The current job may be an actor's, in which code of other tasks than the current one runs.
  var runsActorJob = false
  /// How many tasks drive the loop, each on top of the other's stack.
  var driveDepth = 0
  /// An error that leaves the loop after the current entry.
  var escapingError: (any Error)?
  /// The run method is to return at the end of the turn.
  var isStopping = false
  /// The next job to be enqueued is handed to whoever caused it, and not scheduled.
  var isCapturing = false
  var captured: CapturedJob?
  /// The current host's own next job: the host hopped between executors of this loop.
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
