// What a loop does that has nothing to do and no timer: it waits for other threads, if there is anything to wait for.

extension Asyncio.EventLoop {
  /// Blocks until another thread hands in something.
  /// - Throws: `DeadlockError` if that can't be.
  func waitForOtherThreads() throws {
    var isAlone = false
    if clock.kind == .virtual {
      isAlone = expectsNothing
    } else if canProveDeadlock {
      if mailbox.waitForItemsUnlessAlone() { return }
      isAlone = true
    }
    if isAlone, !hasChildren { throw Idle.error }
    repeat {
      let timeout = reportWaitsForMainActor()
      // The exception handler may have scheduled something, or stopped the loop.
      if !state.ready.isEmpty || state.isStopping { return }
      mailbox.waitForItems(timeout: timeout)
      if timeout == nil { return }
    } while !mailbox.hasItems
  }

  /// Whether nothing is on its way back to the loop that it has sent away itself.
  private var expectsNothing: Bool { foreignCores.isEmpty && futuresCompletedElsewhere.isEmpty }

  /// Whether nobody but the owner of a handle can wake the loop, once nothing is on its way.
  ///
  /// In real time a loop has to be sure, and that it is only of what it runs for: one that runs for ever may well be idle.
  /// Other threads may cancel what was exported to them. A guest may be the code of an actor that was called from elsewhere,
  /// and is cancelled from there.
  private var canProveDeadlock: Bool {
    mainFuture != nil && expectsNothing && futuresAwaitedElsewhere.isEmpty && waitingChildren.isEmpty
  }

  /// Whether there may be child tasks of Swift's, which wait elsewhere.
  private var hasChildren: Bool { state.pending.parentCount > 0 }

  func deadlock() -> Asyncio.DeadlockError {
    Asyncio.DeadlockError(callGraph: Asyncio.captureCallGraph(loop: self), taskCount: pendingTasks.count)
  }
}

/// There is nothing left to do, and nothing to wait for. Only a run that is not to end so makes a `DeadlockError` of it, which
/// takes the longer the more is waiting.
struct Idle: Error {
  /// Made once, since an error takes memory.
  static let error: any Error = Idle()
}
