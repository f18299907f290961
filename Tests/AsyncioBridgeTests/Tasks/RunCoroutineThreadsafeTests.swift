import Testing

@testable import AsyncioBridge

@Suite(.timeLimit(.minutes(1))) struct RunCoroutineThreadsafeTests {
  @Test("THREADSAFE-01: another thread gets the value of the body", arguments: Asyncio.LoopClock.Kind.both)
  func value(_ clock: Asyncio.LoopClock.Kind) throws {
    try withLoop(clock) { loop in
      let handle = loop.threadsafe
      let loopThread = currentThreadID()
      let work = try loop.runInExecutor {
        let future = Asyncio.runCoroutineThreadsafe(loop: handle) {
          #expect(currentThreadID() == loopThread)
          try await Asyncio.sleep(.milliseconds(5))
          return 1 + 2
        }
        return try future.result()
      }
      #expect(try loop.runUntilComplete(work) == 3)
    }
  }

  @Test("THREADSAFE-02: another thread gets the error of the body")
  func error() throws {
    try withLoop { loop in
      let reports = Reports(loop)
      let handle = loop.threadsafe
      let work = try loop.runInExecutor { () -> Int in
        let future = handle.runCoroutineThreadsafe { () -> Int in
          try await Asyncio.sleep(.milliseconds(5))
          throw TestError(name: "Fail!")
        }
        return try future.result()
      }
      #expect(throws: TestError(name: "Fail!")) { try loop.runUntilComplete(work) }
      #expect(reports.messages.isEmpty)
    }
  }

  @Test("THREADSAFE-03, THREADSAFE-04: a timeout leaves the task pending, and cancelling the future then cancels it")
  func timeout() throws {
    // Real time: in virtual time the task would sleep through.
    try withLoop(.monotonic) { loop in
      let handle = loop.threadsafe
      let work = try loop.runInExecutor {
        let future = handle.runCoroutineThreadsafe { try await Asyncio.sleep(.seconds(3_600)) }
        defer {
          #expect(!future.isDone)
          #expect(future.cancel())
        }
        try future.result(timeout: .zero)
      }
      #expect(throws: Asyncio.TimeoutError.self) { try loop.runUntilComplete(work) }
      try loop.runBriefly()
      #expect(Asyncio.allTasks(loop).isEmpty)
    }
  }

  @Test("THREADSAFE-05: the error of a task factory reaches the other thread, and the loop's exception handler once")
  func taskFactoryError() throws {
    try withLoop { loop in
      let reports = Reports(loop)
      let error = ObjectError()
      loop.taskFactory = FailingFactory(error: error)
      let handle = loop.threadsafe
      let work = try loop.runInExecutor { try handle.runCoroutineThreadsafe { 1 }.result() }
      let thrown = #expect(throws: ObjectError.self) { try loop.runUntilComplete(work) }
      #expect(thrown === error)
      #expect(reports.contexts.count == 1)
      #expect(reports.contexts.first?.error as? ObjectError === error)
    }
  }

  @Test("THREADSAFE-07: it wakes a loop that is blocked, with a timer and without", arguments: [true, false])
  func wakesTheLoop(_ hasTimer: Bool) throws {
    try withLoop(.monotonic) { loop in
      if hasTimer { try loop.callLater(.seconds(3_600)) {} }
      let handle = loop.threadsafe
      startThread {
        do {
          // With every answer the loop has nothing left to do, and blocks.
          for number in 1...20 { #expect(try handle.runCoroutineThreadsafe { number }.result() == number) }
          try handle.stop()
        } catch {
          Issue.record(error)
        }
      }
      try loop.runForever()
      #expect(loop.turnCount > 20)
    }
  }

  @Test("THREADSAFE-08: cancelling the future raises the cancellation at the body's current await")
  func cancellation() throws {
    try withLoop(.monotonic) { loop in
      let handle = loop.threadsafe
      let work = try loop.runInExecutor {
        let sleeps = ThreadEvent()
        let seen = Asyncio.ConcurrentFuture<String>()
        let future = handle.runCoroutineThreadsafe {
          do {
            try Asyncio.EventLoop.running()?.callSoon { sleeps.set() }
            try await Asyncio.sleep(.seconds(3_600))
          } catch {
            seen.resolve(.success("\(type(of: error))"))
            throw error
          }
        }
        #expect(sleeps.wait(timeout: .seconds(30)))
        #expect(future.cancel())
        #expect(future.isCancelled)
        return try seen.result()
      }
      #expect(try loop.runUntilComplete(work) == "CancellationError")
      try loop.runBriefly()
      #expect(Asyncio.allTasks(loop).isEmpty)
    }
  }

  @Test("THREADSAFE-08: a body that cancels its own task cancels the future")
  func cancelledTask() throws {
    try withLoop { loop in
      let handle = loop.threadsafe
      let work = try loop.runInExecutor {
        let future = handle.runCoroutineThreadsafe {
          Asyncio.currentTask()?.cancel()
          try await Asyncio.sleep(.zero)
        }
        defer { #expect(future.isCancelled) }
        try future.result()
      }
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(work) }
      #expect(work.isDone)
    }
  }

  @Test("THREADSAFE-09, DIFF-20: the errors of other threads' futures are the loop's own kinds")
  func errorKinds() throws {
    try runOnLoop { loop in
      func wrapped(_ error: any Error) -> Asyncio.Future<Int> {
        let source = Asyncio.ConcurrentFuture<Int>()
        source.resolve(.failure(error))
        return Asyncio.wrapFuture(source)
      }
      let timedOut = wrapped(Asyncio.TimeoutError())
      let invalid = wrapped(Asyncio.InvalidStateError("invalid"))
      let cancellation = wrapped(CancellationError())
      _ = try await Asyncio.wait([timedOut, invalid, cancellation])
      #expect(try timedOut.exception() is Asyncio.TimeoutError)
      #expect(try invalid.exception() is Asyncio.InvalidStateError)
      // It has failed, and was not cancelled.
      #expect(!cancellation.isCancelled)
      #expect(try cancellation.exception() is CancellationError)
    }
  }
}

private struct FailingFactory: Asyncio.TaskFactory {
  let error: ObjectError

  func makeTask<Value>(
    on loop: Asyncio.EventLoop,
    _ coroutine: Asyncio.Coroutine<Value>
  ) throws -> Asyncio.Task<Value> {
    throw error
  }
}
