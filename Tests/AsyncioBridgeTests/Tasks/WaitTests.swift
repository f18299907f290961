import Testing

@testable import AsyncioBridge

@Suite struct WaitTests {
  @Test(
    "WAIT-01, WAIT-02: all of them are waited for, and a second wait is over at once",
    arguments: Asyncio.LoopClock.Kind.both
  )
  func allCompleted(_ clock: Asyncio.LoopClock.Kind) throws {
    try runOnLoop(clock) { loop in
      let a = sleeper(10)
      let b = sleeper(15)
      for _ in 1...2 {
        let (done, pending) = try await Asyncio.wait([b, a])
        #expect(done == [a, b])
        #expect(pending.isEmpty)
        expectTime(loop, .milliseconds(15))
      }
      #expect(try a.result() == 10)
      #expect(try b.result() == 15)
    }
  }

  @Test("WAIT-03: it waits on the running loop")
  func runningLoop() throws {
    try withLoop { other in
      try runOnLoop { loop in
        let task = sleeper(1)
        #expect(task.loop === loop)
        let (done, pending) = try await Asyncio.wait([task])
        #expect(done == [task])
        #expect(pending.isEmpty)

        let foreign = other.createFuture(of: Int.self)
        #expect(await errorThrown { try await Asyncio.wait([foreign]) } is Asyncio.ValueError)
        #expect(foreign.callbackCount == 0)
      }
    }
  }

  @Test("WAIT-04: a future that is given twice counts once")
  func duplicates() throws {
    try runOnLoop { _ in
      let c = Asyncio.createTask { "test" }
      let d = Asyncio.createTask { "spam" }
      let (done, pending) = try await Asyncio.wait([c, c, d])
      #expect(done == [c, d])
      #expect(try Set(done.map { try $0.result() }) == ["test", "spam"])
      #expect(pending.isEmpty)
    }
  }

  @Test("WAIT-05, WAIT-08: no futures are refused, be they a set or an array")
  func empty() throws {
    try runOnLoop { _ in
      #expect(await errorThrown { try await Asyncio.wait(Set<Asyncio.AnyFuture>()) } is Asyncio.ValueError)
      #expect(await errorThrown { try await Asyncio.wait([] as [Asyncio.Task<Int>]) } is Asyncio.ValueError)
    }
  }

  @Test("WAIT-09, WAIT-10: the first that is done ends it, and the others go on")
  func firstCompleted() throws {
    try runOnLoop { loop in
      let long = sleeper(20)
      let short = sleeper(2)
      let (done, pending) = try await Asyncio.wait([long, short], returnWhen: .firstCompleted)
      #expect(done == [short])
      #expect(pending == [long])
      expectTime(loop, .milliseconds(2))
      #expect(!long.isDone)
      #expect(!long.isCancelled)

      let (later, none) = try await Asyncio.wait([long])
      #expect(later == [long])
      #expect(none.isEmpty)
      #expect(try long.result() == 20)
      expectTime(loop, .milliseconds(20))
    }
  }

  @Test("WAIT-11: the first that fails ends it")
  func firstException() throws {
    try runOnLoop { loop in
      let error = ObjectError()
      let sleeps = sleeper(10)
      let fails = Asyncio.createTask { () -> Int in throw error }
      let (done, pending) = try await Asyncio.wait([sleeps, fails], returnWhen: .firstException)
      #expect(done == [fails])
      #expect(pending == [sleeps])
      #expect(try fails.exception() as? ObjectError === error)
      expectTime(loop, .zero)
      sleeps.cancel()
    }
  }

  @Test("WAIT-11: neither a value nor a cancellation ends a wait for the first failure")
  func firstExceptionPassesOver() throws {
    try runOnLoop { loop in
      let succeeds = Asyncio.createTask { 1 }
      let isCancelled = sleeper(100)
      isCancelled.cancel()
      let sleeps = sleeper(10)
      let (done, pending) = try await Asyncio.wait([succeeds, isCancelled, sleeps], returnWhen: .firstException)
      #expect(done == [succeeds, isCancelled, sleeps])
      #expect(pending.isEmpty)
      expectTime(loop, .milliseconds(10))
    }
  }

  @Test("WAIT-12: a failure during the wait ends it", arguments: Asyncio.LoopClock.Kind.both)
  func firstExceptionLater(_ clock: Asyncio.LoopClock.Kind) throws {
    try runOnLoop(clock) { loop in
      let sleeps = sleeper(10_000)
      let fails = Asyncio.createTask { () -> Int in
        try await Asyncio.sleep(.milliseconds(10))
        throw TestError()
      }
      let (done, pending) = try await Asyncio.wait([sleeps, fails], returnWhen: .firstException)
      #expect(done == [fails])
      #expect(pending == [sleeps])
      expectTime(loop, .milliseconds(10))
      sleeps.cancel()
    }
  }

