// A loop and everything that belongs to it are for one thread. The compiler rejects nearly every program that shares
// them. This check finds the rest at run time, before it can do harm.

extension Asyncio.EventLoop {
  /// Whether another thread is currently in the loop's code.
  var isUsedElsewhere: Bool {
    @inline(__always) get { mailbox.isOwnedByAnotherThread }
  }

  /// Whether an object of the loop, being destroyed, is destroyed on another thread, which nothing can refuse. Only the
  /// owner of a handle on the loop, such as a pinned actor, can cause that.
  var isEndingElsewhere: Bool {
    @inline(__always) get { state.isShared && isUsedElsewhere }
  }

  /// Traps if another thread is in the loop's code. Called first in the public functions that change what belongs to a
  /// loop.
  @inline(__always)
  func checkThread() {
    if isUsedElsewhere { trapOnWrongThread() }
  }

  /// Checks the thread where asking for it would cost more than 2 % of the function: always in debug builds, in release
  /// builds only if there has been a handle on the loop.
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
