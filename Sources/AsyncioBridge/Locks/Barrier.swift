extension Asyncio {
  /// Lets a fixed number of tasks wait for each other: all go on when the last has come. `asyncio.Barrier`.
  ///
  /// It can be used again at once. Tasks that come while the others are still leaving wait for the next round.
  ///
  /// ```swift
  /// let position = try await barrier.wait()
  /// if position == 0 { print("all have come") }
  /// ```
  public final class Barrier: CustomStringConvertible {
    enum State: String {
      /// Tasks come and wait.
      case filling
      /// All have come, and leave.
      case draining
      /// It was reset while tasks were inside, which leave with an error.
      case resetting
      /// It was aborted.
      case broken
    }

    // Invariants, whenever the condition's lock is free:
    // 1. `inside` are the tasks that came in and are not out yet, in the order of their coming.
    // 2. While the barrier is filling, those are fewer than `parties`.
    // 3. While it is draining or resetting, there are some; newcomers wait until all are out.

    /// A task inside.
    private final class Arrival {
      /// Nobody's concern before the barrier is full.
      var position = 0
    }

    /// How many tasks have to come. `Barrier.parties`.
    public let parties: Int
    /// Notified, always as a whole, when the state changes or the last task has left.
    private let condition: Condition
    private(set) var state = State.filling
    private var inside: [Arrival] = []

    /// Creates a barrier that nobody waits at.
    /// - Parameters:
    ///   - parties: how many tasks have to come, at least 1.
    ///   - loop: the loop it belongs to; by default the running one, which there must be.
    ///   - isolation: leave it out; it keeps what is made in the caller's domain.
    ///   - fileID: leave it out; the file that reports and messages name.
    ///   - line: leave it out; the line in that file.
    public init(
      _ parties: Int,
      loop: EventLoop? = nil,
      isolation: isolated (any Actor)? = #isolation,
      fileID: StaticString = #fileID,
      line: UInt = #line
    ) {
      if parties <= 0 {
        fatalError("AsyncioBridge: a Barrier's parties must be > 0, not \(parties)", file: fileID, line: line)
      }
      self.parties = parties
      let lock = Lock(loop: EventLoop.current(loop, "Asyncio.Barrier()", fileID, line))
      condition = Condition(lock, passesNotificationOn: true)
    }

    /// Waits until all parties have come. `Barrier.wait()`.
    /// - Returns: the position among those that came, from 0 to `parties - 1`, in the order of their coming. It is
    ///   given when the last has come, so that one that was cancelled before leaves no gap.
    /// - Throws: ``BrokenBarrierError`` if the barrier is broken, or is aborted or reset meanwhile; `CancellationError`
    ///   when cancelled: then the barrier waits for another in the task's place, unless all had come already.
    @discardableResult
    public func wait() async throws -> Int {
      try await condition.withLock {
        while state == .draining || state == .resetting { try await condition.wait(for: self) }
        if state == .broken { throw BrokenBarrierError("Barrier aborted") }
        let arrival = Arrival()
        inside.append(arrival)
        defer { leave(arrival) }
        if inside.count == parties {
          state = .draining
          for (position, arrival) in inside.enumerated() { arrival.position = position }
          try condition.notifyAll()
        } else {
          while state == .filling { try await condition.wait(for: self) }
          if state != .draining { throw BrokenBarrierError("Abort or reset of barrier") }
        }
        return arrival.position
      }
    }

    private func leave(_ arrival: Arrival) {
      if let place = inside.firstIndex(where: { $0 === arrival }) { inside.remove(at: place) }
      if !inside.isEmpty { return }
      if state != .broken { state = .filling }
      // The lock is held, unless the loop was closed: then nobody is left to be told.
      try? condition.notifyAll()
    }

    /// Waits until all parties have come, and runs `body` with the task's position. `async with barrier as position:`.
    /// - Throws: what ``wait()`` and `body` throw.
    public func withPosition<Result>(
      _ body: nonisolated(nonsending) (Int) async throws -> Result
    ) async throws -> Result {
      try await body(wait())
    }

    /// Makes the barrier a new one: tasks inside get ``BrokenBarrierError``, and a broken one can be used again.
    /// `Barrier.reset()`.
    /// - Throws: `CancellationError` when cancelled; then nothing changes.
    public func reset() async throws {
      try await condition.withLock {
        state = inside.isEmpty ? .filling : .resetting
        try condition.notifyAll()
      }
    }

    /// Breaks the barrier: tasks that wait, now or later, get ``BrokenBarrierError``. `Barrier.abort()`.
    ///
    /// For a task that cannot come any more, so that the others do not wait for it for ever.
    /// - Throws: `CancellationError` when cancelled; then nothing changes.
    public func abort() async throws {
      try await condition.withLock {
        state = .broken
        try condition.notifyAll()
      }
    }

    /// How many tasks wait for the others to come; 0 unless the barrier is filling. `Barrier.n_waiting`.
    public var waitingCount: Int { state == .filling ? inside.count : 0 }

    /// Whether the barrier was aborted, and not reset since. `Barrier.broken`.
    public var isBroken: Bool { state == .broken }

    /// `<Barrier [filling, waiters:2/5]>`.
    public var description: String {
      "<Barrier [\(state.rawValue)\(isBroken ? "" : ", waiters:\(waitingCount)/\(parties)")]>"
    }
  }
}
