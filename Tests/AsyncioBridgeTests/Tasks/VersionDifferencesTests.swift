import Testing

@testable import AsyncioBridge

/// What Python 3.8 and 3.13 disagree about, as far as no other test shows which of them is followed, and what 3.13's
/// tests have in addition about loops, locks and waiting.
@Suite struct VersionDifferencesTests {
  // MARK: Cancellation

  @Test("DIFF-01, DIFF-02: a cancellation may have a message, and those of a task are counted, as in 3.13")
  func messagesAndCounts() throws {
    try runOnLoop { loop in
      let future = loop.createFuture(of: Int.self)
      #expect(future.cancel(message: "m"))
      #expect(future.cancellationMessage == "m")
      let task = sleeper(1)
      #expect(task.cancel(message: "n"))
      #expect(task.cancel())
      #expect(task.cancelling == 2)
      #expect(task.uncancel() == 1)
    }
  }

  // MARK: Semaphores and locks

  @Test(
    "LOCKX-12: with the first two of four tasks cancelled a unit goes to the third, and not to the fourth",
    .pinsOrder,
    arguments: Asyncio.Semantics.all
  )
  func twoCancelledBeforeRelease(_ semantics: Asyncio.Semantics) throws {
    try withLoop(semantics: semantics) { loop in
      let semaphore = Asyncio.Semaphore(0, loop: loop)
      let tasks = try (0..<4).map { _ in try loop.createTask { try await semaphore.acquire() } }
      try loop.runBriefly()
      tasks[0].cancel()
      tasks[1].cancel()
      try semaphore.release()
      try loop.runBriefly()
      #expect(tasks.map(\.isDone) == [true, true, true, false])
      #expect(tasks.map(\.isCancelled) == [true, true, false, false])
      #expect(semaphore.isLocked)
      tasks[3].cancel()
      try loop.runBriefly()
    }
  }

  @Test(
    "LOCKX-13, LOCKX-15: tasks behind one that is cancelled get the units that are released, in their order",
    .pinsOrder,
    arguments: Asyncio.Semantics.all
  )
  func firstCancelledBeforeReleases(_ semantics: Asyncio.Semantics) throws {
    try withLoop(semantics: semantics) { loop in
      let semaphore = Asyncio.Semaphore(0, loop: loop)
      let order = Box<[Int]>([])
      let tasks = try (1...3).map { number in
        try loop.createTask {
          try await semaphore.acquire()
          order.value.append(number)
        }
      }
      try loop.runBriefly()
      tasks[0].cancel()
      try loop.runBriefly()
      try semaphore.release()
      try semaphore.release()
      try loop.runBriefly()
      #expect(tasks[0].isCancelled)
      #expect(order.value == [2, 3])
    }
  }

  @Test(
    "LOCKX-16: a task that is cancelled when a unit was released for it leaves that to the next",
    arguments: Asyncio.Semantics.all
  )
  func cancelledAfterRelease(_ semantics: Asyncio.Semantics) throws {
    try withLoop(semantics: semantics) { loop in
      let semaphore = Asyncio.Semaphore(0, loop: loop)
      let tasks = try (0..<2).map { _ in try loop.createTask { try await semaphore.acquire() } }
      try loop.runBriefly()
      try semaphore.release()
      tasks[0].cancel()
      try loop.runBriefly()
      try loop.runBriefly()
      #expect(tasks.map(\.isCancelled) == [true, false])
      try tasks[1].result()
      #expect(semaphore.isLocked)
    }
  }

  @Test(
    "DIFF-32, DIFF-33: a unit that is released is free, and anybody's, until somebody takes it, as in 3.8",
    .pinsOrder
  )
  func newcomerTakesTheUnit() throws {
    try withLoop { loop in
      let semaphore = Asyncio.Semaphore(1, loop: loop)
      try semaphore.acquire(on: loop)
      let waiting = try loop.createTask { try await semaphore.acquire() }
      try loop.runBriefly()
      // The wakeup of the one that waits comes a turn later than the newcomer's first step.
      try loop.callSoon {
        try semaphore.release()
        #expect(!semaphore.isLocked)
        #expect(!waiting.isDone)
      }
      let newcomer = try loop.createTask { try await semaphore.acquire() }
      try loop.runBriefly()
      #expect(newcomer.isDone)
      #expect(!waiting.isDone)
      #expect(semaphore.isLocked)
      waiting.cancel()
      try loop.runBriefly()
    }
  }

