// How a body ends that nobody waits for any more, since its task has gone or its loop is closed. Python closes the
// coroutine then.

extension Asyncio.EventLoop {
  /// Makes an abandoned body run to its end: its awaits throw `CancellationError` from now on, so that its `defer`
  /// blocks run and nothing leaks.
  func unwind(_ core: TaskRef) {
    core.record.isAbandoned = true
    core.record.waiter = nil
    state.pending.remove(core)
    if core.hasEnded { return }
    state.unwinding.append(core)
    let isSuspendedHere =
      switch core.record.phase {
      case .unstarted: true
      case .parked: true
      default: false
      }
    // The body's own code is on the stack, or the body awaits something foreign. Its next await of the library throws.
    if !isSuspendedHere { return core.cancelHost() }
    // The end of the body may destroy another task that the body has kept. A chain of these may be longer than the
    // stack is deep.
    if state.unwindingDepth >= Self.deepestUnwinding { return state.leftToUnwind.append(core) }
    // This may happen within the step of another task, or within an actor's job.
    let outer = state.runsActorJob
    state.runsActorJob = false
    state.unwindingDepth += 1
    whileRunning {
      resume(core)
      while let next = state.leftToUnwind.popLast() { resume(next) }
      if !isRunning, !isClosed { runChildJobs() }
    }
    state.unwindingDepth -= 1
    state.runsActorJob = outer
  }

  private static var deepestUnwinding: Int { 32 }

  /// Gives up on a body that will not end.
  func abandonSuspended(_ core: TaskRef) {
    core.record.phase = .ended
    state.unwinding.remove(core)
    hostCount -= 1
  }

  /// Gives up on all bodies that have not ended: the loop knows that nothing will resume them.
  func abandonAllSuspended() {
    for core in state.unwinding.all {
      foreignCores[core.record.jobID] = nil
      abandonSuspended(core)
    }
  }

  /// An abandoned body gets nothing but cancellations, so that it unwinds. A body that ignores them forever is left
  /// where it is: there is no way to end it.
  nonisolated(nonsending) func cancelAwait(ofAbandoned core: TaskRef) async throws {
    core.record.cancelledAwaits += 1
    if core.record.cancelledAwaits > 100 {
      callExceptionHandler(
        Asyncio.ExceptionContext(
          message: "Task ignored that its loop was closed, and goes on awaiting: its body is left suspended for ever",
          taskName: core.record.name,
          subjectsContext: core.requireContext()
        )
      )
      abandonSuspended(core)
      await ParkedContinuation.suspendForGood()
    }
    throw Asyncio.cancellation
  }

  /// Whether the calling code belongs to a body that gets nothing but cancellations.
  var isUnwinding: Bool { callingCore()?.record.isAbandoned ?? isClosed }
}