  @Test("WAIT-13, WAIT-14: an error is not thrown, neither by the first wait nor by a second")
  func errorsStayInTheFutures() throws {
    try runOnLoop { loop in
      let sleeps = sleeper(10)
      let fails = Asyncio.createTask { () -> Int in
        try await Asyncio.sleep(.milliseconds(15))
        throw TestError()
      }
      for _ in 1...2 {
        let (done, pending) = try await Asyncio.wait([sleeps, fails])
        #expect(done == [sleeps, fails])
        #expect(pending.isEmpty)
        #expect(try done.filter { try $0.exception() != nil } == [fails])
        expectTime(loop, .milliseconds(15))
      }
    }
  }

  @Test("WAIT-15, WAIT-20: a timeout ends it without an error, and cancels nothing")
  func timeout() throws {
    try runOnLoop { loop in
      let a = sleeper(10)
      let b = sleeper(10_000)
      let (done, pending) = try await Asyncio.wait([a, b], timeout: .milliseconds(11))
      #expect(done == [a])
      #expect(pending == [b])
      expectTime(loop, .milliseconds(11))
      #expect(!b.isDone)
      #expect(!b.mustCancel)
      #expect(b.waiter?.isDone == false)
      b.cancel()
    }
  }

  @Test("WAIT-16, WAIT-17, WAIT-21: a cancelled wait ends at once, and what it waited for goes on")
  func cancelled() throws {
    try withLoop { loop in
      let blocker = loop.createFuture(of: Int.self)
      let wentOn = Box(false)
      let child = try loop.createTask { try await blocker.value }
      let waits = try loop.createTask {
        _ = try await Asyncio.wait([child], timeout: .seconds(1))
        wentOn.value = true
      }
      try loop.runBriefly()
      #expect(child.callbackCount == 1)
      #expect(waits.cancel())
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(waits) }
      #expect(waits.isCancelled)
      #expect(!wentOn.value)
      #expect(child.callbackCount == 0)
      #expect(!child.isDone)

      try blocker.setResult(42)
      #expect(try loop.runUntilComplete(child) == 42)
    }
  }

  @Test("WAIT-19: a coroutine is made a task first, and the sets contain that")
  func coroutines() throws {
    try runOnLoop { _ in
      let task = try Asyncio.ensureFuture(Asyncio.Coroutine { 1 })
      let (done, _) = try await Asyncio.wait([task])
      #expect(done.first === task)
      #expect(done.first is Asyncio.Task<Int>)
    }
  }

  @Test("WAIT-21: a wait that is over leaves no callback behind", arguments: [nil, Duration.seconds(1)])
  func leavesNoCallbacks(_ timeout: Duration?) throws {
    try runOnLoop { loop in
      let pending = loop.createFuture(of: Int.self)
      let completes = loop.createFuture(of: Int.self)
      try loop.callLater(.seconds(2)) { try completes.setResult(1) }
      let result = try await Asyncio.wait([pending, completes], timeout: timeout, returnWhen: .firstCompleted)
      #expect(result.pending.contains(pending))
      #expect(pending.callbackCount == 0)
      #expect(completes.callbackCount == 0)
    }
  }

  @Test("WAIT-22: futures that are done already cost two turns and no time")
  func allDone() throws {
    try runOnLoop { loop in
      let futures = try (0..<3).map { number in
        let future = loop.createFuture(of: Int.self)
        try future.setResult(number)
        return future
      }
      let before = loop.turnCount
      let (done, pending) = try await Asyncio.wait(futures)
      #expect(loop.turnCount == before + 2)
      #expect(done == Set(futures))
      #expect(pending.isEmpty)
      expectTime(loop, .zero)
    }
  }

  @Test("WAIT-23: the timer is cancelled when the wait ends before", .pinsOrder)
  func timerIsCancelled() throws {
    try runOnLoop { loop in
      let task = sleeper(1)
      _ = try await Asyncio.wait([task], timeout: .seconds(60))
      #expect(loop.pendingTimerCount == 0)

      let never = loop.createFuture(of: Int.self)
      let waits = Asyncio.createTask { try await Asyncio.wait([never], timeout: .seconds(60)) }
      try await Asyncio.sleep(.zero)
      #expect(loop.pendingTimerCount == 1)
      waits.cancel()
      #expect(await errorThrown { try await waits.value } is CancellationError)
      #expect(loop.pendingTimerCount == 0)
    }
  }

  @Test("WAIT-24: cancelled futures are done, and nothing is thrown")
  func cancelledChildren() throws {
    try runOnLoop { loop in
      let a = sleeper(10)
      let b = loop.createFuture(of: Int.self)
      try loop.callSoon {
        a.cancel()
        b.cancel()
      }
      let (done, pending) = try await Asyncio.wait([a, b])
      #expect(done == [a, b])
      #expect(pending.isEmpty)
      #expect(a.isCancelled)
      #expect(b.isCancelled)
    }
  }
}
