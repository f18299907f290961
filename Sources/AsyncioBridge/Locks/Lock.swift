extension Asyncio {
  /// A mutual exclusion lock for tasks. `asyncio.Lock`.
  ///
  /// Fair: tasks obtain it in the order in which they began to wait.
  public final class Lock: LockProtocol, CustomStringConvertible {
    let loop: EventLoop
    @safe @exclusivity(unchecked) private var waiters = WaiterQueue()
    /// The number of the task that took the lock last: a number, since the lock must not keep the task.
    @safe @exclusivity(unchecked) private(set) var holder: Int?
    /// Whether some task holds the lock. `Lock.locked()`.
    public var isLocked: Bool { isTaken }
    // Internal, not public with a private setter: so the compiler sees all accesses and need not check them.
    @safe @exclusivity(unchecked) var isTaken = false

    /// Creates a free lock.
    /// - Parameters:
    ///   - loop: the loop it belongs to; by default the running one, which there must be.
    ///   - isolation: leave it out; it keeps what is made in the caller's domain.
    ///   - fileID: leave it out; the file that reports and messages name.
    ///   - line: leave it out; the line in that file.
    public init(
      loop: EventLoop? = nil,
      isolation: isolated (any Actor)? = #isolation,
      fileID: StaticString = #fileID,
      line: UInt = #line
    ) {
      self.loop = EventLoop.current(loop, "Asyncio.Lock()", fileID, line)
    }

    /// Waits until the lock is free, and takes it. `Lock.acquire()`.
    /// - Throws: `CancellationError` when cancelled; then the lock is not held.
    @inlinable
    @inline(__always)
    public func acquire() async throws {
      if !takeIfFree() { try await waitAndTake() }
    }

    @usableFromInline
    func takeIfFree() -> Bool {
      if isLocked || waiters.hasClaimants { return false }
      take()
      return true
    }

    @usableFromInline
    func waitAndTake() async throws {
      let waiter = waiters.join(loop, for: self)
      do {
        try await waiter.value
        waiters.leave(waiter)
      } catch {
        waiters.leave(waiter)
        if error is CancelledError, !isLocked { waiters.wakeFirst() }
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
      loop.assertOnLoop()
      guard isLocked else { throw RuntimeError("Lock is not acquired.", code: .notAcquired) }
      isTaken = false
      // If the first has been woken already, it will take the lock, or wake the next when it is cancelled.
      waiters.wakeFirst()
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
