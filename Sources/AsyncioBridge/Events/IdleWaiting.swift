import Synchronization

// The moment in which nothing is ready: who waits for it, and what a loop does then whose time is limited.

extension Asyncio {
  /// Suspends the calling task until all others are blocked: nothing is ready, and whatever comes next is a timer's or
  /// another thread's doing. No virtual time passes.
  ///
  /// For tests that start something and look at how far it gets on its own:
  ///
  /// ```swift
  /// let worker = Asyncio.createTask { try await serve(queue) }
  /// try await Asyncio.waitUntilIdle()
  /// #expect(!worker.isDone)            // it waits for the queue
  /// ```
  /// Of several tasks that wait for this, the first goes on first, and the next when the first is blocked again.
  /// asyncio has nothing like it; in Go it is `synctest.Wait`.
  /// - Throws: `CancellationError` when cancelled; ``RuntimeError`` if no loop is running.
  public static func waitUntilIdle() async throws {
    let loop = try EventLoop.runningOrThrow()
    let waiter = loop.idleWaiters.join(loop, for: loop)
    defer { loop.idleWaiters.leave(waiter) }
    try await waiter.value
  }
}

extension Asyncio.EventLoop {
  /// Nothing is ready: lets the first go on that has waited for this.
  /// - Returns: whether there was one.
  func wakeIdleWaiter() -> Bool {
    idleWaiters.admitNext()
    return !state.ready.isEmpty
  }

  /// Nothing is due by `limit`: moves the virtual time there.
  /// - Throws: `Idle` if nothing has come from other threads meanwhile.
  func spendTime(until limit: Int64) throws {
    clock.virtualTime?.nanoseconds.store(limit, ordering: .relaxed)
    takePosted()
    if state.ready.isEmpty { throw Idle.error }
  }
}
