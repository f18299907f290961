import Testing

@testable import AsyncioBridge

/// What Python 3.13's tests of `wait_for` have in addition, as far as 3.8's does the same.
@Suite struct WaitForAdditionsTests {
  @Test("WAITFORX-06: a future is in time that a callback completes which was scheduled before the wait")
  func scheduledBefore() throws {
    try runOnLoop { loop in
      let future = loop.createFuture(of: String.self)
      try loop.callSoon { try future.setResult("ok") }
      #expect(try await Asyncio.waitFor(future, timeout: .milliseconds(10)) == "ok")
      expectTime(loop, .zero)
    }
  }

  @Test("WAITFORX-07: a shielded task is waited for without a timeout")
  func shieldWithoutTimeout() throws {
    try runOnLoop { loop in
      let task = sleeper(10)
      let value = try await Asyncio.waitFor(Asyncio.shield(task), timeout: nil)
      #expect(value == 10)
      expectTime(loop, .milliseconds(10))
    }
  }

  @Test("WAITFORX-08: a timeout ends the wait for a shielded task at once, and the task goes on")
  func shieldWithTimeout() throws {
    try runOnLoop { loop in
      let task = sleeper(20)
      let error = await errorThrown { try await Asyncio.waitFor(Asyncio.shield(task), timeout: .milliseconds(5)) }
      #expect(error is Asyncio.TimeoutError)
      #expect(!task.isDone)
      expectTime(loop, .milliseconds(5))
      let value = try await task.value
      #expect(value == 20)
      expectTime(loop, .milliseconds(20))
    }
  }

  @Test("DIFF-14: the value of a future that is done is there on the second turn, if there is a timeout")
  func turnsForADoneFuture() throws {
    try runOnLoop { loop in
      let future = loop.createFuture(of: Int.self)
      try future.setResult(1)
      let turn = loop.turnCount
      _ = try await Asyncio.waitFor(future, timeout: .seconds(1))
      #expect(loop.turnCount == turn + 2)
    }
  }

  @Test("DIFF-19: only a timeout of zero or less has the cancellation as its cause", arguments: [-1, 0, 1])
  func cause(_ seconds: Int) throws {
    try runOnLoop { loop in
      let task = Asyncio.createTask { try await Asyncio.sleep(.seconds(1000)) }
      try await Asyncio.sleep(.zero)
      let error = await errorThrown { try await Asyncio.waitFor(task, timeout: .seconds(seconds)) }
      let timeout = try #require(error as? Asyncio.TimeoutError)
      #expect((timeout.underlying is CancellationError) == (seconds <= 0))
    }
  }
}
