// How a step of asyncio maps onto Swift's runtime.
//
// The body of a task is hosted by a Swift task that prefers the loop's executor. Where the library suspends it, the
// host parks a continuation. To step the task, the loop resumes the continuation, catches the job that the runtime enqueues
// in consequence, and runs it at once: one step of a task is one call from the ready queue, as `coroutine.send()` is.

extension Asyncio.EventLoop {
  // MARK: Jobs from the runtime

  /// Takes a job that was enqueued on the loop's own thread.
  @inline(__always)
  func accept(_ job: UnownedJob, _ role: JobRole) {
    let next = CapturedJob(job: job, role: role)
    if state.isCapturing {
      state.isCapturing = false
      state.captured = next
    } else {
      acceptUnexpected(next)
    }
  }

  @inline(never)
  private func acceptUnexpected(_ next: CapturedJob) {
    let id = JobID(next.job)
    let currentCore = currentCore
    if let currentCore, currentCore.pointee.jobID == id {
      // The current host only changed executors: it goes on within the same step.
      state.hop = next
    } else if let core = foreignCores.removeValue(forKey: id) {
      state.ready.append(.foreignAwaitEnded(.init(owned: OwnedCore(core), job: next)))
    } else {
      currentCore?.pointee.mayHaveChildren = true
      state.ready.append(.childJob(next))
    }
  }

  /// Runs `cause`, which makes the runtime enqueue one job, and returns that job.
  ///
  /// Nil if none was enqueued: the task is resumed by way of an actor that is busy elsewhere.
  @inline(__always)
  func capture(_ cause: () -> Void) -> CapturedJob? {
    state.isCapturing = true
    cause()
    state.isCapturing = false
    let job = state.captured
    state.captured = nil
    return job
  }

  // MARK: Tasks

  /// The task whose step runs.
  var currentCore: TaskRef? {
    @inline(__always) get { state.currentCore }
  }

  /// Makes the loop ready for the creation of a Swift task that hosts a body; that inherits the task-locals of the
  /// caller, and does not begin before its first step.
  /// - Returns: what ``endHosting(_:_:_:eagerly:)`` wants to have.
  @usableFromInline
  func beginHosting() -> UInt {
    let outerOwner = isRunning ? 0 : mailbox.takeOwnership()
    state.isCapturing = true
    return outerOwner
  }

  /// The host has been created. Schedules the first step of its task, or takes it at once if the loop runs.
  @usableFromInline
  func endHosting(
    _ core: TaskRef,
    _ host: consuming _Concurrency.Task<Void, any Error>,
    _ outerOwner: UInt,
    eagerly: Bool
  ) {
    guard let first = state.captured else { preconditionFailure("AsyncioBridge: a new Swift task enqueued no job") }
    state.captured = nil
    if !isRunning { mailbox.giveUpOwnership(to: outerOwner) }
    core.pointee.swiftTask = consume host
    core.pointee.jobID = JobID(first.job)
    begin(core, eagerly: eagerly)
  }

  /// The task is complete, and its body will run.
  @inline(__always)
  func begin(_ core: TaskRef, eagerly: Bool) {
    core.retain()
    hostCount += 1
    addPending(core)
    if eagerly, isRunning { startEagerly(core) } else if let task = core.pointee.task { schedule(stepOf: task) }
  }

  /// Runs a task's next step. The caller keeps the task.
  @inline(__always)
  func step(_ task: Asyncio.AnyFuture) {
    if task.state == .pending, state.currentCore == nil, currentCustomTask == nil {
      let core = task.core.unsafelyUnwrapped
      core.pointee.waiter = nil
      resume(core)
    } else {
      refuseStep(of: task)
    }
  }

  @inline(never)
  private func refuseStep(of task: Asyncio.AnyFuture) {
    let error: any Error =
      if let other = currentCustomTask ?? currentCore?.task?.asTask, !task.isDone {
        Asyncio.RuntimeError("Cannot enter into task \(task) while another task \(other) is being executed.")
      } else {
        Asyncio.InvalidStateError("step of \(task): it is already done")
      }
    callbackDidThrow(error, in: "step of \(task)")
  }

  /// Resumes a parked body, or begins it, and runs it until it parks again, ends, or awaits something foreign.
  func resume(_ core: TaskRef) {
    if let continuation = core.pointee.continuation {
      core.pointee.continuation = nil
      if let next = capture({ continuation.resume() }) { run(next, of: core) } else { awaitForeign(core) }
    } else if core.pointee.hasBody {
      if reusesHosts { beginOnHost(core) } else { run(CapturedJob(job: core.pointee.jobID.job, role: .task), of: core) }
    } else {
      preconditionFailure("AsyncioBridge: a step of a task that is not parked: \(core.pointee.name)")
    }
  }

  @inline(__always)
  func run(_ job: CapturedJob, of core: TaskRef) {
    let thread = thread.unsafelyUnwrapped
    let outerCore = state.currentCore
    // The body may end, and its task may be gone already.
    core.retain()
    let host = core.pointee.host
    state.currentCore = core
    let outerContext = thread.pointee.context.take()
    thread.pointee.context = core.pointee.context.take()
    if JobID(job.job) == core.pointee.jobID { run(job) } else { run(ofActor: job) }
    while let next = state.hop {
      state.hop = nil
      run(next)
    }
    let context = thread.pointee.context.take()
    thread.pointee.context = outerContext
    state.currentCore = outerCore
    if let host { leave(host, context) } else { leave(core, context) }
    core.release()
  }

  /// The step of a task is over.
  @inline(__always)
  func leave(_ core: TaskRef, _ context: consuming Asyncio.Context?) {
    core.pointee.context = context
    if core.pointee.continuation == nil, !core.pointee.hasEnded { awaitForeign(core) }
  }

