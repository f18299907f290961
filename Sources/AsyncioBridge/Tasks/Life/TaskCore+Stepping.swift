// The steps of a task, from the first to the end. A step is one call from the ready queue, like `coroutine.send()` in
// Python.

extension Asyncio.EventLoop {
  /// The task whose step runs.
  var currentCore: TaskRef? {
    @inline(__always) get { state.currentCore }
  }

  /// The task is complete, and its body will run. Schedules the first step, or takes it at once if the loop runs.
  @inline(__always)
  func begin(_ core: TaskRef, eagerly: Bool) {
    core.retain()
    hostCount += 1
    addPending(core)
    if eagerly, isRunning { startEagerly(core) } else if let task = core.record.task { schedule(stepOf: task) }
  }

  /// Takes the first step of a new task on the stack of its creator, within the creator's own step.
  private func startEagerly(_ core: TaskRef) {
    state.eagerDepth += 1
    let outer = (state.runsActorJob, state.driveDepth, currentCustomTask)
    state.runsActorJob = false
    // When the body suspends, its creator continues. Nothing else may run before.
    state.driveDepth = Self.deepestDrive
    currentCustomTask = nil
    resume(core)
    (state.runsActorJob, state.driveDepth, currentCustomTask) = outer
    state.eagerDepth -= 1
  }

  /// Nested eager starts must not use up the stack, of which each takes some: in a debug build many times as much.
  /// - Throws: `RuntimeError` if too many are nested, where Python raises `RecursionError`.
  func checkEagerDepth() throws {
    if state.eagerDepth < Self.safeEagerDepth || !isRunning { return }
    if state.eagerDepth < Self.deepestEagerStart, freeStack() ?? 0 > Self.stackForEagerStart { return }
    throw Asyncio.RuntimeError(
      "Eager starts are nested \(state.eagerDepth) deep, each within the first step of the one before, and would use up the "
        + "stack: create such tasks without eagerStart (or the EagerTaskFactory), so that the loop begins them"
    )
  }

  /// How deep they may be nested on any stack.
  private static var safeEagerDepth: Int { 16 }
  /// How deep they may be nested at all: about as deep as in Python.
  private static var deepestEagerStart: Int { 1000 }
  /// How many bytes of the stack have to be free for one more, and for what its body calls.
  private static var stackForEagerStart: Int { 128 * 1024 }

  /// Runs a task's next step. The caller keeps the task.
  @inline(__always)
  func step(_ task: Asyncio.AnyFuture) {
    if task.state == .pending, state.currentCore == nil, currentCustomTask == nil, let core = task.core {
      core.record.waiter = nil
      resume(core)
    } else {
      reportImpossibleStep(of: task)
    }
  }

  @inline(never)
  private func reportImpossibleStep(of task: Asyncio.AnyFuture) {
    let error: any Error =
      if let other = currentCustomTask ?? currentCore?.task?.asTask, !task.isDone {
        Asyncio.RuntimeError("Cannot enter into task \(task) while another task \(other) is being executed.")
      } else {
        Asyncio.InvalidStateError("step of \(task): it is already done")
      }
    callbackDidThrow(error, in: "step of \(task)")
  }

  /// Resumes a parked body, or begins one, and runs it until it parks again, ends, or awaits something foreign.
  func resume(_ core: TaskRef) {
    var phase = TaskCore.Phase.running
    swap(&phase, &core.record.phase)
    switch consume phase {
    case .parked(let continuation):
      if let next = capture({ continuation.resume() }) { run(next, of: core) } else { awaitForeign(core) }
    case .unstarted:
      if reusesHosts { beginOnHost(core) } else { run(CapturedJob(firstJobOf: core), of: core) }
    default: preconditionFailure("AsyncioBridge: a step of a task that is not suspended: \(core.record.name)")
    }
  }

  /// Runs a job of a task's host as a step of the task.
  @inline(__always)
  func run(_ job: CapturedJob, of core: TaskRef) {
    guard let thread else { preconditionFailure("AsyncioBridge: a step outside of the loop's code") }
    let outerCore = state.currentCore
    // The body may end, and its task may already be gone.
    let owned = OwnedTask(core)
    let host = core.record.host
    state.currentCore = core
    let outerContext = thread.record.context.take()
    thread.record.context = core.record.context.take()
    if JobID(job.job) == core.record.jobID { run(job) } else { run(ofActor: job) }
    while let next = state.hop {
      state.hop = nil
      run(next)
    }
    let context = thread.record.context.take()
    thread.record.context = outerContext
    state.currentCore = outerCore
    if let host { stepDidEnd(on: host, context) } else { stepDidEnd(core, context) }
    _ = consume owned
  }

