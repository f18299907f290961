/// The runner of a task's body: the Swift task that hosts the body, and asyncio's bookkeeping about steps and
/// cancellation.
///
/// A core is a record in the loop's pool. It counts its owners itself, on the loop's thread, so that a step touches no
/// atomic reference count. The owners are the task, the host until the body has ended, and scopes of the body; all of
/// them end before the loop goes. No owner but the task itself keeps the task. So a pending task can go away; this is
/// reported, and the body is unwound.
///
/// Only the files of this folder change a core's phase: `+Stepping` begins and ends steps, `+Waiting` suspends the
/// body, `+Cancellation` interrupts it, `+Unwinding` ends a body that nobody waits for any more.
@usableFromInline
struct TaskCore: ~Copyable {
  /// Where the body is. Docs/architecture.md has a diagram of the transitions.
  enum Phase: ~Copyable {
    /// The body has not begun: it lies in `body`, and the first step is scheduled.
    case unstarted
    /// The body's code is on the stack, in a step, perhaps below a task that it has started eagerly.
    case running
    /// The body has arranged for its next step, and runs the loop on its own stack until that step comes up.
    case driving
    /// The body is suspended in an await of the library.
    case parked(ParkedContinuation)
    /// The body is in an await of something outside the loop. The payload keeps the task, as the callback list of a
    /// future does otherwise. In an actor's job the body's code may run in this phase, until the body awaits the
    /// library again.
    case foreign(Owned<Asyncio.AnyFuture>?)
    /// The body has ended, or never began and never will.
    case ended
  }

  // Invariants, while the task is not done (`checkInvariants` checks those with a star):
  // 1. If `waiter` is nil, a step of the task is scheduled or runs, or the task is in a foreign await. Otherwise the
  //    task's wakeup is one of the callbacks of `waiter`, and no step is scheduled. The wakeup is the only way from the
  //    latter state to the former.
  // 2.* `waiter` is nil unless the task is parked, or drives, or its next step is being arranged.
  // 3.* An unstarted body has neither a waiter nor a pending error.
  // 4.* Once a body has ended, the core is on no list of the loop.

  /// The loop, which the task keeps, and which outlives the bodies of its tasks.
  @usableFromInline let loop: Unretained<Asyncio.EventLoop>
  /// The task; nil once the task has gone. The task clears this itself.
  var task: Unretained<Asyncio.AnyFuture>?
  /// The future that the task waits for. Still set between that future's completion and the next step. The suspended
  /// `await` keeps the future.
  var waiter: Unretained<Asyncio.AnyFuture>?
  /// Only the files of this folder change this.
  var phase = Phase.unstarted
  /// Identifies the host among the jobs enqueued on the loop.
  var jobID = JobID.none
  /// The host that the body runs on, where the loop reuses its hosts.
  var host: HostRef?

  fileprivate var ownerCount: UInt32 = 1
  /// A cancellation is due at the next step.
  var mustCancel = false
  /// Nobody will look at the task any more: every further await of the body throws at once, so that the body ends.
  var isAbandoned = false
  /// Whether the task is reported if it goes away while pending.
  var reportsDestruction = true
  /// Jobs that are not the host's were enqueued in the task's steps, so child tasks may be waiting elsewhere.
  var mayHaveChildren = false
  /// A cancellation is on its way through what the task waits for.
  var isPassingOnCancellation = false
  /// There is an error to throw into the body at the next step.
  private var hasPendingError = false
  var cancelledAwaits: UInt8 = 0

  /// The context while the task is not running. While the task runs, its thread has the context.
  var context: Asyncio.Context?
  /// The context, if there is one, whether the task runs or not.
  var ownContext: Asyncio.Context?
  /// The body before its first step.
  @usableFromInline var body = ErasedBody()
  var swiftTask: _Concurrency.Task<Void, any Error>?
  /// The task's place on the loop's list of pending tasks, or on its list of bodies that are unwound.
  var link = TaskList.Link()
  /// Numbers the loop's tasks.
  var creationNumber = 0
  /// How many accepted requests to cancel the task have not been withdrawn.
  var cancelRequests = 0
  private let number: Int
  private var coldFields: ColdFields?
  #if DEBUG
    /// The counters that count this core. Kept, since the core may outlive the loop.
    fileprivate let debugCounters: DebugCounters
  #endif

  /// Fields that few tasks need.
  private final class ColdFields {
    var name: String?
    var pendingError: (any Error)?
  }

  private mutating func requireColdFields() -> ColdFields {
    if let coldFields { return coldFields }
    let coldFields = ColdFields()
    self.coldFields = coldFields
    return coldFields
  }

  var name: String {
    get { coldFields?.name ?? "Task-\(number)" }
    set { requireColdFields().name = newValue }
  }

