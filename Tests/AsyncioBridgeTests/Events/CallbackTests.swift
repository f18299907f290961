import Testing

@testable import AsyncioBridge

@Suite struct CallbackTests {
  @Test("CB-01: callSoon returns the handle that is in the ready queue")
  func callSoonQueuesItsHandle() throws {
    try withLoop { loop in
      let handle = try loop.callSoon {}
      #expect(loop.readyHandles.count == 1)
      #expect(loop.readyHandles.first === handle)
      #expect(loop.timers.isEmpty)
    }
  }

  @Test("CB-04: a live handle that is added goes to the ready queue, not among the timers")
  func addedHandleIsReady() throws {
    try withLoop { loop in
      let calls = Box(0)
      let handle = Asyncio.Handle(.callback { calls.value += 1 }, isDebug: false, context: nil, site: .library)
      loop.makeReady(.handle(handle))
      #expect(loop.readyHandles.first === handle)
      #expect(loop.timers.isEmpty)
      try loop.runBriefly()
      #expect(calls.value == 1)
    }
  }

  @Test("CB-05: a cancelled handle that is added is never called, and gone after the turn")
  func addedCancelledHandleIsDropped() throws {
    try withLoop { loop in
      let calls = Box(0)
      let handle = Asyncio.Handle(.callback { calls.value += 1 }, isDebug: false, context: nil, site: .library)
      handle.cancel()
      loop.makeReady(.handle(handle))
      #expect(loop.timers.isEmpty)
      try loop.runOneTurn()
      #expect(loop.readyHandles.isEmpty)
      #expect(loop.timers.isEmpty)
      #expect(calls.value == 0)
    }
  }

  @Test("CB-06: a callback that is queued before the loop is stopped and run is called exactly once")
  func runOnce() throws {
    try withLoop { loop in
      let calls = Box(0)
      try loop.callSoon { calls.value += 1 }
      loop.stop()
      try loop.runForever()
      #expect(calls.value == 1)
      try loop.runBriefly()
      #expect(calls.value == 1)
    }
  }

  @Test(
    "CB-07: what another thread delivers in the turn in which the loop stops runs once, and not again",
    arguments: Asyncio.LoopClock.Kind.both
  )
  func externalEventInTheLastTurn(_ clock: Asyncio.LoopClock.Kind) throws {
    try withLoop(clock) { loop in
      let calls = Journal<Int>()
      try joinThread { [handle = loop.threadsafe] in
        _ = try handle.callSoonThreadsafe { calls.append(1) }
      }
      try loop.runOneTurn()
      #expect(calls.entries == [1])
      try loop.runOneTurn()
      #expect(calls.entries == [1])
    }
  }

  @Test("CB-08: a callback gets what it captures")
  func callbackGetsItsArguments() throws {
    try withLoop { loop in
      let results = Box<[(String, String)]>([])
      let (first, second) = ("hello", "world")
      try loop.callSoon {
        results.value.append((first, second))
        loop.stop()
      }
      try loop.runForever()
      try #require(results.value.count == 1)
      #expect(results.value[0] == ("hello", "world"))
    }
  }

  @Test(
    "CB-09: what another thread has queued runs before what the loop's thread queues later",
    .pinsOrder,
    arguments: Asyncio.LoopClock.Kind.both
  )
  func otherThreadsShareTheQueue(_ clock: Asyncio.LoopClock.Kind) throws {
    try withLoop(clock) { loop in
      let results = Journal<String>()
      try joinThread { [handle = loop.threadsafe] in
        _ = try handle.callSoonThreadsafe { results.append("hello") }
      }
      try loop.callSoon {
        results.append("world")
        loop.stop()
      }
      try loop.runForever()
      #expect(results.entries == ["hello", "world"])
    }
  }

  @Test("CB-09: the same within a run, for callbacks, tasks, timers that are due, and completed futures", .pinsOrder)
  func otherThreadsShareTheQueueDuringARun() throws {
    try withLoop { loop in
      let results = Journal<String>()
      func post(_ text: String) throws {
        try joinThread { [handle = loop.threadsafe] in _ = try handle.callSoonThreadsafe { results.append(text) } }
      }
      let future = loop.createFuture(of: Void.self)
      future.addDoneCallback { _ in results.append("future") }
      try loop.callSoon {
        try loop.callLater(.zero) { results.append("timer") }
        try post("1")
        try loop.callSoon { results.append("callback") }
        try post("2")
        try loop.createTask { results.append("task") }
        try post("3")
        try future.setResult()
        try post("4")
      }
      try loop.runUntilIdle()
      #expect(results.entries == ["1", "callback", "2", "task", "3", "future", "4", "timer"])
    }
  }

