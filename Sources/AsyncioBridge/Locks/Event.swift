extension Asyncio {
  /// A flag that tasks can wait for. `asyncio.Event`.
  public final class Event: CustomStringConvertible {
    let loop: EventLoop
    @safe @exclusivity(unchecked) private var waiters = WaiterQueue()
    /// Whether the flag is set. `Event.is_set()`.
    public var isSet: Bool { flag }
    // Internal, not public with a private setter: so the compiler sees all accesses and need not check them.
    @safe @exclusivity(unchecked) var flag = false

    /// Creates an event whose flag is not set.
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
      self.loop = EventLoop.current(loop, "Asyncio.Event()", fileID, line)
    }

    /// Sets the flag, and wakes all tasks that wait for it. `Event.set()`.
    public func set() {
      loop.assertOnLoop()
      if isSet { return }
      flag = true
      waiters.wakeAll()
    }

    /// Clears the flag; tasks wait from then on. `Event.clear()`.
    public func clear() { flag = false }

    /// Waits until the flag is set; returns at once if it is. `Event.wait()`.
    /// - Throws: `CancellationError` when cancelled.
    public func wait() async throws { try await wait(for: self) }

    /// - Parameter owner: what the call graph shows to be waited for.
    @inline(__always)
    func wait(for owner: AnyObject) async throws {
      if isSet { return }
      let waiter = waiters.join(loop, for: owner)
      defer { waiters.leave(waiter) }
      try await waiter.value
    }

    /// How many tasks wait for the flag, or were woken and have not resumed yet.
    package var waiterCount: Int { waiters.count }

    /// `<Event [unset, waiters:1]>`.
    public var description: String { "<Event \(describeLock(isSet ? "set" : "unset", waiters.count))>" }
  }
}
