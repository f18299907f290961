/// The tasks that wait for one thing, first come first served: what a lock, an event, a condition, a semaphore and
/// either end of a queue have.
///
/// A task that has to wait joins the line with a waiter, a future, and awaits that. (No function here awaits it: the
/// line would be being changed as long as that lasts.) The waiter is done when it has been woken, or cancelled together
/// with its task; the task resumes a turn later or more. Who leaves the line when is said here, in one of two ways:
///
/// - *Who is woken keeps its place* until its task resumes, and leaves then, however its wait has ended: `wakeFirst`,
///   `wakeNext`, `wake(atMost:)`, `wakeAll`, `leave`. So with a lock, where no newcomer may come before the one that
///   was woken, with an event and with a condition; and with a semaphore of 3.13.
/// - *Who is woken leaves at once*: `admitNext`, `admitAll`. So with a queue, and with a semaphore of 3.8, where a
///   newcomer may come first; whoever was woken then joins the line again.
///
/// With semaphores and queues `giveUp` ends a wait that has failed.
@usableFromInline
struct WaiterQueue: ~Copyable {
  /// In the order of their coming.
  @usableFromInline var waiters = Ring<Asyncio.Future<Void>>()

  @usableFromInline
  init() {}

  @inlinable var isEmpty: Bool { waiters.isEmpty }
  var count: Int { waiters.count }
  var first: Asyncio.Future<Void>? { isEmpty ? nil : waiters.first }

  /// How many have been neither woken nor cancelled.
  var pendingCount: Int {
    var count = 0
    waiters.forEach { if !$0.isDone { count += 1 } }
    return count
  }

  /// Whether there is anybody who has been woken or is yet to be.
  var hasClaimants: Bool { waiters.contains { !$0.isCancelled } }

  /// Puts a new waiter at the end of the line, for the calling task to await.
  /// - Parameter owner: what the call graph shows to be waited for.
  @inline(__always)
  mutating func join(_ loop: Asyncio.EventLoop, for owner: AnyObject) -> WaiterFuture {
    let waiter = loop.createWaiter(for: owner)
    waiters.append(waiter)
    return waiter
  }

  /// Takes a waiter out, if it is still in the line: it is the first in nearly all cases.
  @inline(__always)
  mutating func leave(_ waiter: WaiterFuture) {
    if !isEmpty, waiters.first === waiter { _ = waiters.removeFirst() } else { remove(waiter) }
  }

  @inline(never)
  private mutating func remove(_ waiter: WaiterFuture) {
    waiters.removeAll { $0 === waiter }
  }

  // MARK: Who is woken keeps its place

  /// Wakes the first in the line. If that is done already nobody else is woken: it sees to that when it resumes.
  func wakeFirst() {
    if !isEmpty { waiters.first.completeIfPending() }
  }

  /// Wakes the first that is not done. Returns whether there is one.
  func wakeNext() -> Bool {
    waiters.contains { waiter in
      if waiter.isDone { return false }
      waiter.complete(())
      return true
    }
  }

  /// Wakes the first `n` that are not done.
  func wake(atMost n: Int) {
    var left = n
    waiters.forEach { waiter in
      if left <= 0 || waiter.isDone { return }
      left -= 1
      waiter.complete(())
    }
  }

  func wakeAll() { waiters.forEach { $0.completeIfPending() } }

  // MARK: Who is woken leaves at once

  /// Wakes the first that is not done. It leaves the line, with those before it, which are cancelled.
  @usableFromInline
  mutating func admitNext() {
    while !isEmpty {
      let waiter = waiters.removeFirst()
      if !waiter.isDone { return waiter.complete(()) }
    }
  }

  mutating func admitAll() {
    while !isEmpty { admitNext() }
  }

  // MARK: Giving up

  /// Ends a wait that has failed, so that nothing of it stays in the line.
  /// - Returns: whether the waiter had been woken: then what it was woken for is the next one's.
  mutating func giveUp(_ waiter: WaiterFuture) -> Bool {
    // It is pending if its task could not wait for it at all.
    waiter.cancel()
    leave(waiter)
    return !waiter.isCancelled
  }
}
