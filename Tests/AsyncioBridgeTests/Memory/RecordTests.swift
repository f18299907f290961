import Testing

@testable import AsyncioBridge

/// The memory of a loop's records, which is used again within a loop and by the next loop of the thread.
@Suite struct RecordTests {
  private typealias Record = (Int, Int, Int, Int)

  private static let perBlock = 32

  // What can't be copied can't be looked at within an expectation.
  private static var threadHasSpareMemory: Bool { !(ThreadState.current.record.spareMemory == nil) }

  @Test("What one record has left another takes, and nothing is handed out twice")
  func reuse() {
    var pool = RecordPool<Record>()
    let first = Set((0..<100).map { _ in pool.take() })
    #expect(first.count == 100)
    var isUnused = pool.isUnused
    #expect(!isUnused)
    for record in first { pool.giveBack(record) }
    isUnused = pool.isUnused
    #expect(isUnused)
    let second = Set((0..<100).map { _ in pool.take() })
    #expect(second.count == 100)
    #expect(second.intersection(first).count >= 100 - Self.perBlock)
    for record in second { pool.giveBack(record) }
  }

  @Test("A pool that is made smaller keeps what it has taken last from the system")
  func shrink() {
    var pool = RecordPool<Record>()
    let blockSize = Self.perBlock * MemoryLayout<Record>.stride
    let records = (0..<Self.perBlock * 4).map { _ in pool.take() }
    let newest = Set(records.suffix(Self.perBlock * 2))
    for record in records { pool.giveBack(record) }
    pool.shrink(to: blockSize * 2)
    #expect(Set((0..<Self.perBlock * 2).map { _ in pool.take() }) == newest)
    for record in newest { pool.giveBack(record) }
    pool.shrink(to: 0)
    pool.giveBack(pool.take())
    let isUnused = pool.isUnused
    #expect(isUnused)
  }

  @Test("A thread keeps the memory of its last loop for the next")
  func nextLoop() throws {
    // On a thread of its own: on others, there may be something from loops of other tests.
    try joinThread {
      #expect(!Self.threadHasSpareMemory)
      let used = try withLoop { loop in
        let tasks = try (0..<100).map { _ in try loop.createTask {} }
        let used = Set(tasks.compactMap(\.core))
        for task in tasks { try loop.runUntilComplete(task) }
        return used
      }
      #expect(Self.threadHasSpareMemory)
      try withLoop { loop in
        #expect(!Self.threadHasSpareMemory)
        let task = try loop.createTask {}
        #expect(used.contains(try #require(task.core)))
        // Only one can have it.
        let other = EventLoop(clock: .virtual)
        try other.runUntilComplete {}
        try other.close()
        try loop.runUntilComplete(task)
      }
      #expect(Self.threadHasSpareMemory)
    }
  }

  @Test("A thread keeps the memory of its last loop's timers and ready queue, up to a limit")
  func nextLoopsQueues() throws {
    @Sendable func capacities(after count: Int) throws -> (ready: Int, timers: Int) {
      try withLoop { loop in
        for _ in 0..<count { try loop.callLater(.seconds(1)) {} }
        try loop.runUntilIdle()
      }
      return try withLoop { loop in (loop.state.ready.capacityInBytes, loop.state.timers.capacityInBytes) }
    }
    try joinThread {
      let some = try capacities(after: 10_000)
      #expect(some.ready >= 10_000 * MemoryLayout<ReadyEntry>.stride)
      #expect(some.timers >= 10_000 * MemoryLayout<TimerQueue.Entry>.stride)
      let tooMany = try capacities(after: 400_000)
      #expect(tooMany.ready < 100_000)
      #expect(tooMany.timers == 0)
    }
  }

  @Test("A loop with a record that is still in use keeps its memory to itself")
  func stillInUse() throws {
    try joinThread {
      try withLoop { loop in _ = TaskRef.make(loop, name: nil, context: nil) }
      #expect(!Self.threadHasSpareMemory)
    }
  }

  #if DEBUG
    // What debug builds see: each of these would corrupt memory.

    @Test("A record that is used after it was given back, or is given back twice, traps and is named")
    func poison() async {
      let results = [
        await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
          var pool = RecordPool<Record>()
          let record = pool.take()
          pool.giveBack(record)
          _ = record.record.0
        },
        await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
          var pool = RecordPool<Record>()
          let record = pool.take()
          pool.giveBack(record)
          pool.giveBack(record)
        },
      ]
      for result in results { expectExplanation(result, "is used after it was given back") }
    }

    @Test("A task that is released more often than it was retained traps and is named")
    func secondRelease() async {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        try withLoop { loop in
          let core = TaskRef.make(loop, name: "overdrawn", context: nil)
          core.retain()
          core.record.loop.with { _ in core.release() }
          core.endUnstarted()
          core.release()
          core.release()
        }
      }
      expectExplanation(result, "AsyncioBridge: ")
    }

    @Test("A phase that does not go with the rest of a task's record traps and names task and invariant")
    func invariants() async {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        try withLoop { loop in
          let task = try loop.createTask(name: "crooked") {}
          guard let core = task.core else { return }
          core.record.waiter = Unretained(loop.createFuture(of: Int.self))
          core.checkInvariants()
        }
      }
      expectExplanation(result, "invariant 3 of task 'crooked' is broken")
    }
  #endif
}
