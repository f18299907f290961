// A task that starts eagerly takes its first step on the stack of its creator, within that one's own step.

extension Asyncio.EventLoop {
  /// Runs the body of a new task until it suspends or ends.
  func startEagerly(_ core: TaskRef) {
    let outer = (state.runsActorJob, state.driveDepth, currentCustomTask)
    state.runsActorJob = false
    // When the body suspends its creator goes on: nothing else may run before.
    state.driveDepth = Self.deepestDrive
    currentCustomTask = nil
    resume(core)
    (state.runsActorJob, state.driveDepth, currentCustomTask) = outer
  }
}
