extension Asyncio {
  /// A counter of free units: acquiring takes one, and waits while there is none. `asyncio.Semaphore`.
  ///
  /// As in CPython 3.8 it is not fair: a task that comes just when a unit is released may take it before one that waits.
  public class Semaphore: LockProtocol, CustomStringConvertible {
    final let loop: EventLoop
    private var waiters = WaiterQueue()
    /// How many units are free.
    package final var value: Int { units }
    @safe @exclusivity(unchecked) @usableFromInline final var units: Int

    /// Creates a semaphore.
    /// - Parameters:
    ///   - value: how many units are free at first.
    ///   - loop: the loop it belongs to; by default the running one, which there must be.
    ///   - isolation: leave it out; it keeps what is made in the caller's domain.
    /// - Throws: ``ValueError`` for a negative value.
    public init(
      _ value: Int = 1,
      loop: EventLoop? = nil,
      isolation: isolated (any Actor)? = #isolation,
      fileID: StaticString = #fileID,
      line: UInt = #line
    ) throws {
      if value < 0 { throw ValueError("Semaphore initial value must be >= 0") }
      units = value
      self.loop = EventLoop.current(loop, "Asyncio.Semaphore()", fileID, line)
    }

    /// Whether no unit is free. `Semaphore.locked()`.
    public final var isLocked: Bool { value == 0 }

    /// Waits until a unit is free, and takes it. `Semaphore.acquire()`.
    /// - Returns: true.
    /// - Throws: `CancellationError` when cancelled; then no unit was taken.
    @discardableResult
    @inlinable
    @inline(__always)
    public final func acquire() async throws -> Bool {
      if units <= 0 { try await waitForUnit() }
      units -= 1
      return true
    }

    @usableFromInline
    final func waitForUnit() async throws {
      while units <= 0 {
        let waiter = waiters.join(loop, for: self)
        do {
          try await waiter.value
        } catch {
          // It was woken for a unit, which another may have now.
          if waiters.giveUp(waiter), units > 0 { waiters.admitNext() }
          throw error
        }
      }
    }

    /// Gives a unit back, and wakes the next task that waits. `Semaphore.release()`.
    /// - Throws: ``ValueError`` if there are `Int.max` free units; then nothing changes.
    public func release() throws {
      loop.assertOnLoop()
      if units == .max { throw ValueError("Semaphore released too many times: it can't have more than \(units) units") }
      units += 1
      waiters.admitNext()
    }

    /// How many tasks wait for a unit.
    package final var waiterCount: Int { waiters.pendingCount }

    /// `<Semaphore [unlocked, value:1]>`.
    public var description: String {
      "<\(type(of: self)) \(describeLock(isLocked ? "locked" : "unlocked, value:\(value)", waiters.count))>"
    }
  }

  /// A semaphore that refuses to be released above its initial value. `asyncio.BoundedSemaphore`.
  public final class BoundedSemaphore: Semaphore {
    private let bound: Int

    /// Creates a semaphore.
    /// - Parameters:
    ///   - value: how many units are free at first, and at most.
    ///   - loop: the loop it belongs to; by default the running one, which there must be.
    ///   - isolation: leave it out; it keeps what is made in the caller's domain.
    /// - Throws: ``ValueError`` for a negative value.
    public override init(
      _ value: Int = 1,
      loop: EventLoop? = nil,
      isolation: isolated (any Actor)? = #isolation,
      fileID: StaticString = #fileID,
      line: UInt = #line
    ) throws {
      bound = value
      try super.init(value, loop: loop, isolation: isolation, fileID: fileID, line: line)
    }

    /// Gives a unit back, and wakes the next task that waits. `BoundedSemaphore.release()`.
    /// - Throws: ``ValueError`` if all units are free; then nothing changes.
    public override func release() throws {
      if value >= bound { throw ValueError("BoundedSemaphore released too many times") }
      try super.release()
    }
  }
}
