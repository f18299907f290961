import Testing

@testable import AsyncioBridge

/// Waiting, from inside, until everything else is blocked.
@Suite struct IdleWaitingTests {
  @Test("others go on as far as they can, and no time passes", arguments: Asyncio.LoopClock.Kind.both)
  func others(_ clock: Asyncio.LoopClock.Kind) throws {
    try runOnLoop(clock) { loop in
      let queue = Asyncio.Queue<Int>()
      var seen: [Int] = []
      let reader = Asyncio.createTask { while true { seen.append(try await queue.get()) } }
      let sleeper = Asyncio.createTask { try await Asyncio.sleep(.seconds(3600)) }
      for number in 0..<5 {
        Asyncio.createTask {
          for _ in 0..<number { try await Asyncio.sleep(.zero) }
          try queue.putNowait(number)
        }
      }
      try await Asyncio.waitUntilIdle()
      #expect(seen == [0, 1, 2, 3, 4])
      #expect(!reader.isDone && !sleeper.isDone)
      expectTime(loop, .zero)
    }
  }

  @Test("a task that has nothing to wait for goes on at once")
  func alone() throws {
    try runOnLoop { loop in
      for _ in 0..<3 { try await Asyncio.waitUntilIdle() }
      #expect(loop.turnCount < 10)
    }
  }

  @Test("of several, each goes on when all before it are blocked again", .pinsOrder)
  func several() throws {
    try runOnLoop { _ in
      var order: [String] = []
      func observe(_ name: String) -> Asyncio.Task<Void> {
        Asyncio.createTask {
          try await Asyncio.waitUntilIdle()
          order.append("\(name) begins")
          for _ in 0..<5 { try await Asyncio.sleep(.zero) }
          order.append("\(name) ends")
        }
      }
      _ = try await Asyncio.gather(["a", "b"].map(observe)).value
      #expect(order == ["a begins", "a ends", "b begins", "b ends"])
    }
  }

  @Test("one that is cancelled leaves nothing, and the next takes its turn")
  func cancelled() throws {
    try runOnLoop { loop in
      let first = Asyncio.createTask { try await Asyncio.waitUntilIdle() }
      let second = Asyncio.createTask { try await Asyncio.waitUntilIdle() }
      try await Asyncio.sleep(.zero)
      first.cancel()
      try await second.value
      #expect(first.isCancelled)
      let isEmpty = loop.idleWaiters.isEmpty
      #expect(isEmpty)
    }
  }

  @Test("it comes before the timer that is next, before a deadlock, and before the end of runUntilIdle")
  func beforeTheRest() throws {
    try withLoop { loop in
      let task = try loop.createTask {
        try await Asyncio.waitUntilIdle()
        let time = loop.elapsed
        try await Asyncio.sleep(.seconds(1))
        try await Asyncio.waitUntilIdle()
        return [time, loop.elapsed]
      }
      try loop.runUntilIdle()
      #expect(try task.result() == [.zero, .seconds(1)])
      #expect(throws: Asyncio.DeadlockError.self) {
        try loop.runUntilComplete {
          try await Asyncio.waitUntilIdle()
          try await loop.createFuture(of: Void.self).value
        }
      }
    }
  }

  @Test("timers that are due are not skipped")
  func dueTimers() throws {
    try runOnLoop { loop in
      var hasFired = false
      try loop.callLater(.zero) { hasFired = true }
      try await Asyncio.waitUntilIdle()
      #expect(hasFired)
    }
  }

  @Test("a child task of Swift's may wait for it, and a closed loop unwinds who does")
  func childAndClose() throws {
    try runOnLoop { _ in
      async let child: Void = Asyncio.waitUntilIdle()
      try await child
    }
    try withLoop { loop in
      var isUnwound = false
      loop.exceptionHandler = { _, _ in }
      try loop.createTask {
        defer { isUnwound = true }
        try await Asyncio.waitUntilIdle()
      }
      try loop.runOneTurn()
      try loop.close()
      #expect(isUnwound)
      let isEmpty = loop.idleWaiters.isEmpty
      #expect(isEmpty)
    }
  }
}
