import Testing

@testable import AsyncioBridge

@Suite struct EventTests {
  @Test("EVENT-02: it belongs to the running loop")
  func runningLoop() throws {
    try runOnLoop { loop in
      let event = Asyncio.Event()
      #expect(event.loop === loop)
      try loop.callSoon { event.set() }
      try await event.wait()
      #expect(event.isSet)
    }
  }

  @Test("EVENT-02: without a loop there must be a running one")
  func noLoop() async {
    await #expect(processExitsWith: .failure) { _ = Asyncio.Event() }
  }

  @Test("EVENT-03: the description tells whether it is set, and how many wait")
  func description() throws {
    try withLoop { loop in
      let event = Asyncio.Event(loop: loop)
      #expect("\(event)" == "<Event [unset]>")
      let waits = try loop.createTask { try await event.wait() }
      try loop.runBriefly()
      #expect("\(event)" == "<Event [unset, waiters:1]>")
      event.set()
      #expect("\(event)" == "<Event [set, waiters:1]>")
      try loop.runUntilComplete(waits)
      #expect("\(event)" == "<Event [set]>")
    }
  }

  @Test("EVENT-04: setting it releases all tasks that wait, in their order", .pinsOrder)
  func wait() throws {
    try withLoop { loop in
      let event = Asyncio.Event(loop: loop)
      let order = Box<[Int]>([])
      let tasks = try (1...3).map { number in
        try loop.createTask {
          try await event.wait()
          order.value.append(number)
        }
      }
      try loop.runBriefly()
      #expect(order.value == [])
      event.set()
      try loop.runBriefly()
      #expect(order.value == [1, 2, 3])
      for task in tasks { try task.result() }
    }
  }

  @Test("EVENT-05: waiting for one that is set returns at once")
  func waitWhenSet() throws {
    try runOnLoop { loop in
      let event = Asyncio.Event()
      event.set()
      let turn = loop.turnCount
      try await event.wait()
      #expect(loop.turnCount == turn)
    }
  }

  @Test("EVENT-06: a cancelled wait throws, and leaves nothing behind", .pinsOrder)
  func cancelled() throws {
    try withLoop { loop in
      let event = Asyncio.Event(loop: loop)
      let waits = try loop.createTask { try await event.wait() }
      try loop.callSoon {
        #expect(event.waiterCount == 1)
        waits.cancel()
      }
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(waits) }
      #expect(waits.isCancelled)
      #expect(event.waiterCount == 0)
      event.set()
    }
  }

  @Test("EVENT-07: it is set from the time it is set until it is cleared")
  func clear() throws {
    try withLoop { loop in
      let event = Asyncio.Event(loop: loop)
      #expect(!event.isSet)
      event.set()
      #expect(event.isSet)
      event.clear()
      #expect(!event.isSet)
    }
  }

  @Test("EVENT-08: a task that was released counts as waiting until it resumes, and a second set does not touch it")
  func clearWithWaiters() throws {
    try withLoop { loop in
      let event = Asyncio.Event(loop: loop)
      let waits = try loop.createTask {
        try await event.wait()
        return true
      }
      try loop.runBriefly()
      event.set()
      event.clear()
      #expect(!event.isSet)
      event.set()
      event.set()
      #expect(event.waiterCount == 1)
      try loop.runBriefly()
      #expect(event.waiterCount == 0)
      #expect(try waits.result())
    }
  }
}