  /// The step of a task is over.
  @inline(__always)
  func stepDidEnd(_ core: TaskRef, _ context: consuming Asyncio.Context?) {
    core.record.context = context
    if core.isRunning { awaitForeign(core) }
    core.checkInvariants()
  }

  // MARK: Foreign awaits

  /// The body has left the loop. Its host comes back by a job of its own.
  private func awaitForeign(_ core: TaskRef) {
    foreignCores[core.record.jobID] = core
    core.record.phase = .foreign(core.record.task.map { Owned($0) })
    if core.record.mustCancel || core.record.isAbandoned { core.cancelHost() }
    core.checkInvariants()
  }

  /// Runs the next step of a task whose foreign await has ended.
  func resumeForeign(_ core: TaskRef, _ job: CapturedJob) {
    // Kept for the step.
    let keeper = foreignAwaitDidEnd(core)
    run(job, of: core)
    _ = consume keeper
  }

  /// A body that was in a foreign await has come back to the loop. Returns the reference that has kept the task
  /// meanwhile, for the next keeper of the task.
  func foreignAwaitDidEnd(_ core: TaskRef) -> Owned<Asyncio.AnyFuture>? {
    foreignCores[core.record.jobID] = nil
    var phase = TaskCore.Phase.running
    swap(&phase, &core.record.phase)
    switch consume phase {
    case .foreign(let keeper): return keeper
    default: preconditionFailure("AsyncioBridge: the end of an await of task '\(core.record.name)' that it is not in")
    }
  }
}

// MARK: - In the body

extension TaskRef {
  /// The core whose host takes its first step.
  @usableFromInline
  static var current: TaskRef {
    guard let core = Asyncio.EventLoop.currentUnretained().with({ $0.state.currentCore }) else {
      preconditionFailure("AsyncioBridge: a body begins outside of its first step")
    }
    return core
  }

  @inlinable
  @inline(__always)
  func keepBody<Value>(_ body: nonisolated(nonsending) @escaping () async throws -> Value) {
    record.body.put(ErasedBody.Typed(body))
  }

  /// The first call on the host: takes the body, or throws if the body is never to begin.
  @inlinable
  @inline(__always)
  func takeBody<Value>(of type: Value.Type) throws -> ErasedBody.Typed<Value> {
    let body = record.body.take(Value.self)
    try begin()
    return body
  }

  @usableFromInline
  func begin() throws {
    if record.isAbandoned || record.mustCancel {
      record.mustCancel = false
      throw Asyncio.cancellation
    }
  }

  // MARK: The end

  /// A task that failed before its start has no body.
  func endUnstarted() { record.phase = .ended }

  /// The body has returned, and the host lets go of the core.
  @inlinable
  @inline(__always)
  func end<Value>(with value: Value) {
    if let task = beginEndWithValue() {
      task.with { $0.known(as: Asyncio.Future<Value>.self).complete(value) }
    }
    finishEnd()
  }

  /// Returns the task if it is to be given the value.
  @usableFromInline
  func beginEndWithValue() -> Unretained<Asyncio.AnyFuture>? {
    guard let task = beginEnd() else { return nil }
    if record.mustCancel {
      // The task was cancelled right before the body returned.
      record.mustCancel = false
      task.with { _ = $0.cancelFuture(message: $0.cancelMessage) }
      return nil
    }
    return task
  }

  /// The body has thrown, and the host lets go of the core.
  @usableFromInline
  func end(throwing error: any Error) {
    beginEnd()?.with { task in
      // A cast takes the runtime long.
      if type(of: error) == CancellationError.self {
        _ = task.cancelFuture(message: task.cancelMessage)
      } else {
        task.fail(error)
        if let error = error as? any Asyncio.BaseError { task.loop.state.escapingError = error }
      }
    }
    finishEnd()
  }

  /// The body has ended. Returns the task if it is to be told; its keeper keeps it until `finishEnd`.
  @inline(__always)
  private func beginEnd() -> Unretained<Asyncio.AnyFuture>? {
    // The runtime then frees the Swift task as soon as the Swift task has ended, while it is in the cache.
    record.swiftTask = nil
    onLoop { loop in
      loop.hostCount -= 1
      if record.isAbandoned { loop.state.unwinding.remove(self) }
    }
    guard let task = record.task, task.with({ $0.state == .pending }) else { return nil }
    onLoop { $0.state.pending.remove(self) }
    return task
  }

  /// The task has been told of its end.
  @usableFromInline
  func finishEnd() {
    if isForeign { onLoop { _ = $0.foreignAwaitDidEnd(self) } }
    record.phase = .ended
    checkInvariants()
    release()
  }
}

// MARK: - The pending tasks

extension Asyncio.EventLoop {
  private func addPending(_ core: TaskRef) {
    core.record.creationNumber = state.createdTasks
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
