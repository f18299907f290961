// `Task.immediate` and `addImmediateTask` begin a Swift task at once, on the stack of the task that creates it and
// within that task's step. Nothing tells the loop about the new task. So the identity of the Swift task is compared
// before anything is arranged for a wait: the child neither runs the loop within its parent's step nor consumes its
// parent's cancellation.

extension Asyncio.EventLoop {
  /// The task whose own body is calling; nil in a child that began within the task's step, too.
  func callingBody() -> TaskRef? {
    guard let core = callingCore(), core.record.jobID == .current else { return nil }
    return core
  }

  /// - Throws: `RuntimeError` if the caller is a child task that would resume off the loop.
  func checkChildPrefersLoop() throws {
    // Outside of a task's step, a caller that is no task's host is on the loop's thread because its executor, or its
    // actor's, is the loop's.
    guard let parent = state.currentCore, !state.runsActorJob else { return }
    let prefersLoop = unsafe withUnsafeCurrentTask { unsafe $0?.unownedTaskExecutor == state.runner.taskExecutor }
    if prefersLoop { return }
    throw Asyncio.RuntimeError(
      "A Swift task that Task.immediate began within task \(parent.task?.describe() ?? parent.record.name) can't wait for "
        + "the loop, since it would go on off the loop: use Asyncio.createTask, async let or a task group"
    )
  }
}