  @Test("CB-10: other threads cannot have the loop, only its handle, which runs their callbacks on the loop's thread")
  func otherThreadsNeedTheHandle() throws {
    #expect(!isSendable(EventLoop.self))
    #expect(!isSendable(Asyncio.Handle.self))
    #expect(!isSendable(Asyncio.Future<Int>.self))
    #expect(isSendable(Asyncio.LoopHandle.self))
    try withLoop(debug: true) { loop in
      let threads = Journal<UInt>()
      let poster = try joinThread { [handle = loop.threadsafe] in
        try handle.callSoonThreadsafe { threads.append(currentThreadID()) }
        return currentThreadID()
      }
      try loop.runOneTurn()
      #expect(threads.entries == [currentThreadID()])
      #expect(poster != currentThreadID())
    }
  }

  @Test("CB-11: a thread that runs a loop of its own reaches another's by the handle, and each runs what is its own")
  func threadWithItsOwnLoop() throws {
    try withLoop(debug: true) { loop in
      let seen = Journal<Bool>()
      try joinThread { [handle = loop.threadsafe] in
        try withLoop(debug: true) { own in
          try own.callSoon {
            try handle.callSoonThreadsafe { seen.append(EventLoop.running()?.threadsafe == handle) }
            seen.append(EventLoop.running() === own)
          }
          try own.runOneTurn()
        }
      }
      #expect(seen.entries == [true])
      try loop.runOneTurn()
      #expect(seen.entries == [true, true])
    }
  }

  @Test("CB-12: without debug mode callbacks of other threads go through just so", arguments: [false, true])
  func otherThreadWithoutDebugMode(_ debug: Bool) throws {
    try withLoop(debug: debug) { loop in
      let calls = Journal<Int>()
      try joinThread { [handle = loop.threadsafe] in
        for number in 0..<3 { try handle.callSoonThreadsafe { calls.append(number) } }
      }
      try loop.runOneTurn()
      #expect(calls.entries == [0, 1, 2])
    }
  }

  @Test("CB-13: a task that waits for work elsewhere and is cancelled ends at once, not when the work does")
  func promptCancellation() throws {
    try withLoop(.monotonic) { loop in
      let gate = ThreadEvent()
      defer { gate.set() }
      let began = Asyncio.ConcurrentFuture<Void>()
      let work = try loop.runInExecutor {
        began.resolve(.success(()))
        // Waits for this test's end.
        _ = gate.wait()
      }
      let task = try loop.createTask { try await work.value }
      try loop.runUntilComplete { try await Asyncio.wrapFuture(began).value }
      #expect(task.waiter === work)
      try loop.callSoon { task.cancel() }
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(task) }
      #expect(task.isCancelled)
      #expect(work.isCancelled)
    }
  }

  @Test("CB-14: callbacks run in the order in which they were queued, each exactly once")
  func firstInFirstOut() throws {
    try withLoop { loop in
      let order = Box<[Int]>([])
      for number in 0..<200 {
        try loop.callSoon {
          order.value.append(number)
          if number % 2 == 0 { try loop.callSoon { order.value.append(1000 + number) } }
        }
      }
      try loop.runUntilIdle()
      #expect(order.value == Array(0..<200) + stride(from: 1000, to: 1200, by: 2))
    }
  }

  @Test("CB-15: a callback that throws stops neither the others of its turn nor the loop")
  func throwingCallback() throws {
    try withLoop { loop in
      let reports = Reports(loop)
      let turns = Box<[Int]>([])
      try loop.callSoon { turns.value.append(loop.turnCount) }
      try loop.callSoon { throw TestError() }
      try loop.callSoon {
        turns.value.append(loop.turnCount)
        try loop.callSoon { turns.value.append(loop.turnCount) }
      }
      try loop.runUntilIdle()
      #expect(turns.value == [1, 1, 2])
      #expect(reports.contexts.map { $0.error as? TestError } == [TestError()])
    }
  }

  @Test("CB-16: in a turn the callbacks that are ready run before the timers that are due", .pinsOrder)
  func readyBeforeDueTimers() throws {
    try withLoop { loop in
      let order = Box<[String]>([])
      try loop.callLater(.zero) { order.value.append("timer \(loop.turnCount)") }
      try loop.callSoon { order.value.append("ready \(loop.turnCount)") }
      try loop.callLater(.zero) { order.value.append("later timer \(loop.turnCount)") }
      try loop.callSoon { order.value.append("later ready \(loop.turnCount)") }
      try loop.runOneTurn()
      #expect(order.value == ["ready 1", "later ready 1", "timer 1", "later timer 1"])
    }
  }
}

/// Whether the compiler knows the type to be `Sendable`.
private func isSendable<T>(_ type: T.Type) -> Bool { false }
private func isSendable<T: Sendable>(_ type: T.Type) -> Bool { true }
