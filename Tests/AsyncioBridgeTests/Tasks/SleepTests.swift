import Testing

@testable import AsyncioBridge

@Suite struct SleepTests {
  @Test("SLEEP-01: sleeps add up, and return their result", arguments: Asyncio.LoopClock.Kind.both)
  func addUp(_ clock: Asyncio.LoopClock.Kind) throws {
    try runOnLoop(clock) { loop in
      let start = loop.time
      try await Asyncio.sleep(.milliseconds(5))
      #expect(try await Asyncio.sleep(.milliseconds(5), result: "yeah") == "yeah")
      expectTime(loop, .milliseconds(10))
      #expect(start.duration(to: loop.time) >= .milliseconds(10))
    }
  }

  @Test("SLEEP-02: cancelling a sleeping task cancels its timer")
  func cancelledTimer() throws {
    try withLoop { loop in
      let task = try loop.createTask { try await Asyncio.sleep(.seconds(10), result: "yeah") }
      try loop.runBriefly()
      #expect(loop.timers.entries.map(\.deadline) == [10_000_000_000])
      #expect(loop.pendingTimerCount == 1)
      task.cancel()
      try loop.runBriefly()
      #expect(loop.pendingTimerCount == 0)
      #expect(task.isCancelled)
    }
  }

  @Test("SLEEP-03, SLEEP-04: a sleep of zero gives up exactly one turn, and returns its result", .pinsOrder)
  func zero() throws {
    try runOnLoop { loop in
      let trace = Box<[String]>([])
      try loop.callSoon {
        trace.value.append("first")
        try loop.callSoon { trace.value.append("second") }
      }
      let turn = loop.turnCount
      #expect(trace.value.isEmpty)
      #expect(try await Asyncio.sleep(.zero, result: 10) == 10)
      #expect(trace.value == ["first"])
      #expect(loop.turnCount == turn + 1)
      #expect(loop.timers.isEmpty)
    }
  }

  @Test("a negative delay is like zero")
  func negative() throws {
    try runOnLoop { loop in
      let turn = loop.turnCount
      try await Asyncio.sleep(.seconds(-5))
      #expect(loop.turnCount == turn + 1)
      expectTime(loop, .zero)
    }
  }

  @Test("SLEEP-06: without a result a sleep returns nothing")
  func withoutResult() throws {
    try runOnLoop { _ in
      let nothing: Void = try await Asyncio.sleep(.milliseconds(1))
      #expect(nothing == ())
      let nothingFromZero: Void = try await Asyncio.sleep(.zero)
      #expect(nothingFromZero == ())
    }
  }

  @Test("SLEEP-07: after a sleep its timer is cancelled, and none is left", .pinsOrder)
  func noStaleTimer() throws {
    try withLoop { loop in
      let task = try loop.createTask { try await Asyncio.sleep(.milliseconds(1)) }
      try loop.runBriefly()
      let waiter = try #require(loop.timers.entries.first?.waiter)
      #expect(waiter.timer == .scheduled)
      try loop.runUntilComplete(task)
      #expect(waiter.timer == .none)
      #expect(loop.timers.isEmpty)
      #expect(loop.timers.cancelledCount == 0)
    }
  }

  @Test("the timers of many cancelled sleeps are taken out at once, wherever they are in the queue")
  func manyCancelledTimers() throws {
    try withLoop { loop in
      let live = try loop.createTask { try await Asyncio.sleep(.seconds(20)) }
      try loop.callLater(.seconds(1)) {}
      let sleepers = try (0..<150).map { _ in try loop.createTask { try await Asyncio.sleep(.seconds(10)) } }
      try loop.runBriefly()
      #expect(loop.timers.entries.count == 152)
      for task in sleepers { task.cancel() }
      try loop.runBriefly()
      try loop.runBriefly()
      #expect(loop.timers.entries.map(\.deadline) == [1_000_000_000, 20_000_000_000])
      #expect(loop.timers.cancelledCount == 0)
      try loop.runUntilComplete(live)
      expectTime(loop, .seconds(20))
    }
  }

  @Test("sleeps of equal deadlines end in the order in which they began", .pinsOrder)
  func equalDeadlines() throws {
    try runOnLoop { loop in
      let order = Box<[Int]>([])
      let tasks = (0..<5).map { number in
        Asyncio.createTask {
          try await Asyncio.sleep(.milliseconds(3))
          order.value.append(number)
        }
      }
      _ = try await Asyncio.gather(tasks).value
      #expect(order.value == [0, 1, 2, 3, 4])
      expectTime(loop, .milliseconds(3))
    }
  }

  @Test("sleeping outside a loop throws")
  func outsideALoop() async {
    await #expect(throws: Asyncio.RuntimeError.self) { try await Asyncio.sleep(.zero) }
    await #expect(throws: Asyncio.RuntimeError.self) { try await Asyncio.sleep(.seconds(1), result: 1) }
  }
}
