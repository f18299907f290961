import Testing

@testable import AsyncioBridge

/// What Python 3.13's tests of `wait_for` have in addition, and what it does otherwise than 3.8's.
@Suite struct WaitForAdditionsTests {
  // MARK: The same in all versions

  @Test(
    "WAITFORX-06: a future is in time that a callback completes which was scheduled before the wait",
    arguments: Asyncio.Semantics.all
  )
  func scheduledBefore(_ semantics: Asyncio.Semantics) throws {
    try runOnLoop(semantics: semantics) { loop in
      let future = loop.createFuture(of: String.self)
      try loop.callSoon { try future.setResult("ok") }
      #expect(try await Asyncio.waitFor(future, timeout: .milliseconds(10)) == "ok")
      expectTime(loop, .zero)
    }
  }

  @Test("WAITFORX-07: a shielded task is waited for without a timeout", arguments: Asyncio.Semantics.all)
  func shieldWithoutTimeout(_ semantics: Asyncio.Semantics) throws {
    try runOnLoop(semantics: semantics) { loop in
      let task = sleeper(10)
      let value = try await Asyncio.waitFor(Asyncio.shield(task), timeout: nil)
      #expect(value == 10)
      expectTime(loop, .milliseconds(10))
    }
  }

  @Test(
    "WAITFORX-08: a timeout ends the wait for a shielded task at once, and the task goes on",
    arguments: Asyncio.Semantics.all
  )
  func shieldWithTimeout(_ semantics: Asyncio.Semantics) throws {
    try runOnLoop(semantics: semantics) { loop in
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

  @Test(
    "WAITFORX-05: the timeout is told only when the work has cleaned up, and leaves no timer",
    arguments: Asyncio.Semantics.all
  )
  func waitsForTheCleanUp(_ semantics: Asyncio.Semantics) throws {
    try runOnLoop(semantics: semantics) { loop in
      let task = answering(after: .seconds(3)) { throw CancellationError() }
      let error = await errorThrown { try await Asyncio.waitFor(task, timeout: .seconds(1)) }
      #expect(error is Asyncio.TimeoutError)
      #expect(task.isCancelled)
      expectTime(loop, .seconds(4))
      #expect(loop.pendingTimerCount == 0)
    }
  }

  // MARK: Otherwise

  @Test("DIFF-14: a future that is done takes two turns if there is a timeout, and none in 3.13")
  func turnsForADoneFuture() throws {
    for (semantics, turns) in [(Asyncio.Semantics.python3_8, 2), (.python3_13, 0)] {
      try runOnLoop(semantics: semantics) { loop in
        let future = loop.createFuture(of: Int.self)
        try future.setResult(1)
        let turn = loop.turnCount
        _ = try await Asyncio.waitFor(future, timeout: .seconds(1))
        #expect(loop.turnCount == turn + turns)
        #expect(loop.pendingTimerCount == 0)
      }
    }
  }

  @Test("WAITFORX-09, DIFF-13: in 3.13 a body runs in the caller's task, with a timeout and without")
  func callersTask() throws {
    try runOnLoop(semantics: .python3_13) { loop in
      let caller = try #require(Asyncio.currentTask())
      for timeout in [nil, Duration.seconds(1)] {
        let turn = loop.turnCount
        let isCallers = try await Asyncio.waitFor(timeout: timeout) { Asyncio.currentTask() === caller }
        #expect(isCallers)
        #expect(loop.turnCount == turn)
      }
      // There is a task to cancel if there is no time.
      let tasks = Box<[Asyncio.AnyFuture]>([])
      let thrown = await errorThrown {
        try await Asyncio.waitFor(timeout: .zero) { tasks.value.append(try #require(Asyncio.currentTask())) }
      }
      #expect(thrown is Asyncio.TimeoutError)
      #expect(tasks.value.isEmpty)
    }
  }

  @Test(
    "a child task of Swift's, which is no task of the loop's, waits with a timeout too",
    arguments: Asyncio.Semantics.all
  )
  func childTask(_ semantics: Asyncio.Semantics) throws {
    try runOnLoop(semantics: semantics) { loop in
      let future = UncheckedBox(loop.createFuture(of: Int.self))
      async let child = errorThrown { try await Asyncio.waitFor(future.value, timeout: .seconds(1)) }
      let error = await child
      #expect(error is Asyncio.TimeoutError)
      #expect(future.value.isCancelled)
      expectTime(loop, .seconds(1))
    }
  }

  @Test("a child that begins within its parent's step has a timeout of its own", arguments: Asyncio.Semantics.all)
  @available(macOS 26.0, iOS 26.0, tvOS 26.0, watchOS 26.0, visionOS 26.0, *)
  func immediateChild(_ semantics: Asyncio.Semantics) throws {
    try runOnLoop(semantics: semantics) { loop in
      let future = UncheckedBox(loop.createFuture(of: Int.self))
      let isTimeout = await withTaskGroup(of: Bool.self) { group in
        group.addImmediateTask {
          await errorThrown { try await Asyncio.waitFor(future.value, timeout: .seconds(1)) } is Asyncio.TimeoutError
        }
        return await group.next()
      }
      #expect(isTimeout == true)
      #expect(Asyncio.currentTask()?.cancelling == 0)
      expectTime(loop, .seconds(1))
    }
  }

  @Test(
    "WAITFORX-01, WAITFORX-02, DIFF-16: in 3.13 a value in answer to the timeout is returned",
    .pinsOrder,
    arguments: [Duration.zero, .seconds(1)]
  )
  func answersWithValue(_ timeout: Duration) throws {
    try runOnLoop(semantics: .python3_13) { loop in
      let task = answering { 42 }
      try await Asyncio.sleep(.zero)
      let answer = try await Asyncio.waitFor(task, timeout: timeout)
      #expect(answer == 42)
      if timeout == .zero { return }
      let body = try await Asyncio.waitFor(timeout: timeout) {
        do { try await Asyncio.sleep(.seconds(60)) } catch is CancellationError { return 1 }
        return 2
      }
      #expect(body == 1)
      expectTime(loop, .seconds(2))
      #expect(Asyncio.currentTask()?.cancelling == 0)
    }
  }

  @Test(
    "WAITFORX-03, DIFF-17: in 3.13 another error in answer to the timeout is thrown, and has been told",
    .pinsOrder,
    arguments: [Duration.zero, .seconds(1)]
  )
  func answersWithError(_ timeout: Duration) throws {
    try runOnLoop(semantics: .python3_13) { loop in
      let reports = Reports(loop)
      let error = ObjectError()
      let task = answering { throw error }
      try await Asyncio.sleep(.zero)
      let thrown = await errorThrown { try await Asyncio.waitFor(task, timeout: timeout) }
      #expect(thrown as? ObjectError === error)
      #expect(!task.hasUnretrievedError)
      #expect(reports.messages.isEmpty)
    }
  }

  @Test(
    "WAITFORX-04, DIFF-15: in 3.13 a cancellation that comes when the value is there wins, and the value stays",
    .pinsOrder
  )
  func valueAndCancellation() throws {
    try withLoop(semantics: .python3_13) { loop in
      let wentOn = Box(false)
      let inner = try loop.createTask {
        try await Asyncio.sleep(.milliseconds(100))
        return "done"
      }
      let waits = try loop.createTask {
        _ = try await Asyncio.waitFor(inner, timeout: .seconds(1))
        wentOn.value = true
      }
      // It comes before the step of the task that waits.
      inner.addDoneCallback { _ in #expect(waits.cancel()) }
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(waits) }
      #expect(waits.isCancelled)
      #expect(!wentOn.value)
      #expect(try inner.result() == "done")
    }
  }

  @Test("DIFF-18: in 3.13 what is waited for decides how a cancelled wait ends", arguments: [true, false])
  func cancelledAndAnswered(_ isValue: Bool) throws {
    try withLoop(semantics: .python3_13) { loop in
      let waits = try loop.createTask {
        try await Asyncio.waitFor(answering { if isValue { 42 } else { throw TestError() } }, timeout: .seconds(1))
      }
      try loop.callLater(.milliseconds(10)) { waits.cancel() }
      let result = Result { try loop.runUntilComplete(waits) }
      #expect(!waits.isCancelled)
      if isValue { #expect(try result.get() == 42) } else { #expect(throws: TestError.self) { try result.get() } }
    }
  }

  @Test("DIFF-19: in 3.13 a timeout always has the cancellation as its cause", arguments: [-1, 0, 1])
  func causeInLaterVersions(_ seconds: Int) throws {
    try runOnLoop(semantics: .python3_13) { _ in
      let task = Asyncio.createTask { try await Asyncio.sleep(.seconds(1000)) }
      try await Asyncio.sleep(.zero)
      let error = await errorThrown { try await Asyncio.waitFor(task, timeout: .seconds(seconds)) }
      #expect((error as? Asyncio.TimeoutError)?.underlying is CancellationError)
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

/// A task that sleeps, and answers a cancellation with what `answer` gives or throws, so long after it.
private func answering(
  after delay: Duration = .zero,
  _ answer: @escaping () throws -> Int
) -> Asyncio.Task<Int> {
  Asyncio.createTask {
    do {
      try await Asyncio.sleep(.seconds(1000))
      return 0
    } catch is CancellationError {
      if delay > .zero { try await Asyncio.sleep(delay) }
      return try answer()
    }
  }
}
