import Testing

@testable import AsyncioBridge

@Suite struct WaitForTests {
  // MARK: In time

  @Test("WAITFOR-01: a future that is done needs no time", arguments: [Duration.zero, .seconds(-1)])
  func doneAlready(_ timeout: Duration) throws {
    try runOnLoop { loop in
      let future = loop.createFuture(of: String.self)
      try future.setResult("done")
      let turn = loop.turnCount
      #expect(try await Asyncio.waitFor(future, timeout: timeout) == "done")
      #expect(loop.turnCount == turn)
      expectTime(loop, .zero)
    }
  }

  @Test("WAITFOR-05: without a timeout it returns the value")
  func noTimeout() throws {
    try runOnLoop { _ in
      let done = try await Asyncio.waitFor(timeout: nil) { "done" }
      #expect(done == "done")
      #expect(try await Asyncio.waitFor(sleeper(5), timeout: nil) == 5)
    }
  }

  @Test("WAITFOR-07: a value that comes in time is returned", arguments: Asyncio.LoopClock.Kind.both)
  func inTime(_ clock: Asyncio.LoopClock.Kind) throws {
    try runOnLoop(clock) { loop in
      let future = loop.createFuture(of: String.self)
      try loop.callLater(.milliseconds(10)) { try future.setResult("ok") }
      #expect(try await Asyncio.waitFor(future, timeout: .milliseconds(20)) == "ok")
      expectTime(loop, .milliseconds(10))
    }
  }

  @Test("WAITFOR-19: an error that comes in time is thrown as it is")
  func errorInTime() throws {
    try runOnLoop { loop in
      let error = ObjectError()
      let thrown = await errorThrown {
        try await Asyncio.waitFor(timeout: .seconds(1)) {
          try await Asyncio.sleep(.milliseconds(10))
          throw error
        }
      }
      #expect(thrown as? ObjectError === error)
      expectTime(loop, .milliseconds(10))
    }
  }

  @Test("WAITFOR-20: a future that somebody else cancels throws, and the waiting task goes on")
  func cancelledBySomebodyElse() throws {
    try runOnLoop { loop in
      let future = loop.createFuture(of: Int.self)
      try loop.callLater(.milliseconds(10)) { future.cancel() }
      #expect(await errorThrown { try await Asyncio.waitFor(future, timeout: .seconds(1)) } is CancellationError)
      expectTime(loop, .milliseconds(10))
      try await Asyncio.sleep(.milliseconds(1))
      expectTime(loop, .milliseconds(11))
    }
  }

  @Test("WAITFOR-23, DIFF-13: with a timeout the body has a task of its own, without one it is in the caller's")
  func whoseTask() throws {
    try runOnLoop { _ in
      let caller = try #require(Asyncio.currentTask())
      // A task whose result is the task itself would keep itself.
      let withTimeout = try await Asyncio.waitFor(timeout: .seconds(1)) {
        Asyncio.currentTask().map(ObjectIdentifier.init)
      }
      #expect(withTimeout != nil && withTimeout != ObjectIdentifier(caller))
      let without = try await Asyncio.waitFor(timeout: nil) { Asyncio.currentTask() }
      #expect(without === caller)
    }
  }

  // MARK: Timeouts

  @Test(
    "WAITFOR-02: no time at all cancels a task that has begun, which cleans up first",
    .pinsOrder,
    arguments: [Duration.zero, .seconds(-1)]
  )
  func zeroTimeout(_ timeout: Duration) throws {
    try runOnLoop { loop in
      let events = Box<[String]>([])
      let task = Asyncio.createTask {
        defer { events.value.append("cleaned up") }
        events.value.append("began")
        try await Asyncio.sleep(.milliseconds(200))
      }
      try await Asyncio.sleep(.zero)
      #expect(events.value == ["began"])
      #expect(await errorThrown { try await Asyncio.waitFor(task, timeout: timeout) } is Asyncio.TimeoutError)
      #expect(events.value == ["began", "cleaned up"])
      #expect(task.isDone)
      #expect(task.isCancelled)
      expectTime(loop, .zero)
    }
  }

