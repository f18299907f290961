/// What runs a task's body: the Swift task that hosts it, and asyncio's bookkeeping about its steps and cancellation.
///
/// A record in the memory of the loop's pool, whose owners it counts itself, so that a step touches no atomic reference
/// count: all of it happens on the loop's thread. Its owners are the task, the host until the body has ended, and scopes of
/// the body, all of which end before the loop goes. None of them but the task itself keeps the task: so a pending one can go
/// away, which is reported, and its body is unwound.
///
/// The files of this folder are the only ones that change a core's phase: `+Stepping` begins and ends its steps,
/// `+Waiting` suspends it, `+Cancellation` interrupts it, `+Unwinding` ends a body that nobody waits for any more.
@usableFromInline
struct TaskCore: ~Copyable {
  /// Where the body is. Docs/architecture.md has a picture of the transitions.
  enum Phase: ~Copyable {
    /// It has not begun: it lies in `body`, and the first step is scheduled.
    case unstarted
    /// Its code is on the stack, in a step, be it that a task which it has started eagerly runs on top of it.
    case running
    /// It has arranged for its next step, and runs the loop on its own stack until that comes up.
    case driving
    /// It is suspended in an await of the library.
    case parked(ParkedContinuation)
    /// It is in an await of something that is not the loop's, which keeps the task, as the callback list of a future does
    /// otherwise. In an actor's job its code may run in this phase, until it awaits the library again.
    case foreign(Owned<Asyncio.AnyFuture>?)
    /// It has ended, or never began and never will.
    case ended
  }

  // Invariants, while the task is not done; `checkInvariants` checks those with a star:
  // 1. Either `waiter` is nil, and a step of the task is scheduled, or runs, or the task is in a foreign await;
  //    or `waiter` is a future, one of its callbacks is the task's wakeup, and no step is scheduled.
  //    The only way from the latter to the former is that wakeup.
  // 2.* `waiter` is nil unless the task is parked, or drives, or its next step is being arranged.
  // 3.* An unstarted body has neither a waiter nor an error to be told of.
  // 4.* Once a body has ended the core is on no list of the loop's.

  /// The loop, which the task keeps, and which does not go before the bodies of its tasks have ended.
  @usableFromInline let loop: Unretained<Asyncio.EventLoop>
  /// The task. Nil once that has gone away; it clears this itself.
  var task: Unretained<Asyncio.AnyFuture>?
  /// What the task waits for; still set between that future's completion and the next step. The suspended `await`
  /// keeps it.
  var waiter: Unretained<Asyncio.AnyFuture>?
  /// Changed by the files of this folder alone.
  var phase = Phase.unstarted
  /// Identifies the host among the jobs that are enqueued on the loop.
  var jobID = JobID.none
  /// The host on which the body runs, where the loop reuses its hosts.
  var host: HostRef?

  fileprivate var ownerCount: UInt32 = 1
  /// A cancellation is due at the next step.
  var mustCancel = false
  /// Nobody will look at the task any more: every further await of the body throws at once, so that it ends.
  var isAbandoned = false
  /// Whether a pending task that goes away is reported.
  var reportsDestruction = true
  /// Jobs that are not the host's were enqueued in its steps: it may have child tasks that are waiting elsewhere.
  var mayHaveChildren = false
  /// A cancellation is on its way through what the task waits for.
  var isPassingOnCancellation = false
  /// There is an error to be thrown into the body at the next step.
  private var hasPendingError = false
  var cancelledAwaits: UInt8 = 0

  /// The context while the task does not run; while it does, the context is its thread's.
  var context: Asyncio.Context?
  /// The context, if there is one, wherever the task is.
  var ownContext: Asyncio.Context?
  /// The body before its first step.
  @usableFromInline var body = ErasedBody()
  var swiftTask: _Concurrency.Task<Void, any Error>?
  /// The place on the loop's list of pending tasks, or on that of those that are unwound.
  var link = TaskList.Link()
  /// Counts the loop's tasks.
  var creationNumber = 0
  /// How many requests to cancel the task were accepted and have not been taken back.
  var cancelRequests = 0
  private let number: Int
  private var coldFields: ColdFields?
  #if DEBUG
    /// Counts this; kept, since the core may go after the loop.
    fileprivate let debugCounters: DebugCounters
  #endif

  /// What few tasks have.
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

  /// Whether something is to be thrown into the body at the end of its wait.
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

  /// Whether the body is in an await of something that is not the loop's.
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

  /// The name that debuggers show. It is a copy, and so not made for a name that nobody gave.
  @usableFromInline
  func nameForDebuggers(_ given: String?) -> String? {
    given == nil && !onLoop(\.isDebug) ? nil : record.name
  }

  /// The task, if it is still there, and what it waits for; counted, so not for what every step does.
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
