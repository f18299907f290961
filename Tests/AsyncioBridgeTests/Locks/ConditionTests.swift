import Testing

@testable import AsyncioBridge

@Suite struct ConditionTests {
  // MARK: Creation

  @Test("COND-02: it belongs to the running loop")
  func runningLoop() throws {
    try runOnLoop { loop in
      let condition = Asyncio.Condition()
      #expect(condition.loop === loop)
      try loop.createTask { try await condition.withLock { try condition.notify() } }
      try await condition.withLock { try await condition.wait() }
    }
  }

  @Test("COND-02: without a loop there must be a running one")
  func noLoop() async {
    await #expect(processExitsWith: .failure) { _ = Asyncio.Condition() }
  }

  @Test("COND-15: the description tells whether its lock is held, and how many wait")
  func description() throws {
    try withLoop { loop in
      let condition = Asyncio.Condition(loop: loop)
      #expect("\(condition)" == "<Condition [unlocked]>")
      try condition.acquire(on: loop)
      #expect("\(condition)" == "<Condition [locked]>")
      try condition.release()
      let waiting = try waiters(2, condition, loop, Box([]))
      try loop.runBriefly()
      #expect("\(condition)" == "<Condition [unlocked, waiters:2]>")
      try condition.acquire(on: loop)
      #expect("\(condition)" == "<Condition [locked, waiters:2]>")
      try condition.notifyAll()
      try condition.release()
      for task in waiting { #expect(try loop.runUntilComplete(task)) }
    }
  }

  @Test("COND-18: it uses the lock it is given, and that lock's loop")
  func explicitLock() throws {
    try withLoop { loop in
      let lock = Asyncio.Lock(loop: loop)
      let condition = try Asyncio.Condition(lock: lock)
      #expect(condition.loop === loop)
      #expect(try Asyncio.Condition(lock: lock, loop: loop).loop === loop)
      try condition.acquire(on: loop)
      #expect(lock.isLocked)
      try lock.release()
      #expect(!condition.isLocked)
    }
  }

  @Test("COND-19: a lock of another loop is refused")
  func ambiguousLoops() throws {
    try withLoop { loop in
      try withLoop { other in
        let lock = Asyncio.Lock(loop: loop)
        #expect(throws: Asyncio.ValueError.self) { try Asyncio.Condition(lock: lock, loop: other) }
        let condition = try Asyncio.Condition(lock: lock)
        #expect(condition.loop === loop)
      }
    }
  }

  // MARK: Waiting and notifying

  @Test("COND-03, COND-04, COND-05: tasks wait without the lock, and go on one by one as they obtain it", .pinsOrder)
  func waitAndNotify() throws {
    try withLoop { loop in
      let condition = Asyncio.Condition(loop: loop)
      let order = Box<[Int]>([])
      let tasks = try (1...3).map { number in
        try loop.createTask {
          try await condition.acquire()
          try await condition.wait()
          order.value.append(number)
          return true
        }
      }
      try loop.runBriefly()
      #expect(order.value == [])
      #expect(condition.waiterCount == 3)
      #expect(!condition.isLocked)

      try condition.acquire(on: loop)
      try condition.notify()
      try loop.runBriefly()
      #expect(order.value == [])
      #expect(condition.isLocked)

      try condition.release()
      try loop.runBriefly()
      #expect(order.value == [1])
      #expect(condition.isLocked)

      try condition.notify(2)
      try loop.runBriefly()
      #expect(order.value == [1])
      #expect(condition.isLocked)

      try condition.release()
      try loop.runBriefly()
      #expect(order.value == [1, 2])
      #expect(condition.isLocked)

      try condition.release()
      try loop.runBriefly()
      #expect(order.value == [1, 2, 3])
      #expect(condition.isLocked)
      for task in tasks { #expect(try task.result()) }
    }
  }

  @Test("COND-23: waiting returns when notified, with the lock")
  func waitReturns() throws {
    try withLoop { loop in
      let condition = Asyncio.Condition(loop: loop)
      let waits = try loop.createTask {
        try await condition.withLock {
          try await condition.wait()
          return condition.isLocked
        }
      }
      try loop.runBriefly()
      try loop.runUntilComplete { try await condition.withLock { try condition.notify() } }
      #expect(try loop.runUntilComplete(waits))
    }
  }

  @Test("COND-11: as many tasks are released as are notified, in their order", .pinsOrder)
  func notify() throws {
    try withLoop { loop in
      let condition = Asyncio.Condition(loop: loop)
      let order = Box<[Int]>([])
      let tasks = try waiters(3, condition, loop, order)
      try loop.runBriefly()
      #expect(order.value == [])

      try condition.acquire(on: loop)
      try condition.notify(1)
      try condition.release()
      for _ in 1...3 { try loop.runBriefly() }
      #expect(order.value == [1])

      try condition.acquire(on: loop)
      try condition.notify(1)
      try condition.notify(2048)
      try condition.release()
      try loop.runBriefly()
      #expect(order.value == [1, 2, 3])
      for task in tasks { #expect(try task.result()) }
    }
  }

  @Test("COND-12: notifying all releases all, in their order", .pinsOrder)
  func notifyAll() throws {
    try withLoop { loop in
      let condition = Asyncio.Condition(loop: loop)
      let order = Box<[Int]>([])
      let tasks = try waiters(2, condition, loop, order)
      try loop.runBriefly()
      try condition.acquire(on: loop)
      try condition.notifyAll()
      try condition.release()
      try loop.runBriefly()
      #expect(order.value == [1, 2])
      for task in tasks { #expect(try task.result()) }
    }
  }

  @Test("COND-22: notifying nobody does nothing, and who was released is not counted again", .pinsOrder)
  func notifyCountsOnce() throws {
    try withLoop { loop in
      let condition = Asyncio.Condition(loop: loop)
      let order = Box<[Int]>([])
      try loop.runUntilComplete {
        try await condition.withLock {
          try condition.notify()
          try condition.notifyAll()
        }
      }
      let tasks = try waiters(3, condition, loop, order)
      try loop.runBriefly()
      #expect(condition.waiterCount == 3)

      // One each time, although the first that waits is one that was released.
      try condition.acquire(on: loop)
      try condition.notify()
      try condition.notify()
      try condition.release()
      for _ in 1...3 { try loop.runBriefly() }
      #expect(order.value == [1, 2])
      #expect(!tasks[2].isDone)
      tasks[2].cancel()
      try loop.runBriefly()
    }
  }

  @Test("COND-24: notifying none releases nobody")
  func notifyNone() throws {
    try withLoop { loop in
      let condition = Asyncio.Condition(loop: loop)
      let order = Box<[Int]>([])
      let tasks = try waiters(1, condition, loop, order)
      try loop.runBriefly()
      try loop.runUntilComplete { try await condition.withLock { try condition.notify(0) } }
      for _ in 1...3 { try loop.runBriefly() }
      #expect(order.value == [])
      #expect(condition.waiterCount == 1)
      tasks[0].cancel()
      try loop.runBriefly()
    }
  }

  @Test("COND-07, COND-13, COND-14: without the lock one can neither wait nor notify")
  func unacquired() throws {
    try withLoop { loop in
      let condition = Asyncio.Condition(loop: loop)
      #expect(throws: Asyncio.RuntimeError.self) { try loop.runUntilComplete { try await condition.wait() } }
      #expect(throws: Asyncio.RuntimeError.self) { try condition.notify() }
      #expect(throws: Asyncio.RuntimeError.self) { try condition.notifyAll() }
      #expect(!condition.isLocked)
      #expect(condition.waiterCount == 0)
    }
  }

  // MARK: Predicates

  @Test("COND-08: waiting for a predicate goes on until a notification finds it true")
  func predicate() throws {
    try withLoop { loop in
      let condition = Asyncio.Condition(loop: loop)
      let holds = Box(false)
      let evaluations = Box(0)
      let order = Box<[Int]>([])
      let waits = try loop.createTask {
        try await condition.withLock {
          let result = try await condition.waitFor {
            evaluations.value += 1
            return holds.value
          }
          order.value.append(1)
          return result
        }
      }
      func notify() throws {
        try condition.acquire(on: loop)
        try condition.notify()
        try condition.release()
        try loop.runBriefly()
      }
      try loop.runBriefly()
      #expect(order.value == [])
      #expect(evaluations.value == 1)
      try notify()
      #expect(order.value == [])
      #expect(evaluations.value == 2)
      holds.value = true
      try notify()
      #expect(order.value == [1])
      #expect(evaluations.value == 3)
      #expect(try waits.result() == true)
    }
  }

  @Test("COND-09: a predicate that holds at once needs no lock, and may return any value")
  func predicateThatHolds() throws {
    try runOnLoop { loop in
      let condition = Asyncio.Condition()
      let turn = loop.turnCount
      let list = try await condition.waitFor { () -> [Int]? in [1, 2, 3] }
      #expect(list == [1, 2, 3])
      #expect(try await condition.waitFor { true })
      #expect(loop.turnCount == turn)
    }
  }

  @Test("COND-10: a predicate that has to be waited for needs the lock")
  func predicateUnacquired() throws {
    try runOnLoop { _ in
      let condition = Asyncio.Condition()
      #expect(await errorThrown { try await condition.waitFor { false } } is Asyncio.RuntimeError)
      let none = await errorThrown { try await condition.waitFor { () -> Int? in nil } }
      #expect(none is Asyncio.RuntimeError)
    }
  }

  @Test("COND-08: a value is waited for, too", .pinsOrder)
  func predicateOfValue() throws {
    try runOnLoop { loop in
      let condition = Asyncio.Condition()
      let items = Box<[String]>([])
      for item in ["a", "b"] {
        try loop.createTask {
          try await condition.withLock {
            items.value.append(item)
            try condition.notify()
          }
        }
      }
      let second = try await condition.withLock {
        try await condition.waitFor { items.value.count == 2 ? items.value.last : nil }
      }
      #expect(second == "b")
    }
  }

  // MARK: Cancellation

  @Test("COND-06: a cancelled wait throws, with the lock held, and leaves nothing behind", .pinsOrder)
  func cancelled() throws {
    try withLoop { loop in
      let condition = Asyncio.Condition(loop: loop)
      try condition.acquire(on: loop)
      let waits = try loop.createTask { try await condition.wait() }
      try loop.callSoon {
        #expect(!condition.isLocked)
        waits.cancel()
      }
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(waits) }
      #expect(waits.isCancelled)
      #expect(condition.waiterCount == 0)
      #expect(condition.isLocked)
    }
  }

  @Test("COND-06: the lock is taken again however often the task is cancelled meanwhile")
  func cancelledWhileReacquiring() throws {
    try withLoop { loop in
      let condition = Asyncio.Condition(loop: loop)
      let isLocked = Box(false)
      let waits = try loop.createTask {
        try await condition.withLock {
          defer { isLocked.value = condition.isLocked }
          try await condition.wait()
        }
      }
      try loop.runBriefly()
      try condition.acquire(on: loop)
      try condition.notify()
      for _ in 1...3 {
        try loop.runBriefly()
        #expect(waits.cancel())
      }
      try loop.runBriefly()
      #expect(!waits.isDone)
      try condition.release()
      try loop.runBriefly()
      #expect(waits.isCancelled)
      #expect(isLocked.value)
      #expect(!condition.isLocked)
    }
  }

  @Test("COND-20: a wait that times out within the scope leaves the lock to be released by that")
  func timeoutInScope() throws {
    try runOnLoop { loop in
      let condition = Asyncio.Condition()
      try await condition.withLock {
        let thrown = await errorThrown {
          try await Asyncio.waitFor(timeout: .milliseconds(500)) { try await condition.wait() }
        }
        #expect(thrown is Asyncio.TimeoutError)
        #expect(condition.isLocked)
      }
      #expect(!condition.isLocked)
      #expect(condition.waiterCount == 0)
      expectTime(loop, .milliseconds(500))
    }
  }

  @Test("COND-21, DIFF-34: a task that is cancelled when it was notified loses the notification", .pinsOrder)
  func lostNotification() throws {
    try withLoop { loop in
      let condition = Asyncio.Condition(loop: loop)
      let order = Box<[Int]>([])
      let tasks = try waiters(2, condition, loop, order)
      try loop.runBriefly()
      try condition.acquire(on: loop)
      try condition.notify()
      tasks[0].cancel()
      try condition.release()
      for _ in 1...3 { try loop.runBriefly() }
      #expect(tasks[0].isCancelled)
      #expect(!tasks[1].isDone)
      #expect(condition.waiterCount == 1)
      #expect(order.value == [])
      tasks[1].cancel()
      try loop.runBriefly()
    }
  }

  @Test(
    "LOCKX-08, DIFF-34: in 3.13 a task that is cancelled when it was notified passes the notification on",
    .pinsOrder,
    arguments: [false, true]
  )
  func notificationIsPassedOn(_ whileReacquiring: Bool) throws {
    try withLoop(semantics: .python3_13) { loop in
      for condition in [Asyncio.Condition(loop: loop), try Asyncio.Condition(lock: Asyncio.Lock(loop: loop))] {
        let order = Box<[Int]>([])
        let tasks = try waiters(3, condition, loop, order)
        try loop.runBriefly()
        try condition.acquire(on: loop)
        try condition.notify()
        // It waits for the lock then.
        if whileReacquiring { try loop.runBriefly() }
        tasks[0].cancel()
        try condition.release()
        for _ in 1...3 { try loop.runBriefly() }
        #expect(tasks.map(\.isDone) == [true, true, false])
        #expect(tasks[0].isCancelled)
        #expect(order.value == [2])
        #expect(condition.waiterCount == 1)
        tasks[2].cancel()
        try loop.runBriefly()
      }
    }
  }
}

/// Tasks that wait for a notification, note their numbers in the order in which they go on, and release the lock.
private func waiters(
  _ count: Int,
  _ condition: Asyncio.Condition,
  _ loop: EventLoop,
  _ order: Box<[Int]>
) throws -> [Asyncio.Task<Bool>] {
  try (1...count).map { number in
    try loop.createTask {
      try await condition.withLock {
        try await condition.wait()
        order.value.append(number)
        return true
      }
    }
  }
}