  /// Thrown into the body at the next step.
  var pendingError: (any Error)? {
    get { hasPendingError ? coldFields?.pendingError : nil }
    set {
      if newValue == nil, !hasPendingError { return }
      hasPendingError = newValue != nil
      requireColdFields().pendingError = newValue
    }
  }

  /// Whether the end of the wait is to throw into the body.
  var isInterrupted: Bool {
    @inline(__always) get { mustCancel || isAbandoned || hasPendingError }
  }

  @inline(__always)
  fileprivate init(loop: Asyncio.EventLoop, name: String?, context: Asyncio.Context?) {
    self.loop = Unretained(loop)
    self.context = context
    ownContext = context
    number = name == nil ? TaskNumber.next() : 0
    #if DEBUG
      debugCounters = loop.debugCounters
      debugCounters.addHosts(1)
    #endif
    if let name { self.name = name }
  }
}

@usableFromInline typealias TaskRef = RecordRef<TaskCore>

// MARK: - The phase

extension TaskRef {
  @inline(__always)
  var isRunning: Bool {
    switch record.phase {
    case .running: true
    default: false
    }
  }

  @inline(__always)
  var isDriving: Bool {
    switch record.phase {
    case .driving: true
    default: false
    }
  }

  var isUnstarted: Bool {
    switch record.phase {
    case .unstarted: true
    default: false
    }
  }

  /// Whether the body is in an await of something outside the loop.
  @inline(__always)
  var isForeign: Bool {
    switch record.phase {
    case .foreign: true
    default: false
    }
  }

  @usableFromInline
  @inline(__always)
  var hasEnded: Bool {
    switch record.phase {
    case .ended: true
    default: false
    }
  }

  /// Debug builds check at the end of each transition what types can't say.
  @inline(__always)
  func checkInvariants() {
    #if DEBUG
      if let task = record.task, task.with({ $0.isDone }) { return }
      switch record.phase {
      case .unstarted:
        precondition(record.waiter == nil && record.pendingError == nil, describeBroken(3))
      case .running: precondition(record.waiter == nil, describeBroken(2))
      case .foreign: precondition(record.waiter == nil, describeBroken(2))
      case .ended: precondition(!record.link.isOnList, describeBroken(4))
      case .driving: break
      case .parked: break
      }
    #endif
  }

  #if DEBUG
    private func describeBroken(_ invariant: Int) -> String {
      "AsyncioBridge: invariant \(invariant) of task '\(record.name)' is broken"
    }
  #endif
}

// MARK: - Making and owning

extension TaskRef {
  /// - Throws: `RuntimeError` if the loop is closed, or if too many tasks start eagerly.
  @usableFromInline
  static func create(
    on loop: Asyncio.EventLoop,
    name: String?,
    context: Asyncio.Context?,
    eagerly: Bool
  ) throws -> TaskRef {
    loop.assertOnLoop()
    try loop.checkNotClosed()
    if eagerly { try loop.checkEagerDepth() }
    return make(loop, name: name, context: context ?? Asyncio.Context.inherited(on: loop))
  }

  /// A core that the caller owns.
  static func make(_ loop: Asyncio.EventLoop, name: String?, context: Asyncio.Context?) -> TaskRef {
    let core = loop.state.cores.take()
    core.initialize(to: TaskCore(loop: loop, name: name, context: context))
    return core
  }

  /// The name that debuggers show. The runtime copies it, so a name that nobody gave is not made.
  @usableFromInline
  func nameForDebuggers(_ given: String?) -> String? {
    given == nil && !onLoop(\.isDebug) ? nil : record.name
  }

  /// The task, if it still exists, and the future that it waits for. Both are counted references, so steps don't use
  /// these.
  var task: Asyncio.AnyFuture? { record.task?.object }
  var waiter: Asyncio.AnyFuture? { record.waiter?.object }

  @inline(__always)
  func retain() {
    #if DEBUG
      precondition(record.ownerCount > 0, "AsyncioBridge: task '\(record.name)' is retained after it was released")
    #endif
    record.ownerCount &+= 1
  }

  @usableFromInline
  func release() {
    #if DEBUG
      precondition(record.ownerCount > 0, "AsyncioBridge: task '\(record.name)' is released more often than retained")
    #endif
    record.ownerCount &-= 1
    if record.ownerCount == 0 { destroy() }
  }

  private func destroy() {
    #if DEBUG
      record.debugCounters.addHosts(-1)
    #endif
    let loop = record.loop
    deinitialize()
    loop.with { $0.state.cores.giveBack(self) }
  }

  @inline(__always)
  func onLoop<Result>(_ body: (Asyncio.EventLoop) -> Result) -> Result { record.loop.with(body) }
}