  @inline(__always)
  func run(_ job: CapturedJob) { state.runner.run(job.job, job.role) }

  /// The body has left the loop: its host comes back by a job of its own.
  func awaitForeign(_ core: TaskRef) {
    foreignCores[core.pointee.jobID] = core
    core.pointee.foreignTask = core.pointee.task.map { Owned($0) }
    if core.pointee.mustCancel || core.pointee.isAbandoned { core.cancelHost() }
  }

  func resumeForeign(_ core: TaskRef, _ job: CapturedJob) {
    let task = core.pointee.foreignTask.take()
    run(job, of: core)
    _ = consume task
  }

  @inline(__always)
  func bodyDidEnd(_ core: TaskRef) {
    hostCount -= 1
    if !foreignCores.isEmpty { _ = takeBack(core) }
  }

  /// A body that was in a foreign await is in the loop's hands again. Returns what has kept its task meanwhile.
  func takeBack(_ core: TaskRef) -> Owned<Asyncio.AnyFuture>? {
    foreignCores[core.pointee.jobID] = nil
    return core.pointee.foreignTask.take()
  }

  /// What keeps a task while it waits: what has kept it in a foreign await, or a reference more. Nil if there is no task
  /// any more.
  @inline(__always)
  func keeper(of core: TaskRef) -> Owned<Asyncio.AnyFuture>? {
    if core.pointee.foreignTask != nil { return takeBack(core) }
    return core.pointee.task.map { Owned($0) }
  }

  // MARK: Guests and actors

  /// Runs a job that is not a task's own, with no current task: a guest's, or an actor's.
  func runGuest(_ job: CapturedJob) {
    let thread = thread.unsafelyUnwrapped
    let outerContext = thread.pointee.context
    // What a guest sets is seen by nobody else.
    thread.pointee.context = outerContext?.copy()
    run(ofActor: job)
    thread.pointee.context = outerContext
  }

  /// The task whose code is calling, nil in a callback or a guest.
  @inline(__always)
  func callingCore() -> TaskRef? {
    if state.runsActorJob { return identifyCaller() }
    return currentCore
  }

  /// Runs a job in which several Swift tasks may have a turn, one after the other: so does that of an actor, which names
  /// none of them. Which one it is shows only when it calls the library.
  private func run(ofActor job: CapturedJob) {
    let outer = (state.runsActorJob, contextOwner, unownedContext)
    (state.runsActorJob, contextOwner, unownedContext) = (true, currentCore, nil)
    run(job)
    installContext(of: currentCore)
    (state.runsActorJob, contextOwner, unownedContext) = outer
  }

  /// The task, in an actor's job, whose code is calling; nil for a guest. Its context becomes the current one.
  @inline(never)
  @discardableResult
  func identifyCaller() -> TaskRef? {
    var caller: TaskRef?
    if let id = JobID.current {
      if let currentCore, currentCore.pointee.jobID == id { caller = currentCore } else { caller = foreignCores[id] }
    }
    installContext(of: caller)
    return caller
  }

  private func installContext(of core: TaskRef?) {
    guard core != contextOwner else { return }
    let thread = thread.unsafelyUnwrapped
    if let contextOwner {
      contextOwner.pointee.context = thread.pointee.context
    } else {
      unownedContext = thread.pointee.context
    }
    thread.pointee.context = core == nil ? unownedContext : core?.pointee.context
    contextOwner = core
  }

  /// Resumes a guest and runs it at once.
  func resume(guest continuation: UnsafeContinuation<Void, Never>) {
    whileRunning {
      if let next = capture({ continuation.resume() }) { runGuest(next) }
    }
  }

  // MARK: Abandoning

  /// Makes an abandoned body run to its end: its awaits throw `CancellationError` from now on, so that its `defer` blocks
  /// run and nothing of it leaks. What Python does by closing the coroutine.
  func unwind(_ core: TaskRef) {
    core.pointee.isAbandoned = true
    core.pointee.waiter = nil
    state.pending.remove(core)
    if core.pointee.continuation == nil, !core.pointee.hasBody {
      core.cancelHost()
    } else {
      // This may be within the step of another task, or an actor's job.
      let outer = state.runsActorJob
      state.runsActorJob = false
      whileRunning { resume(core) }
      state.runsActorJob = outer
    }
  }

  /// Gives up on a body that will not end.
  func abandonSuspended(_ core: TaskRef) {
    core.pointee.hasEnded = true
    hostCount -= 1
  }

  // MARK: Who has the thread

  /// Runs `body` as code of this loop on the calling thread, so that what the runtime enqueues comes straight here, and
  /// with the loop as the thread's running loop.
  func whileRunning<Result>(_ body: () throws -> Result) rethrows -> Result {
    let outerThread = thread
    let current = ThreadState.current
    let outerLoop = current.pointee.runningLoop
    let outerOwner = mailbox.takeOwnership()
    thread = current
    current.pointee.runningLoop = Unmanaged.passUnretained(self)
    defer {
      thread = outerThread
      current.pointee.runningLoop = outerLoop
      mailbox.giveUpOwnership(to: outerOwner)
    }
    return try body()
  }
}

// MARK: - The pending tasks

extension Asyncio.EventLoop {
  func addPending(_ core: TaskRef) {
    core.pointee.creationNumber = state.createdTasks
    state.createdTasks &+= 1
    state.pending.append(core)
  }

  /// The pending tasks, in the order of their creation.
  var pendingTasks: [Asyncio.AnyFuture] {
    var tasks: [Asyncio.AnyFuture] = []
    state.pending.forEach { core in
      if let task = core.task, task.state == .pending { tasks.append(task) }
    }
    return tasks
  }
}
