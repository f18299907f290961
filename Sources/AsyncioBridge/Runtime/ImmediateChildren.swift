// `Task.immediate` and `addImmediateTask` begin a Swift task at once, within the step of the task that makes it and on its
// stack. Nothing tells the loop but the identity of the Swift task, which is compared before anything is arranged for its
// wait: so the child neither runs the loop within its parent's step nor spends its parent's cancellation.

extension Asyncio.EventLoop {
  /// - Throws: `RuntimeError` if the caller is a child task that would go on off the loop.
  func checkChildPrefersLoop() throws {
    // Elsewhere a caller that is no task's host is on the loop's thread because its executor, or its actor's, is the loop's.
    guard let parent = state.currentCore, !state.runsActorJob else { return }
    let prefersLoop = unsafe withUnsafeCurrentTask { unsafe $0?.unownedTaskExecutor == state.runner.taskExecutor }
    if prefersLoop { return }
    throw Asyncio.RuntimeError(
      "A Swift task that Task.immediate began within task \(parent.task?.describe() ?? parent.record.name) can't wait for "
        + "the loop, since it would go on off the loop: use Asyncio.createTask, async let or a task group"
    )
  }
}
