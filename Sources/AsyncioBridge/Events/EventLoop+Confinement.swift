// A loop and what belongs to it are for one thread. The compiler refuses nearly every program that shares them; what remains
// is found here, at run time, before it can do harm.

extension Asyncio.EventLoop {
  /// Whether another thread is in the loop's code at the moment.
  var isUsedElsewhere: Bool {
    @inline(__always) get { mailbox.isOwnedByAnotherThread }
  }

  /// The same for the end of what belongs to the loop, which nothing can refuse: only what has had a handle on the loop, as
  /// a pinned actor has, can bring it about elsewhere.
  var isEndingElsewhere: Bool {
    @inline(__always) get { state.isShared && isUsedElsewhere }
  }

  /// Traps if another thread is in the loop's code: first in the public functions that change what belongs to a loop.
  @inline(__always)
  func checkThread() {
    if isUsedElsewhere { trapOnWrongThread() }
  }

  /// The same where asking for the thread would cost more than 2 % of what the function does: in release builds only if
  /// there has been a handle on the loop.
  @usableFromInline
  @inline(__always)
  func assertOnLoop() {
    #if DEBUG
      checkThread()
    #else
      if state.isShared { checkThread() }
    #endif
  }

  @inline(never)
  private func trapOnWrongThread() -> Never {
    fatalError(
      "AsyncioBridge: what belongs to a loop was used while the loop runs on another thread. Only what runs on the loop may "
        + "use its tasks, futures, locks and queues: hand work to it by its handle (EventLoop.threadsafe), and results by "
        + "Future.concurrentFuture()"
    )
  }
}
