extension Asyncio {
  /// A mutual exclusion lock for tasks. `asyncio.Lock`.
  ///
  /// Fair: tasks obtain it in the order in which they began to wait.
  public final class Lock: LockProtocol, CustomStringConvertible {
    let loop: EventLoop
    @safe @exclusivity(unchecked) private var waiters = Ring<Future<Void>>()
    /// The number of the task that took the lock last: a number, since the lock must not keep the task.
    @safe @exclusivity(unchecked) private(set) var holder: Int?
    /// Whether some task holds the lock. `Lock.locked()`.
    public var isLocked: Bool { isTaken }
    // Internal, not public with a private setter: so the compiler sees all accesses and need not check them.
    @safe @exclusivity(unchecked) var isTaken = false

    /// Creates a free lock.
    /// - Parameter loop: the loop it belongs to; by default the running one, which there must be.
    public init(loop: EventLoop? = nil) { self.loop = EventLoop.current(loop) }

    /// Waits until the lock is free, and takes it. `Lock.acquire()`.
    /// - Returns: true.
    /// - Throws: `CancellationError` when cancelled; then the lock is not held.
    @discardableResult
    @inlinable
    @inline(__always)
    public func acquire() async throws -> Bool {
      if !takeIfFree() { try await waitAndTake() }
      return true
    }

    @usableFromInline
    func takeIfFree() -> Bool {
      if isLocked || waiters.contains(where: { !$0.isCancelled }) { return false }
      take()
      return true
    }

    @usableFromInline
    func waitAndTake() async throws {
      let waiter = loop.createWaiter(for: self)
      waiters.append(waiter)
      do {
        try await waiter.value
        waiters.remove(waiter)
      } catch {
        waiters.remove(waiter)
        if error is CancelledError, !isLocked { wakeUpFirst() }
        throw error
      }
      take()
    }

    private func take() {
      isTaken = true
      holder = loop.callingCore()?.record.creationNumber
    }

    /// Frees the lock, and wakes the first task that waits for it. `Lock.release()`.
    /// - Throws: ``RuntimeError`` if the lock is free.
    public func release() throws {
      guard isLocked else { throw RuntimeError("Lock is not acquired.") }
      isTaken = false
      wakeUpFirst()
    }

    private func wakeUpFirst() {
      // If the first has been woken already, it will take the lock, or wake the next when it is cancelled.
      if !waiters.isEmpty { waiters.first.completeIfPending() }
    }

    /// How many tasks wait for the lock.
    package var waiterCount: Int { waiters.count }

    /// `<Lock [locked, waiters:2]>`.
    public var description: String { "<Lock \(describeLock(isLocked ? "locked" : "unlocked", waiters.count))>" }
  }

  static func describeLock(_ state: String, _ waiters: Int) -> String {
    waiters == 0 ? "[\(state)]" : "[\(state), waiters:\(waiters)]"
  }
}

extension Ring where Element == Asyncio.Future<Void> {
  /// Takes one waiter out, which is the first in nearly all cases.
  mutating func remove(_ waiter: Asyncio.Future<Void>) {
    if !isEmpty, first === waiter { _ = removeFirst() } else { removeAll { $0 === waiter } }
  }
}