  @Test("WAITFOR-02: with no time at all a body never begins")
  func zeroTimeoutBody() throws {
    try runOnLoop { _ in
      let began = Box(false)
      let thrown = await errorThrown { try await Asyncio.waitFor(timeout: .zero) { began.value = true } }
      #expect(thrown is Asyncio.TimeoutError)
      #expect(!began.value)
    }
  }

  @Test(
    "WAITFOR-03, WAITFOR-04: when the time is up the task is cancelled, and has cleaned up when that is told",
    arguments: Asyncio.LoopClock.Kind.both
  )
  func timeout(_ clock: Asyncio.LoopClock.Kind) throws {
    try runOnLoop(clock) { loop in
      let cleanedUp = Box(false)
      let task = Asyncio.createTask {
        defer { cleanedUp.value = true }
        try await Asyncio.sleep(.seconds(20))
      }
      #expect(await errorThrown { try await Asyncio.waitFor(task, timeout: .milliseconds(10)) } is Asyncio.TimeoutError)
      #expect(cleanedUp.value)
      #expect(task.isCancelled)
      expectTime(loop, .milliseconds(10))
    }
  }

  @Test("WAITFOR-06: it takes the time of the running loop, and refuses a future of another one")
  func runningLoop() throws {
    try withLoop { other in
      try runOnLoop { loop in
        let task = sleeper(200)
        #expect(task.loop === loop)
        #expect(
          await errorThrown { try await Asyncio.waitFor(task, timeout: .milliseconds(10)) } is Asyncio.TimeoutError
        )
        #expect(task.isCancelled)
        expectTime(loop, .milliseconds(10))

        let foreign = other.createFuture(of: Int.self)
        for timeout in [Duration.zero, .seconds(1)] {
          #expect(await errorThrown { try await Asyncio.waitFor(foreign, timeout: timeout) } is Asyncio.ValueError)
        }
        #expect(!foreign.isDone)
        #expect(loop.pendingTimerCount == 0)
      }
    }
  }

  @Test(
    "WAITFOR-09, WAITFORX-05: the timeout is told only after a clean-up that takes time",
    arguments: Asyncio.LoopClock.Kind.both
  )
  func waitsForCleanUp(_ clock: Asyncio.LoopClock.Kind) throws {
    try runOnLoop(clock) { loop in
      let cleanedUp = Box(false)
      let task = slowToEnd(after: .milliseconds(5), cleanedUp)
      #expect(await errorThrown { try await Asyncio.waitFor(task, timeout: .milliseconds(5)) } is Asyncio.TimeoutError)
      #expect(cleanedUp.value)
      #expect(task.isCancelled)
      expectTime(loop, .milliseconds(10))
    }
  }

  @Test(
    "WAITFOR-10, WAITFOR-11: with no time at all, too, and the timeout has the cancellation as its cause",
    .pinsOrder
  )
  func zeroTimeoutWaitsForCleanUp() throws {
    try runOnLoop { loop in
      let cleanedUp = Box(false)
      let task = slowToEnd(after: .milliseconds(5), cleanedUp)
      try await Asyncio.sleep(.zero)
      let thrown = await errorThrown { try await Asyncio.waitFor(task, timeout: .zero) }
      #expect((thrown as? Asyncio.TimeoutError)?.underlying is CancellationError)
      #expect(cleanedUp.value)
      #expect(task.isCancelled)
      expectTime(loop, .milliseconds(5))
    }
  }

  @Test("WAITFOR-16: a task that ignores its cancellation delays the timeout until it ends")
  func timeoutOfWhatIgnoresIt() throws {
    try runOnLoop { loop in
      let task = ignoringCancellation(for: .milliseconds(200))
      #expect(
        await errorThrown { try await Asyncio.waitFor(task, timeout: .milliseconds(100)) } is Asyncio.TimeoutError
      )
      let result = try task.result()
      #expect(result == "ended")
      expectTime(loop, .milliseconds(200))
    }
  }

  @Test(
    "WAITFOR-17, DIFF-16: a value in answer to the cancellation stays with the task",
    .pinsOrder,
    arguments: [Duration.zero, .seconds(1)]
  )
  func answersWithValue(_ timeout: Duration) throws {
    try runOnLoop { _ in
      let task = answering { 42 }
      try await Asyncio.sleep(.zero)
      #expect(await errorThrown { try await Asyncio.waitFor(task, timeout: timeout) } is Asyncio.TimeoutError)
      #expect(!task.isCancelled)
      #expect(try task.result() == 42)
    }
  }

  @Test("WAITFOR-18, DIFF-17: another error in answer to the cancellation is nobody's, and reported")
  func answersWithError() throws {
    try runOnLoop { loop in
      let reports = Reports(loop)
      let error = ObjectError()
      let thrown = await errorThrown {
        try await Asyncio.waitFor(answering { throw error }, timeout: .seconds(1))
      }
      #expect(thrown is Asyncio.TimeoutError)
      try await Asyncio.sleep(.zero)
      #expect(reports.messages == ["Task exception was never retrieved"])
      #expect(reports.contexts.first?.error as? ObjectError === error)
    }
  }

  @Test("WAITFOR-18: with no time at all, another error in answer to the cancellation is thrown", .pinsOrder)
  func answersWithErrorAtOnce() throws {
    try runOnLoop { loop in
      let reports = Reports(loop)
      let error = ObjectError()
      let task = answering { throw error }
      try await Asyncio.sleep(.zero)
      let thrown = await errorThrown { try await Asyncio.waitFor(task, timeout: .zero) }
      #expect(thrown as? ObjectError === error)
      #expect(!task.hasUnretrievedError)
      #expect(reports.messages.isEmpty)
    }
  }

  @Test("WAITFOR-24: the timeout cancels the task for others who await it, too")
  func sharedTask() throws {
    try runOnLoop { _ in
      let task = sleeper(200)
      let other = Asyncio.createTask { await errorThrown { try await task.value } is CancellationError }
      #expect(await errorThrown { try await Asyncio.waitFor(task, timeout: .milliseconds(10)) } is Asyncio.TimeoutError)
      let wasCancelled = try await other.value
      #expect(wasCancelled)
    }
  }

  @Test("WAITFOR-25: a timeout within a longer one passes through that", arguments: Asyncio.LoopClock.Kind.both)
  func nested(_ clock: Asyncio.LoopClock.Kind) throws {
    try runOnLoop(clock) { loop in
      let thrown = await errorThrown {
        try await Asyncio.waitFor(timeout: .seconds(20)) {
          try await Asyncio.waitFor(timeout: .milliseconds(10)) { try await Asyncio.sleep(.seconds(30)) }
        }
      }
      #expect(thrown is Asyncio.TimeoutError)
      expectTime(loop, .milliseconds(10))
      #expect(loop.pendingTimerCount == 0)
    }
  }

  // MARK: Cancellation

  @Test("WAITFOR-08, DIFF-15: a value at the instant of a cancellation wins", arguments: [true, false])
  func valueAndCancellation(_ valueFirst: Bool) throws {
    try withLoop { loop in
      let future = loop.createFuture(of: String.self)
      let waits = try loop.createTask { try await Asyncio.waitFor(future, timeout: .milliseconds(200)) }
      if valueFirst { try loop.callLater(.milliseconds(100)) { try future.setResult("ok") } }
      try loop.callLater(.milliseconds(100)) { #expect(waits.cancel()) }
      if !valueFirst { try loop.callLater(.milliseconds(100)) { try future.setResult("ok") } }
      #expect(try loop.runUntilComplete(waits) == "ok")
      #expect(!waits.isCancelled)
      expectTime(loop, .milliseconds(100))
    }
  }

  @Test(
    "WAITFOR-12, WAITFOR-13: cancelling the waiting task cancels what it waits for",
    .pinsOrder,
    arguments: [nil, Duration.seconds(60)]
  )
  func cancelled(_ timeout: Duration?) throws {
    try withLoop { loop in
      let never = loop.createFuture(of: Int.self)
      let inner = try loop.createTask { try await never.value }
      let waits = try loop.createTask { try await Asyncio.waitFor(inner, timeout: timeout) }
      try loop.callSoon { #expect(waits.cancel()) }
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(waits) }
      #expect(waits.isCancelled)
      #expect(inner.isDone)
      #expect(inner.isCancelled)
      #expect(never.isCancelled)
      expectTime(loop, .zero)
    }
  }

  @Test("WAITFOR-15: a task that ignores its cancellation delays the end of a cancelled wait")
  func cancellationOfWhatIgnoresIt() throws {
    try withLoop { loop in
      let waits = try loop.createTask {
        try await Asyncio.waitFor(ignoringCancellation(for: .milliseconds(200)), timeout: .seconds(1))
      }
      try loop.callLater(.milliseconds(100)) { waits.cancel() }
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(waits) }
      #expect(waits.isCancelled)
      expectTime(loop, .milliseconds(200))
    }
  }

  @Test("WAITFOR-21, DIFF-18: whatever the task answers, a cancelled wait ends cancelled", arguments: [true, false])
  func cancelledWhateverTheAnswer(_ isValue: Bool) throws {
    try withLoop { loop in
      let reports = Reports(loop)
      let waits = try loop.createTask {
        let task = answering { if isValue { 42 } else { throw TestError() } }
        _ = try await Asyncio.waitFor(task, timeout: .seconds(1))
      }
      try loop.callLater(.milliseconds(10)) { waits.cancel() }
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(waits) }
      #expect(waits.isCancelled)
      #expect(reports.messages == (isValue ? [] : ["Task exception was never retrieved"]))
    }
  }

  // MARK: What is left behind

  @Test("WAITFOR-22: no way out leaves the timer behind, or a callback", .pinsOrder)
  func leavesNothing() throws {
    try runOnLoop { loop in
      let second = Duration.seconds(1)
      #expect(try await Asyncio.waitFor(sleeper(10), timeout: second) == 10)
      #expect(loop.pendingTimerCount == 0)

      let thrown = await errorThrown { try await Asyncio.waitFor(timeout: second) { throw TestError() } }
      #expect(thrown as? TestError == TestError())
      #expect(loop.pendingTimerCount == 0)

      let late = loop.createFuture(of: Int.self)
      #expect(await errorThrown { try await Asyncio.waitFor(late, timeout: second) } is Asyncio.TimeoutError)
      #expect(loop.pendingTimerCount == 0)
      #expect(late.callbackCount == 0)

      let never = loop.createFuture(of: Int.self)
      let waits = Asyncio.createTask { try await Asyncio.waitFor(never, timeout: second) }
      try await Asyncio.sleep(.zero)
      #expect(loop.pendingTimerCount == 1)
      waits.cancel()
      #expect(await errorThrown { try await waits.value } is CancellationError)
      #expect(loop.pendingTimerCount == 0)
      #expect(never.callbackCount == 0)
    }
  }
}

/// A task that needs some time to clean up when it is cancelled.
private func slowToEnd(after time: Duration, _ cleanedUp: Box<Bool>) -> Asyncio.Task<Void> {
  Asyncio.createTask {
    do {
      try await Asyncio.sleep(.seconds(20))
    } catch {
      try await Asyncio.sleep(time)
      cleanedUp.value = true
      throw error
    }
  }
}

/// A task that goes on until a time is over, however often it is cancelled.
private func ignoringCancellation(for time: Duration) -> Asyncio.Task<String> {
  Asyncio.createTask {
    let clock = Asyncio.EventLoop.running()!.clock
    let end = clock.now.advanced(by: time)
    while clock.now < end {
      try? await clock.sleep(until: end)
    }
    return "ended"
  }
}

/// A task that answers its cancellation in its own way.
private func answering(_ answer: @escaping () throws -> Int) -> Asyncio.Task<Int> {
  Asyncio.createTask {
    do {
      try await Asyncio.sleep(.seconds(20))
      return 0
    } catch is CancellationError {
      return try answer()
    }
  }
}
