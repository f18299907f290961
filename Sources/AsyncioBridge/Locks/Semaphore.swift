extension Asyncio {
  /// A counter of free units: acquiring takes one, and waits while there is none. `asyncio.Semaphore`.
  ///
  /// On a loop that follows ``Semantics/python3_8`` it is not fair: a task that comes just when a unit is released may
  /// take it before one that waits. On one that follows ``Semantics/python3_13`` units are given in the order of
  /// arrival.
  public class Semaphore: LockProtocol, CustomStringConvertible {
    final let loop: EventLoop
    @safe @exclusivity(unchecked) @usableFromInline final var waiters = WaiterQueue()
    /// Whether a unit that is released is the first waiter's at once, which keeps its place until it resumes.
    private let reservesUnits: Bool
    /// How many units are free.
    package final var value: Int { units }
    @safe @exclusivity(unchecked) @usableFromInline final var units: Int

    /// Creates a semaphore.
    /// - Parameters:
    ///   - value: how many units are free at first; not negative.
    ///   - loop: the loop it belongs to; by default the running one, which there must be.
    ///   - isolation: leave it out; it keeps what is made in the caller's domain.
    ///   - fileID: leave it out; the file that reports and messages name.
    ///   - line: leave it out; the line in that file.
    public init(
      _ value: Int = 1,
      loop: EventLoop? = nil,
      isolation: isolated (any Actor)? = #isolation,
      fileID: StaticString = #fileID,
      line: UInt = #line
    ) {
      if value < 0 {
        fatalError("AsyncioBridge: Semaphore initial value must be >= 0, not \(value)", file: fileID, line: line)
      }
      units = value
      self.loop = EventLoop.current(loop, "Asyncio.Semaphore()", fileID, line)
      reservesUnits = self.loop.semantics.semaphoreReservesUnits
    }

    /// Whether no unit is free; on a loop that follows ``Semantics/python3_13`` also, whether there is anybody to be
    /// served before a newcomer. `Semaphore.locked()`.
    public final var isLocked: Bool { units == 0 || reservesUnits && waiters.hasClaimants }

    /// Waits until a unit is free, and takes it. `Semaphore.acquire()`.
    /// - Throws: `CancellationError` when cancelled; then no unit was taken.
    @inlinable
    @inline(__always)
    public final func acquire() async throws {
      if units > 0, waiters.isEmpty { units -= 1 } else { try await waitForUnit() }
    }

    @usableFromInline
    final func waitForUnit() async throws {
      if reservesUnits { try await waitInLine() } else { try await waitForAnyUnit() }
    }

    /// As from Python 3.11 on.
    private func waitInLine() async throws {
      if !isLocked {
        units -= 1
        return
      }
      let waiter = waiters.join(loop, for: self)
      // Others may have had to wait though there were units.
      defer { while units > 0, admitFirst() {} }
      do {
        try await waiter.value
        waiters.leave(waiter)
      } catch {
        // Its unit is the next one's.
        if waiters.giveUp(waiter) { units += 1 }
        throw error
      }
    }

    /// Gives a unit to the first that waits for one; false if nobody does.
    private func admitFirst() -> Bool {
      if !waiters.wakeNext() { return false }
      units -= 1
      return true
    }

    private func waitForAnyUnit() async throws {
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
      units -= 1
    }

    /// Gives a unit back, and wakes the next task that waits. `Semaphore.release()`.
    /// - Throws: ``ValueError`` if there are `Int.max` free units; then nothing changes.
    public func release() throws {
      loop.assertOnLoop()
      if units == .max {
        throw ValueError(
          "Semaphore released too many times: it can't have more than \(units) units",
          code: .tooManyReleases
        )
      }
      units += 1
      if reservesUnits { _ = admitFirst() } else { waiters.admitNext() }
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
    ///   - value: how many units are free at first, and at most; not negative.
    ///   - loop: the loop it belongs to; by default the running one, which there must be.
    ///   - isolation: leave it out; it keeps what is made in the caller's domain.
    ///   - fileID: leave it out; the file that reports and messages name.
    ///   - line: leave it out; the line in that file.
    public override init(
      _ value: Int = 1,
      loop: EventLoop? = nil,
      isolation: isolated (any Actor)? = #isolation,
      fileID: StaticString = #fileID,
      line: UInt = #line
    ) {
      bound = value
      super.init(value, loop: loop, isolation: isolation, fileID: fileID, line: line)
    }

    /// Gives a unit back, and wakes the next task that waits. `BoundedSemaphore.release()`.
    /// - Throws: ``ValueError`` if all units are free; then nothing changes.
    public override func release() throws {
      if value >= bound { throw ValueError("BoundedSemaphore released too many times", code: .tooManyReleases) }
      try super.release()
    }
  }
}