  @Test("LOCKX-10, DIFF-32, DIFF-33: in 3.13 a unit that is released belongs to the first that waits", .pinsOrder)
  func unitIsReserved() throws {
    try withLoop(semantics: .python3_13) { loop in
      let semaphore = Asyncio.Semaphore(1, loop: loop)
      try semaphore.acquire(on: loop)
      let waiting = try (0..<2).map { _ in try loop.createTask { try await semaphore.acquire() } }
      try loop.runBriefly()
      let newcomer = try loop.createTask { try await semaphore.acquire() }
      for _ in 0..<2 {
        try semaphore.release()
        #expect(semaphore.value == 0)
      }
      #expect(semaphore.isLocked)
      // One more is free, but those before have to have theirs first.
      try semaphore.release()
      #expect(semaphore.value == 1)
      #expect(semaphore.isLocked)
      #expect(semaphore.description == "<Semaphore [locked, waiters:2]>")
      try loop.runOneTurn()
      #expect(waiting.map(\.isDone) == [true, true])
      // The first to resume has given it to the newcomer.
      #expect(!newcomer.isDone)
      #expect(semaphore.value == 0)
      try loop.runOneTurn()
      #expect(newcomer.isDone)
      #expect(semaphore.value == 0)
      try semaphore.release()
      #expect(semaphore.description == "<Semaphore [unlocked, value:1]>")
    }
  }

  @Test(
    "LOCKX-11: in 3.13 a task that comes before the units are released does not get them before those that wait",
    .pinsOrder
  )
  func newcomerWaits() throws {
    try withLoop(semantics: .python3_13) { loop in
      let semaphore = Asyncio.Semaphore(0, loop: loop)
      let waiting = try (0..<2).map { _ in try loop.createTask { try await semaphore.acquire() } }
      try loop.runBriefly()
      let newcomer = try loop.createTask { try await semaphore.acquire() }
      try semaphore.release()
      try semaphore.release()
      try loop.runBriefly()
      #expect(waiting.map(\.isDone) == [true, true])
      #expect(!newcomer.isDone)
      #expect(semaphore.isLocked)
      try semaphore.release()
      try loop.runBriefly()
      #expect(newcomer.isDone)
    }
  }

  @Test("LOCKX-14: in 3.13 tasks that acquire again and again take turns", .pinsOrder)
  func turns() throws {
    try runOnLoop(semantics: .python3_13) { _ in
      let semaphore = Asyncio.Semaphore(1)
      let order = Box<[String]>([])
      let tasks = (1...3).map { number in
        Asyncio.createTask {
          for time in 1...2 {
            try await semaphore.withLock {
              order.value.append("\(number)_\(time)")
              try await Asyncio.sleep(.milliseconds(1))
            }
          }
        }
      }
      _ = try await Asyncio.wait(tasks)
      #expect(order.value == ["1_1", "2_1", "3_1", "1_2", "2_2", "3_2"])
    }
  }

  @Test(
    "a cancelled task at the end of the line passes on what came free while others had to wait",
    .pinsOrder,
    arguments: [false, true]
  )
  func cancelledWithUnitsLeft(_ isWoken: Bool) throws {
    try withLoop(semantics: .python3_13) { loop in
      let semaphore = Asyncio.BoundedSemaphore(2, loop: loop)
      try semaphore.acquire(on: loop)
      try semaphore.acquire(on: loop)
      let first = try loop.createTask { try await semaphore.acquire() }
      try loop.runBriefly()
      let second = try loop.createTask { try await semaphore.acquire() }
      if isWoken { try semaphore.release() }
      first.cancel()
      try semaphore.release()
      try loop.runBriefly()
      try loop.runBriefly()
      #expect(first.isCancelled)
      #expect(second.isDone && !second.isCancelled)
      #expect(semaphore.value == (isWoken ? 1 : 0))
      #expect(semaphore.waiterCount == 0)
    }
  }

