// A loop with nothing to do and no timer waits for other threads, if there is anything to wait for.

extension Asyncio.EventLoop {
  /// Blocks until another thread hands in something.
  /// - Throws: `DeadlockError` if no thread can.
  func waitForOtherThreads() throws {
    if let patience = policy?.foreignPatience?.deadlock {
      // Whatever the loop itself controls would be here by now.
      if patience > 0 { mailbox.waitForItems(timeout: patience) }
      if mailbox.hasItems { return }
      throw Idle.error
    }
    var isAlone = false
    if clock.kind == .virtual {
      isAlone = expectsNothing
    } else if canProveDeadlock {
      if mailbox.waitForItemsUnlessAlone() { return }
      isAlone = true
    }
    if isAlone, !hasChildren { throw Idle.error }
    let patience = isAlone && clock.kind == .virtual ? childPatience.nanosecondsRoundedUp : nil
    while true {
      let nextReport = reportWaitsForMainActor()
      // The exception handler may have scheduled something, or stopped the loop.
      if !state.ready.isEmpty || state.isStopping { return }
      mailbox.waitForItems(timeout: patience ?? nextReport)
      if mailbox.hasItems { return }
      if patience != nil { throw Idle.error }
      if nextReport == nil { return }
    }
  }

  /// Whether nothing that the loop has sent away is still to come back.
  private var expectsNothing: Bool { foreignCores.isEmpty && futuresCompletedElsewhere.isEmpty }

  /// Whether nobody but the owner of a handle can still wake the loop.
  ///
  /// In real time a loop must be sure, and can be sure only of the future that it runs for: a loop that runs forever
  /// may well be idle. Other threads may cancel futures that were exported to them. A guest may be the code of an actor
  /// that was called from elsewhere, and be cancelled from there.
  private var canProveDeadlock: Bool {
    mainFuture != nil && expectsNothing && futuresAwaitedElsewhere.isEmpty && waitingChildren.isEmpty
  }

  /// Whether there may be Swift child tasks, which wait elsewhere.
  private var hasChildren: Bool { state.pending.parentCount > 0 }

  func deadlock() -> Asyncio.DeadlockError {
    Asyncio.DeadlockError(callGraph: Asyncio.captureCallGraph(loop: self), taskCount: pendingTasks.count)
  }
}

/// There is nothing left to do and nothing to wait for. The run method turns this into a `DeadlockError`, unless the
/// run may end idle: a `DeadlockError` takes the longer to make, the more is waiting.
struct Idle: Error {
  /// Made once, since making an error allocates memory.
  static let error: any Error = Idle()
}
