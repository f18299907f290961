import Testing

@testable import AsyncioBridge

@Suite struct SmokeTests {
  @Test("CANC-07: a body that catches the cancellation and returns is finished, not cancelled")
  func catching() throws {
    try withLoop { loop in
      let future = loop.createFuture(of: Void.self)
      let task = try loop.createTask {
        do { try await future.value } catch is CancellationError { return 42 }
        return 0
      }
      try loop.runBriefly()
      #expect(task.waiter === future)
      #expect(task.cancel())
      #expect(future.isCancelled)
      #expect(try loop.runUntilComplete(task) == 42)
      #expect(!task.isCancelled)
    }
  }

  @Test("SLEEP-01: sleeps add up", arguments: Asyncio.LoopClock.Kind.both)
  func sleeps(_ clock: Asyncio.LoopClock.Kind) throws {
    try runOnLoop(clock) { loop in
      try await Asyncio.sleep(.milliseconds(5))
      #expect(try await Asyncio.sleep(.milliseconds(5), result: "yeah") == "yeah")
      expectTime(loop, .milliseconds(10))
    }
  }
}
