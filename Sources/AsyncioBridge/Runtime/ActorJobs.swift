// Jobs that belong to no task of the loop: jobs of child tasks, and jobs of actors, in which several tasks may take
// turns.

extension Asyncio.EventLoop {
  /// Runs a job that belongs to no task of the loop. There is no current task meanwhile.
  func runChildJob(_ job: CapturedJob) {
    guard let thread else { preconditionFailure("AsyncioBridge: a job outside of the loop's code") }
    let outerContext = thread.record.context
    // Nobody else sees what a child sets.
    thread.record.context = outerContext?.copy()
    run(ofActor: job)
    thread.record.context = outerContext
  }

  /// The task whose code is calling; nil in a callback or a child task.
  @inline(__always)
  func callingCore() -> TaskRef? {
    if state.runsActorJob { return identifyCaller() }
    return currentCore
  }

  /// Runs a job in which several Swift tasks may take turns, as in an actor's job, which names none of them. Which task
  /// is running only shows when that task calls the library.
  func run(ofActor job: CapturedJob) {
    let outer = (state.runsActorJob, contextOwner, unownedContext)
    (state.runsActorJob, contextOwner, unownedContext) = (true, currentCore, nil)
    run(job)
    installContext(of: currentCore)
    (state.runsActorJob, contextOwner, unownedContext) = outer
  }

  /// The task whose code is calling in an actor's job; nil for a child task. Installs the caller's context as the
  /// current one.
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
