import Testing

@testable import AsyncioBridge

@Suite struct SemaphoreTests {
  // MARK: Creation

  @Test("SEM-02: it belongs to the running loop")
  func runningLoop() throws {
    try runOnLoop { loop in
      #expect(Asyncio.Semaphore().loop === loop)
      let semaphore = Asyncio.BoundedSemaphore(1)
      #expect(semaphore.loop === loop)
      try await semaphore.acquire()
      try loop.callSoon { try semaphore.release() }
      try await semaphore.acquire()
    }
  }

  @Test("SEM-02: without a loop there must be a running one")
  func noLoop() async {
    await #expect(processExitsWith: .failure) { _ = Asyncio.Semaphore() }
  }

  @Test("SEM-03: one without units is locked")
  func noUnits() throws {
    try withLoop { loop in
      let semaphores = [Asyncio.Semaphore(0, loop: loop), Asyncio.BoundedSemaphore(0, loop: loop)]
      for semaphore in semaphores { #expect(semaphore.isLocked) }
    }
  }

  @Test("SEM-04: the description tells how many units are free, and how many tasks wait")
  func description() throws {
    try withLoop { loop in
      let semaphore = Asyncio.Semaphore(loop: loop)
      #expect("\(semaphore)" == "<Semaphore [unlocked, value:1]>")
      try semaphore.acquire(on: loop)
      #expect("\(semaphore)" == "<Semaphore [locked]>")
      let waiting = try (0..<2).map { _ in try loop.createTask { try await semaphore.acquire() } }
      try loop.runBriefly()
      #expect("\(semaphore)" == "<Semaphore [locked, waiters:2]>")
      for task in waiting { task.cancel() }
      try loop.runBriefly()

      let bounded = Asyncio.BoundedSemaphore(2, loop: loop)
      #expect("\(bounded)" == "<BoundedSemaphore [unlocked, value:2]>")
    }
  }

  @Test("SEM-06: a negative number of units is refused: the trap says so")
  func negativeValue() async {
    let results = [
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = Asyncio.Semaphore(-1, loop: EventLoop())
      },
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = Asyncio.BoundedSemaphore(-1, loop: EventLoop())
      },
    ]
    for result in results { expectExplanation(result, "Semaphore initial value must be >= 0, not -1") }
  }

  // MARK: Acquiring and releasing

  @Test("SEM-05, SEM-12: of the one unit by default, acquiring takes it at once and releasing gives it back")
  func acquireAndRelease() throws {
    try runOnLoop { loop in
      let semaphore = Asyncio.Semaphore()
      #expect(semaphore.value == 1)
      let turn = loop.turnCount
      try await semaphore.acquire()
      #expect(loop.turnCount == turn)
      #expect(semaphore.isLocked)
      #expect(semaphore.value == 0)
      try semaphore.release()
      #expect(!semaphore.isLocked)
      #expect(semaphore.value == 1)
    }
  }

  @Test("SEM-07, SEM-08, SEM-09, SEM-15: units go to whoever comes first, be it a newcomer", .pinsOrder)
  func unfair() throws {
    try withLoop { loop in
      let semaphore = Asyncio.Semaphore(3, loop: loop)
      let order = Box<[Int]>([])
      func acquire(_ number: Int) throws -> Asyncio.Task<Bool> {
        try loop.createTask {
          try await semaphore.acquire()
          order.value.append(number)
          return true
        }
      }
      for _ in 1...2 { try semaphore.acquire(on: loop) }
      #expect(!semaphore.isLocked)
      let tasks = try (1...3).map(acquire)
      try loop.runBriefly()
      #expect(order.value == [1])
      #expect(semaphore.isLocked)
      #expect(semaphore.value == 0)
      #expect(semaphore.waiterCount == 2)

      let newcomer = try acquire(4)
      try semaphore.release()
      try semaphore.release()
      #expect(semaphore.value == 2)
      try loop.runBriefly()
      #expect(order.value == [1, 4, 2])
      #expect(semaphore.value == 0)
      #expect(semaphore.isLocked)
      #expect(semaphore.waiterCount == 1)
      #expect(try newcomer.result())
      #expect(!tasks[2].isDone)

      try semaphore.release()
      #expect(try loop.runUntilComplete(tasks[2]))
      #expect(order.value == [1, 4, 2, 3])
    }
  }

  @Test("SEM-16: a plain semaphore may be released above its initial value")
  func releaseAboveInitialValue() throws {
    try runOnLoop { loop in
      let semaphore = Asyncio.Semaphore(1)
      try semaphore.release()
      #expect(semaphore.value == 2)
      let turn = loop.turnCount
      try await semaphore.acquire()
      try await semaphore.acquire()
      #expect(loop.turnCount == turn)
      #expect(semaphore.isLocked)
    }
  }

  @Test("SEM-11, SEM-17: a bounded semaphore refuses to be released above its initial value, and stays as it is")
  func bound() throws {
    try runOnLoop { _ in
      let semaphore = Asyncio.BoundedSemaphore(2)
      #expect(throws: Asyncio.ValueError.self) { try semaphore.release() }
      #expect(semaphore.value == 2)
      try await semaphore.acquire()
      try semaphore.release()
      #expect(throws: Asyncio.ValueError.self) { try semaphore.release() }
      #expect(semaphore.value == 2)
      // Bounded, too, when used as what it inherits from.
      let plain: Asyncio.Semaphore = semaphore
      #expect(throws: Asyncio.ValueError.self) { try plain.release() }
    }
  }

  @Test("SEM-13: scopes within each other take a unit each")
  func scopes() throws {
    try runOnLoop { _ in
      let semaphore = Asyncio.Semaphore(2)
      try await semaphore.withLock {
        #expect(semaphore.value == 1)
        #expect(!semaphore.isLocked)
        try await semaphore.withLock { #expect(semaphore.isLocked) }
        #expect(semaphore.value == 1)
      }
      #expect(semaphore.value == 2)
    }
  }

  // MARK: Cancellation

  @Test("SEM-10: a cancelled wait throws, and leaves nothing behind", .pinsOrder)
  func cancelled() throws {
    try withLoop { loop in
      let semaphore = Asyncio.Semaphore(loop: loop)
      try semaphore.acquire(on: loop)
      let waits = try loop.createTask { try await semaphore.acquire() }
      try loop.callSoon {
        #expect(semaphore.waiterCount == 1)
        waits.cancel()
      }
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(waits) }
      #expect(waits.isCancelled)
      #expect(semaphore.waiterCount == 0)
      #expect(semaphore.value == 0)
      try semaphore.release()
      #expect(semaphore.value == 1)
    }
  }

  @Test(
    "SEM-10: one that was woken and is cancelled wakes the next, passing over those that are cancelled, too",
    .pinsOrder
  )
  func cancelledAfterRelease() throws {
    try withLoop { loop in
      let semaphore = Asyncio.Semaphore(0, loop: loop)
      let tasks = try (0..<4).map { _ in try loop.createTask { try await semaphore.acquire() } }
      try loop.runBriefly()
      try semaphore.release()
      tasks[0].cancel()
      tasks[1].cancel()
      try loop.runBriefly()
      #expect(tasks[0].isCancelled)
      #expect(tasks[1].isCancelled)
      try tasks[2].result()
      #expect(!tasks[3].isDone)
      #expect(semaphore.isLocked)
      tasks[3].cancel()
      try loop.runBriefly()
    }
  }

  @Test("SEM-10: waits that time out, or are cancelled in any order, leave nothing in the semaphore's line", .pinsOrder)
  func cancelledWaitersLeave() throws {
    try withLoop { loop in
      let semaphore = Asyncio.Semaphore(0, loop: loop)
      try loop.runUntilComplete {
        for _ in 0..<1000 {
          let thrown = await errorThrown {
            try await Asyncio.waitFor(timeout: .milliseconds(1)) { try await semaphore.acquire() }
          }
          #expect(thrown is Asyncio.TimeoutError)
        }
      }
      #expect("\(semaphore)" == "<Semaphore [locked]>")

      let tasks = try (0..<4).map { _ in try loop.createTask { try await semaphore.acquire() } }
      try loop.runBriefly()
      #expect("\(semaphore)" == "<Semaphore [locked, waiters:4]>")
      for index in [2, 0] { tasks[index].cancel() }
      // As long as they have not been told they are in the line, but count as waiting no more.
      #expect("\(semaphore)" == "<Semaphore [locked, waiters:4]>")
      #expect(semaphore.waiterCount == 2)
      try loop.runBriefly()
      #expect("\(semaphore)" == "<Semaphore [locked, waiters:2]>")
      try semaphore.release()
      try loop.runBriefly()
      #expect(tasks.map(\.isDone) == [true, true, true, false])
      tasks[3].cancel()
      try loop.runBriefly()
    }
  }

  @Test("a semaphore can't have more units than fit a number: releasing it then throws, and changes nothing")
  func unitsOverflow() throws {
    try withLoop { loop in
      let semaphore = Asyncio.Semaphore(Int.max - 1, loop: loop)
      try semaphore.release()
      for _ in 0..<2 { #expect(throws: Asyncio.ValueError.self) { try semaphore.release() } }
      #expect(semaphore.value == Int.max)
      try semaphore.acquire(on: loop)
      try semaphore.release()
      #expect(semaphore.value == Int.max)
    }
  }

  @Test("waits with a timeout that end in vain leave nothing")
  func timeouts() throws {
    try runOnLoop { _ in
      let semaphore = Asyncio.Semaphore(0)
      for _ in 1...1_000 {
        let error = await errorThrown {
          try await Asyncio.waitFor(timeout: .milliseconds(1)) { try await semaphore.acquire() }
        }
        #expect(error is Asyncio.TimeoutError)
      }
      #expect(semaphore.description.contains("<Semaphore [locked]>"))
    }
  }
}