  @Test("LOCKX-06: a condition and the lock that it was given are locked and free together, whichever is entered")
  func conditionsLock() throws {
    try runOnLoop { _ in
      let lock = Asyncio.Lock()
      let condition = try Asyncio.Condition(lock: lock)
      #expect([lock.isLocked, condition.isLocked] == [false, false])
      try await lock.withLock { #expect([lock.isLocked, condition.isLocked] == [true, true]) }
      #expect([lock.isLocked, condition.isLocked] == [false, false])
      try await condition.withLock { #expect([lock.isLocked, condition.isLocked] == [true, true]) }
      #expect([lock.isLocked, condition.isLocked] == [false, false])
    }
  }

  @Test("DIFF-10, DIFF-36: primitives and queues belong to the loop they were made with, which may be passed")
  func boundAtConstruction() throws {
    try withLoop { loop in
      let loops = [
        Asyncio.Lock(loop: loop).loop, Asyncio.Event(loop: loop).loop, Asyncio.Condition(loop: loop).loop,
        Asyncio.Semaphore(loop: loop).loop, Asyncio.Queue<Int>(loop: loop).loop,
      ]
      #expect(loops.allSatisfy { $0 === loop })
      try withLoop { other in
        let lock = Asyncio.Lock(loop: other)
        #expect(throws: Asyncio.ValueError.self) { try Asyncio.Condition(lock: lock, loop: loop) }
      }
    }
  }

  // MARK: Waiting

  @Test("LOOPX-07: wait takes what can be gone through only once")
  func waitForAnIterator() throws {
    try runOnLoop { _ in
      let tasks = [sleeper(1), sleeper(2)]
      let (done, pending) = try await Asyncio.wait(AnyIterator(tasks.makeIterator()))
      #expect(done == Set(tasks))
      #expect(pending.isEmpty)
    }
  }

  @Test("LOOPX-08: wait takes tasks that are made as it asks for them")
  func waitForAGenerator() throws {
    try runOnLoop { _ in
      let (done, pending) = try await Asyncio.wait((0..<10).lazy.map { sleeper($0) })
      #expect(Set(try done.map { try $0.result() }) == Set(0..<10))
      #expect(done.count == 10)
      #expect(pending.isEmpty)
    }
  }

  @Test("DIFF-22: as_completed gives the original futures, in both forms, to who iterates first, and none again")
  func completedForms() throws {
    try runOnLoop { _ in
      let tasks = [sleeper(2), sleeper(1)]
      let lazy = Asyncio.asCompleted(tasks)
      let started = try Asyncio.asCompleted(starting: tasks)
      for expected in [Set(tasks), []] {
        var seen: [Set<Asyncio.Task<Int>>] = [[], []]
        for try await task in lazy { seen[0].insert(task) }
        for try await task in started { seen[1].insert(task) }
        #expect(seen == [expected, expected])
      }
    }
  }

  // MARK: Loops and types

  @Test("LOOPX-06: turns of a loop can be driven by hand")
  func stepping() throws {
    try withLoop { loop in
      let calls = Box(0)
      try loop.callSoon {
        calls.value += 1
        #expect(loop.isRunning)
        #expect(EventLoop.running() === loop)
      }
      for _ in 0..<10 {
        try loop.runOneTurn()
        #expect(!loop.isRunning)
        #expect(EventLoop.running() == nil)
      }
      #expect(calls.value == 1)
    }
  }

  @Test("LOOPX-11, LOOPX-12, LOOPX-13: tasks, futures and queues have the types of their values")
  func generics() throws {
    try runOnLoop { loop in
      let task: Asyncio.Task<[Int]> = Asyncio.createTask { [1] }
      let future: Asyncio.Future<String?> = loop.createFuture()
      let queue = Asyncio.Queue<(Int, String)>()
      try future.setResult(nil)
      try queue.putNowait((1, "a"))
      #expect(try await task.value == [1])
      #expect(try await future.value == nil)
      #expect(try queue.getNowait() == (1, "a"))
    }
  }
}
