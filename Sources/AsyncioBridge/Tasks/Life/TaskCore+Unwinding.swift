// How a body ends that nobody waits for any more, since its task has gone or its loop is closed: what Python does by closing
// the coroutine.

extension Asyncio.EventLoop {
  /// Makes an abandoned body run to its end: its awaits throw `CancellationError` from now on, so that its `defer` blocks
  /// run and nothing of it leaks.
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
    // Code of its own is on the stack, or something else has the body. Its next await of the library throws.
    if !isSuspendedHere { return core.cancelHost() }
    // Its end may be that of what it has kept, another task: such a chain may be longer than the stack is deep.
    if state.unwindingDepth >= Self.deepestUnwinding { return state.leftToUnwind.append(core) }
    // This may be within the step of another task, or an actor's job.
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

  /// The same for all that are left: for a loop that knows that nothing will resume them.
  func abandonAllSuspended() {
    for core in state.unwinding.all {
      foreignCores[core.record.jobID] = nil
      abandonSuspended(core)
    }
  }

  /// An abandoned body gets nothing but cancellations, so that it unwinds. One that goes on for ever in spite of them
  /// is left behind where it is: there is no way to end it.
  nonisolated(nonsending) func cancelAwait(ofAbandoned core: TaskRef) async throws {
    core.record.cancelledAwaits += 1
    if core.record.cancelledAwaits > 100 {
      callExceptionHandler(
        Asyncio.ExceptionContext(
          message: "Task ignored that its loop was closed, and goes on awaiting: its body is left suspended for ever",
          taskName: core.record.name
        )
      )
      abandonSuspended(core)
      await ParkedContinuation.suspendForGood()
    }
    throw Asyncio.cancellation
  }

  /// Whether the code that asks belongs to a body that gets nothing but cancellations any more.
  var isUnwinding: Bool { callingCore()?.record.isAbandoned ?? isClosed }
}
