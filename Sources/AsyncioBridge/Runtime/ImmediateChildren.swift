// `Task.immediate` and `addImmediateTask` begin a Swift task at once, within the step of the task that makes it and on its
// stack. Nothing tells the loop, which takes what the new one does for the doing of the other, until it has to suspend:
// whose continuation that is, is for all to see.

extension TaskRef {
  /// Keeps the continuation of a body that is to suspend. False if it is of another Swift task, which then goes on.
  @usableFromInline
  func park(_ continuation: UnsafeContinuation<Void, Never>) -> Bool {
    if JobID(continuation) == pointee.jobID {
      pointee.continuation = continuation
      return true
    }
    continuation.resume()
    return false
  }
}

extension Asyncio.EventLoop {
  /// Suspends a Swift task that was begun within the step of a task, as the guest that it is.
  /// - Parameter future: what it waits for; nil: a turn.
  @inline(never)
  nonisolated(nonsending) func suspendChild(of core: TaskRef, until future: Asyncio.AnyFuture?) async throws {
    takeBackStep(of: core, after: future)
    if !callerPrefersLoop {
      throw Asyncio.RuntimeError(
        "A Swift task that Task.immediate began within task \(core.task?.describe() ?? core.pointee.name) can't wait for "
          + "the loop, since it would go on off the loop: use Asyncio.createTask, async let or a task group"
      )
    }
    try await waitAsGuest(for: future)
  }

  /// The task's step goes on: what was arranged for its next one was for another.
  private func takeBackStep(of core: TaskRef, after future: Asyncio.AnyFuture?) {
    core.pointee.waiter = nil
    core.pointee.pendingError = nil
    guard let task = core.pointee.task else { return }
    if let future, !future.isDone { future.callbacks.removeWakeup(of: task) }
    func isStep(_ entry: borrowing ReadyEntry) -> Bool {
      switch entry {
      case .step(let other): other.unretained.toOpaque() == task.toOpaque()
      default: false
      }
    }
    guard let place = state.ready.firstIndex(where: isStep) else { return }
    state.ready.removeAll(where: isStep)
    if place < state.leftInTurn { state.leftInTurn -= 1 }
  }

  /// Whether the Swift task that is calling comes back here from wherever it waits.
  private var callerPrefersLoop: Bool {
    withUnsafeCurrentTask { $0?.unownedTaskExecutor == state.runner.taskExecutor }
  }
}
