extension Asyncio {
  /// Lets tasks wait until another tells them that something has changed. `asyncio.Condition`.
  ///
  /// ```swift
  /// try await condition.withLock {
  ///   try await condition.waitFor { !items.isEmpty }
  ///   use(items.removeFirst())
  /// }
  /// ```
  public final class Condition: LockProtocol, CustomStringConvertible {
    let loop: EventLoop
    private let lock: Lock
    private var waiters = WaiterQueue()
    /// Whether a task whose wait fails wakes another in its place: it may have been notified.
    private let passesNotificationOn: Bool

    /// Creates a condition with a lock of its own.
    /// - Parameters:
    ///   - loop: the loop it belongs to; by default the running one, which there must be.
    ///   - isolation: leave it out; it keeps what is made in the caller's domain.
    ///   - fileID: leave it out; the file that reports and messages name.
    ///   - line: leave it out; the line in that file.
    public convenience init(
      loop: EventLoop? = nil,
      isolation: isolated (any Actor)? = #isolation,
      fileID: StaticString = #fileID,
      line: UInt = #line
    ) {
      self.init(Lock(loop: EventLoop.current(loop, "Asyncio.Condition()", fileID, line)))
    }

    /// - Parameter passesNotificationOn: by default as the loop's version does.
    init(_ lock: Lock, passesNotificationOn: Bool? = nil) {
      self.lock = lock
      loop = lock.loop
      self.passesNotificationOn = passesNotificationOn ?? loop.semantics.conditionPassesNotificationOn
    }

    /// Creates a condition around a lock that others may use too.
    /// - Parameters:
    ///   - lock: the lock to take and free.
    ///   - loop: the loop it belongs to; by default the lock's.
    /// - Throws: ``ValueError`` if the lock belongs to another loop.
    public convenience init(lock: Lock, loop: EventLoop? = nil) throws {
      if let loop, loop !== lock.loop { throw ValueError("loop argument must agree with lock", code: .wrongLoop) }
      self.init(lock)
    }

    /// Whether some task holds the lock. `Condition.locked()`.
    public var isLocked: Bool { lock.isLocked }

    /// Waits until the lock is free, and takes it. `Condition.acquire()`.
    /// - Throws: `CancellationError` when cancelled.
    public func acquire() async throws { try await lock.acquire() }

    /// Frees the lock. `Condition.release()`.
    /// - Throws: ``RuntimeError`` if the lock is free.
    public func release() throws { try lock.release() }

    /// Frees the lock, waits until notified, and takes the lock again. `Condition.wait()`.
    ///
    /// The lock is held again however the wait ends. A task that is cancelled after it was notified loses the
    /// notification; on a loop that follows ``Semantics/python3_13`` another is notified in its place, and so a task
    /// may also be woken for nothing.
    /// - Throws: ``RuntimeError`` if the lock is not held; `CancellationError` when cancelled.
    public func wait() async throws { try await wait(for: self) }

    /// - Parameter owner: what the call graph shows to be waited for.
    func wait(for owner: AnyObject) async throws {
      guard isLocked else { throw RuntimeError("cannot wait on un-acquired lock", code: .notAcquired) }
      try release()
      let waiter = waiters.join(loop, for: owner)
      do {
        try await waiter.value
        waiters.leave(waiter)
      } catch {
        waiters.leave(waiter)
        try await reacquire()
        if passesNotificationOn { waiters.wake(atMost: 1) }
        throw error
      }
      try await reacquire()
    }

    /// Takes the lock even if the task is cancelled meanwhile, and throws only then.
    private func reacquire() async throws {
      var isCancelled = false
      while true {
        do {
          try await acquire()
          break
        } catch let error as CancelledError {
          if loop.isUnwinding { throw error }
          isCancelled = true
        }
      }
      if isCancelled {
        if passesNotificationOn { waiters.wake(atMost: 1) }
        throw cancellation
      }
    }

    /// Waits until `predicate` holds. `Condition.wait_for()`.
    ///
    /// It is evaluated at once, and again after every notification.
    /// - Returns: true, the value of the predicate.
    /// - Throws: ``RuntimeError`` if it has to wait and the lock is not held; `CancellationError` when cancelled; what
    ///   `predicate` throws.
    @discardableResult
    public func waitFor(_ predicate: () throws -> Bool) async throws -> Bool {
      while try !predicate() { try await wait() }
      return true
    }

    /// Waits until `predicate` returns a value, and returns that. `Condition.wait_for()`.
    public func waitFor<Value>(_ predicate: () throws -> Value?) async throws -> Value {
      while true {
        if let value = try predicate() { return value }
        try await wait()
      }
    }

    /// Wakes the first `n` tasks that wait. They go on when they obtain the lock. `Condition.notify()`.
    /// - Throws: ``RuntimeError`` if the lock is not held.
    public func notify(_ n: Int = 1) throws {
      loop.assertOnLoop()
      guard isLocked else { throw RuntimeError("cannot notify on un-acquired lock", code: .notAcquired) }
      waiters.wake(atMost: n)
    }

    /// Wakes all tasks that wait. `Condition.notify_all()`.
    /// - Throws: ``RuntimeError`` if the lock is not held.
    public func notifyAll() throws { try notify(waiters.count) }

    /// How many tasks wait to be notified.
    package var waiterCount: Int { waiters.count }

    /// `<Condition [locked, waiters:1]>`.
    public var description: String { "<Condition \(describeLock(isLocked ? "locked" : "unlocked", waiters.count))>" }
  }
}
