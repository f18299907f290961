import Testing

@testable import AsyncioBridge

/// Sleeping until a time of the loop's clock.
@Suite struct SleepUntilTests {
  @Test("it ends at the very time", arguments: Asyncio.LoopClock.Kind.both)
  func deadline(_ clock: Asyncio.LoopClock.Kind) throws {
    try runOnLoop(clock) { loop in
      let deadline = loop.time.advanced(by: .milliseconds(5))
      try await Asyncio.sleep(until: deadline)
      #expect(loop.time >= deadline)
      expectTime(loop, .milliseconds(5))
      #expect(loop.pendingTimerCount == 0)
    }
  }

  @Test("a time that has come gives up exactly one turn")
  func past() throws {
    try runOnLoop { loop in
      try await Asyncio.sleep(.seconds(1))
      for deadline in [loop.time, loop.time.advanced(by: .seconds(-1))] {
        let turn = loop.turnCount
        try await Asyncio.sleep(until: deadline)
        #expect(loop.turnCount == turn + 1)
      }
      expectTime(loop, .seconds(1))
    }
  }

  @Test("cancelling ends it, and leaves no timer")
  func cancelled() throws {
    try runOnLoop { loop in
      let task = Asyncio.createTask { try await Asyncio.sleep(until: loop.time.advanced(by: .seconds(60))) }
      try await Asyncio.sleep(.zero)
      task.cancel()
      #expect(await errorThrown { try await task.value } is CancellationError)
      #expect(loop.pendingTimerCount == 0)
      expectTime(loop, .zero)
    }
  }

  @Test("a child task of Swift's sleeps too, and without a loop it is refused")
  func elsewhere() async throws {
    try runOnLoop { loop in
      let deadline = loop.time.advanced(by: .seconds(3))
      async let child: Void = Asyncio.sleep(until: deadline)
      try await child
      expectTime(loop, .seconds(3))
    }
    let error = await errorThrown { try await Asyncio.sleep(until: .init(offset: .zero)) }
    #expect((error as? Asyncio.RuntimeError)?.code == .noRunningLoop)
  }
}
