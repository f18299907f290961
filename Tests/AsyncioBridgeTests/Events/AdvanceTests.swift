import Testing

@testable import AsyncioBridge

/// Virtual time, in portions.
@Suite struct AdvanceTests {
  @Test("what is due by then has run, what is due later has not, and the clock shows the end")
  func timers() throws {
    try withLoop { loop in
      var fired: [Int] = []
      for second in [1, 2, 3, 5] { try loop.callLater(.seconds(second)) { fired.append(second) } }
      try loop.advance(by: .seconds(2))
      #expect(fired == [1, 2])
      #expect(loop.elapsed == .seconds(2))
      try loop.advance(by: .milliseconds(2500))
      #expect(fired == [1, 2, 3])
      #expect(loop.elapsed == .milliseconds(4500))
      try loop.advance(to: .init(offset: .seconds(60)))
      #expect(fired == [1, 2, 3, 5])
      #expect(loop.elapsed == .seconds(60))
    }
  }

  @Test("what the last timers make ready runs too")
  func lastTimer() throws {
    try withLoop { loop in
      let task = try loop.createTask {
        for _ in 0..<3 { try await Asyncio.sleep(.seconds(1)) }
        for _ in 0..<10 { try await Asyncio.sleep(.zero) }
        return loop.elapsed
      }
      try loop.advance(by: .seconds(3))
      #expect(try task.result() == .seconds(3))
    }
  }

  @Test("no time at all, or one that has passed: what is ready runs, and the clock stands", arguments: [0, -5])
  func noTime(_ seconds: Int) throws {
    try withLoop { loop in
      try loop.advance(by: .seconds(1))
      let task = try loop.createTask { try await Asyncio.sleep(.zero) }
      try loop.advance(by: .seconds(seconds))
      #expect(task.isDone)
      #expect(loop.elapsed == .seconds(1))
    }
  }

  @Test("a body that waits for its own child, which sleeps longer, is no reason to wait")
  func sleepingChild() throws {
    try withLoop { loop in
      let task = try loop.createTask {
        async let child: Void = Asyncio.sleep(.seconds(10))
        try await child
        return loop.elapsed
      }
      try loop.advance(by: .seconds(4))
      #expect(!task.isDone)
      #expect(loop.elapsed == .seconds(4))
      try loop.advance(by: .seconds(6))
      #expect(try task.result() == .seconds(10))
    }
  }

  @Test("a loop that is stopped stops, and its time with it")
  func stopped() throws {
    try withLoop { loop in
      try loop.callLater(.seconds(1)) { loop.stop() }
      try loop.advance(by: .seconds(5))
      #expect(loop.elapsed == .seconds(1))
      try loop.callLater(.seconds(1)) { throw Asyncio.SystemExit(3) }
      #expect(throws: Asyncio.SystemExit(3)) { try loop.advance(by: .seconds(5)) }
      #expect(loop.elapsed == .seconds(2))
      // The limit went with the call.
      try loop.runUntilComplete { try await Asyncio.sleep(.seconds(60)) }
      #expect(loop.elapsed == .seconds(62))
    }
  }

  @Test("in real time, and while a loop runs, it is refused")
  func refused() throws {
    try withLoop(.monotonic) { loop in
      #expect(throws: Asyncio.RuntimeError.self) { try loop.advance(by: .seconds(1)) }
    }
    try withLoop { loop in
      try loop.callSoon {
        let error = #expect(throws: Asyncio.RuntimeError.self) { try loop.advance(by: .seconds(1)) }
        #expect(error?.code == .loopIsRunning)
      }
      try loop.runUntilIdle()
      #expect(loop.elapsed == .zero)
    }
  }
}
