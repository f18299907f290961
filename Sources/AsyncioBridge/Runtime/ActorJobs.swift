// Jobs that are no task's own: of child tasks, and of actors, in which several tasks may have a turn.

extension Asyncio.EventLoop {
  /// Runs a job that is not a task's own, with no current task.
  func runChildJob(_ job: CapturedJob) {
    guard let thread else { preconditionFailure("AsyncioBridge: a job outside of the loop's code") }
    let outerContext = thread.record.context
    // What a child sets is seen by nobody else.
    thread.record.context = outerContext?.copy()
    run(ofActor: job)
    thread.record.context = outerContext
  }

  /// The task whose code is calling, nil in a callback or a child task.
  @inline(__always)
  func callingCore() -> TaskRef? {
    if state.runsActorJob { return identifyCaller() }
    return currentCore
  }

  /// Runs a job in which several Swift tasks may have a turn, one after the other: so does that of an actor, which names
  /// none of them. Which one it is shows only when it calls the library.
  func run(ofActor job: CapturedJob) {
    let outer = (state.runsActorJob, contextOwner, unownedContext)
    (state.runsActorJob, contextOwner, unownedContext) = (true, currentCore, nil)
    run(job)
    installContext(of: currentCore)
    (state.runsActorJob, contextOwner, unownedContext) = outer
  }

  /// The task, in an actor's job, whose code is calling; nil for a child task. Its context becomes the current one.
  @inline(never)
  @discardableResult
  func identifyCaller() -> TaskRef? {
    let id = JobID.current
    let caller = if let currentCore, currentCore.record.jobID == id { currentCore } else { foreignCores[id] }
    installContext(of: caller)
    return caller
  }

  private func installContext(of core: TaskRef?) {
    guard core != contextOwner, let thread else { return }
    if let contextOwner {
      contextOwner.record.context = thread.record.context
    } else {
      unownedContext = thread.record.context
    }
    thread.record.context = core == nil ? unownedContext : core?.record.context
    contextOwner = core
  }
}
