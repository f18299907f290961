// How a task is asked to end, and how its body learns of the request.

extension TaskRef {
  /// The future that the task waits for has not accepted the cancellation, or the task waits for nothing.
  func cancelAtNextStep() {
    record.mustCancel = true
    // In a foreign await only Swift's own flag can reach the body.
    if isForeign { cancelHost() }
  }

  /// The cancellation has come back to this task, which waits for itself by way of others. So the task stops waiting;
  /// the others are told when it has ended. In Python the recursion does not end.
  func breakCircularWait() {
    guard let task = record.task, let waiter else { return }
    record.mustCancel = true
    waiter.callbacks.removeWakeup(of: task)
    record.waiter = nil
    onLoop { $0.schedule(stepOf: task) }
  }

  /// Withdraws a request to cancel the task, and returns how many are left. `Task.uncancel()`.
  func uncancel() -> Int {
    if record.cancelRequests > 0 {
      record.cancelRequests -= 1
      if record.cancelRequests == 0 { record.mustCancel = false }
    }
    return record.cancelRequests
  }

  /// Sets Swift's own flag for whatever the body awaits.
  func cancelHost() {
    if let host = record.host {
      host.record.isCancelled = true
      host.record.swiftTask?.cancel()
    } else {
      record.swiftTask?.cancel()
    }
  }

  /// Throws the pending error at the end of a wait for `future`, or for a turn.
  @inline(__always)
  func throwIfInterrupted(_ future: @autoclosure () -> Asyncio.AnyFuture?) throws {
    if record.isInterrupted { try interrupt(future()) }
  }

  /// A wait for `future`, or for a turn, is over after a suspension.
  @usableFromInline
  func endWait(for future: Asyncio.AnyFuture?) throws { try throwIfInterrupted(future) }

  @inline(never)
  private func interrupt(_ future: Asyncio.AnyFuture?) throws {
    let error = record.pendingError
    record.pendingError = nil
    if record.mustCancel || record.isAbandoned {
      record.mustCancel = false
      // The wakeup has read the future, whatever the body is told.
      future?.hasUnretrievedError = false
      // The future's cancellation is the first to reach the body.
      if let future, future.state == .cancelled { task?.cancelMessage = future.cancelMessage }
      throw Asyncio.cancellation
    }
    if let error { throw error }
  }
}
