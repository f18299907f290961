import Testing

@testable import AsyncioBridge

@Suite struct LoopLifecycleTests {
  @Test("LOOP-01: isClosed becomes true by close, which may be repeated")
  func close() throws {
    let loop = EventLoop(clock: .virtual)
    #expect(!loop.isClosed)
    #expect(!loop.threadsafe.isClosed)
    try loop.close()
    #expect(loop.isClosed)
    #expect(loop.threadsafe.isClosed)
    try loop.close()
    try loop.close()
    #expect(loop.isClosed)
  }

  @Test("LOOP-02: a closed loop cannot be run")
  func closedLoopDoesNotRun() throws {
    let loop = try closedLoop()
    let future = loop.createFuture(of: Int.self)
    let began = Box(false)
    expectClosed { try loop.runForever() }
    expectClosed { try loop.runUntilIdle() }
    expectClosed { _ = try loop.runUntilComplete(future) }
    expectClosed { try loop.runUntilComplete { began.value = true } }
    #expect(!began.value)
    #expect(!loop.isRunning)
  }

  @Test("LOOP-03: a closed loop takes no callbacks")
  func closedLoopTakesNoCallbacks() throws {
    let loop = try closedLoop()
    expectClosed { try loop.callSoon {} }
    expectClosed { try loop.callSoonThreadsafe {} }
    expectClosed { try loop.threadsafe.callSoonThreadsafe {} }
    expectClosed { try loop.callLater(.seconds(1)) {} }
    expectClosed { try loop.callAt(loop.time) {} }
  }

  @Test("LOOP-04: a closed loop takes neither tasks nor work for other threads")
  func closedLoopTakesNoTasks() throws {
    let loop = try closedLoop()
    expectClosed { try loop.createTask {} }
    expectClosed { try loop.runInExecutor {} }
  }

  @Test("LOOP-05: a closed loop makes futures; only running it fails")
  func closedLoopMakesFutures() throws {
    let loop = try closedLoop()
    let future = loop.createFuture(of: Int.self)
    #expect(!future.isDone)
    try future.setResult(3)
    #expect(try future.result() == 3)
    expectClosed { _ = try loop.runUntilComplete(future) }
  }

  @Test("LOOP-07: a running loop cannot be closed")
  func closeWhileRunning() throws {
    try runOnLoop { loop in
      let error = #expect(throws: Asyncio.RuntimeError.self) { try loop.close() }
      #expect(error?.message == "Cannot close a running event loop: stop it first")
      #expect(!loop.isClosed)
      try await Asyncio.sleep(.seconds(1))
    }
  }

  @Test("LOOP-09: runUntilComplete refuses a future of another loop")
  func futureOfAnotherLoop() throws {
    try withLoop { loop in
      try withLoop { other in
        let future = other.createFuture(of: Int.self)
        try future.setResult(1)
        #expect(throws: Asyncio.ValueError.self) { try loop.runUntilComplete(future) }
        #expect(loop.turnCount == 0)
        #expect(try other.runUntilComplete(future) == 1)
      }
    }
  }

  @Test("LOOP-10: runUntilComplete from inside a running task throws, and the loop goes on")
  func nestedRun() throws {
    try withLoop { loop in
      let began = Box(false)
      func runNested(_ task: Asyncio.Task<Int>) {
        #expect(loop.isRunning)
        for run in [
          { _ = try loop.runUntilComplete(task) }, { try loop.runUntilComplete { began.value = true } },
          { try loop.runForever() },
        ] {
          let error = #expect(throws: Asyncio.RuntimeError.self) { try run() }
          #expect(error?.message == "This event loop is already running")
          #expect(loop.isRunning)
        }
      }
      try loop.runUntilComplete {
        let inner = try loop.createTask { 1 }
        runNested(inner)
        #expect(try await inner.value == 1)
        try await Asyncio.sleep(.seconds(1))
      }
      // The body that could not be run never began.
      #expect(!began.value)
      #expect(!loop.isRunning)
      #expect(loop.elapsed == .seconds(1))
    }
  }

  @Test("LOOP-11: runUntilComplete of a sleep takes as long as the sleep", arguments: Asyncio.LoopClock.Kind.both)
  func runUntilComplete(_ clock: Asyncio.LoopClock.Kind) throws {
    try withLoop(clock) { loop in
      let start = loop.time
      try loop.runUntilComplete { try await Asyncio.sleep(.milliseconds(10)) }
      #expect(start.duration(to: loop.time) >= .milliseconds(10))
      expectTime(loop, .milliseconds(10))
    }
  }

  @Test("LOOP-12: stop before the awaited work is done makes runUntilComplete throw")
  func stoppedEarly() throws {
    try withLoop { loop in
      try loop.callSoon { loop.stop() }
      let ended = Box(false)
      #expect(throws: Asyncio.RuntimeError.self) {
        try loop.runUntilComplete {
          try await Asyncio.sleep(.seconds(10))
          ended.value = true
        }
      }
      #expect(!ended.value)
      #expect(loop.elapsed == .zero)
    }
  }

  @Test(
    "LOOP-13, LOOP-14, LOOP-15: a task that stops its loop stays pending, and can be cancelled and run again",
    arguments: Asyncio.LoopClock.Kind.both
  )
  func stopWhileRunningUntilComplete(_ clock: Asyncio.LoopClock.Kind) throws {
    try withLoop(clock) { loop in
      let count = Box(0)
      let task = try loop.createTask {
        while count.value < 10 {
          try await Asyncio.sleep(.milliseconds(5))
          count.value += 1
          if count.value == 2 { loop.stop() }
        }
      }
      let error = #expect(throws: Asyncio.RuntimeError.self) { try loop.runUntilComplete(task) }
      #expect(error?.message == "Event loop stopped before Future completed.")
      #expect(!task.isDone)
      #expect(count.value == 2)
      expectTime(loop, .milliseconds(10))

      task.cancel()
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(task) }
      #expect(task.isCancelled)
      #expect(count.value == 2)
    }
  }

  @Test("LOOP-16: another loop cannot be run inside a running one")
  func loopWithinALoop() throws {
    try withLoop { outer in
      try withLoop { inner in
        let began = Box(false)
        func runInner() {
          for run in [{ try inner.runForever() }, { try inner.runUntilComplete { began.value = true } }] {
            let error = #expect(throws: Asyncio.RuntimeError.self) { try run() }
            #expect(error?.message == "Cannot run the event loop while another loop is running")
          }
          #expect(!inner.isRunning)
          #expect(EventLoop.running() === outer)
        }
        try outer.runUntilComplete { runInner() }
        #expect(!began.value)
        #expect(try inner.runUntilComplete { 5 } == 5)
      }
    }
  }

  @Test("LOOP-22: stop lets the turn finish; what is queued in it waits for the next run")
  func stopFinishesTheTurn() throws {
    try withLoop { loop in
      let order = Box<[String]>([])
      try loop.callSoon {
        order.value.append("first")
        loop.stop()
        try loop.callSoon { order.value.append("queued in the turn") }
      }
      try loop.callSoon { order.value.append("second") }
      try loop.runForever()
      #expect(order.value == ["first", "second"])
      try loop.runOneTurn()
      #expect(order.value == ["first", "second", "queued in the turn"])
    }
  }

  @Test("LOOP-23: the stop is over when the loop has returned, and two count as one")
  func stopIsCleared() throws {
    try withLoop { loop in
      try loop.callSoon {
        loop.stop()
        loop.stop()
      }
      try loop.runForever()
      #expect(!loop.isStopping)
      let turns = loop.turnCount
      try loop.runUntilComplete { try await Asyncio.sleep(.zero) }
      // The body's two steps and the end: not stopped by the second request.
      #expect(loop.turnCount == turns + 3)
    }
  }

  @Test("LOOP-24: runUntilComplete of a future that is done gives its outcome after a brief run")
  func runUntilAlreadyComplete() throws {
    try withLoop { loop in
      let finished = loop.createFuture(of: Int.self)
      try finished.setResult(7)
      let failed = loop.createFuture(of: Int.self)
      let failure = ObjectError()
      try failed.setException(failure)
      let cancelled = loop.createFuture(of: Int.self)
      cancelled.cancel()

      #expect(try loop.runUntilComplete(finished) == 7)
      #expect(loop.turnCount == 1)
      let error = #expect(throws: ObjectError.self) { try loop.runUntilComplete(failed) }
      #expect(error === failure)
      #expect(loop.turnCount == 2)
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(cancelled) }
      #expect(loop.turnCount == 3)
    }
  }

  @Test("LOOP-25: the error of the body is thrown to the caller, and not reported as well")
  func bodyError() throws {
    try withLoop { loop in
      let reports = Reports(loop)
      let failure = ObjectError()
      let error = #expect(throws: ObjectError.self) { try loop.runUntilComplete { throw failure } }
      #expect(error === failure)
      try loop.runBriefly()
      #expect(reports.messages == [])
      #expect(reports.logged == [])
    }
  }

  @Test("LOOP-26: isRunning is true during a run, in tasks and in callbacks, and not before or after")
  func isRunning() throws {
    try withLoop { loop in
      let seen = Box<[Bool]>([])
      #expect(!loop.isRunning)
      try loop.callSoon { seen.value.append(loop.isRunning) }
      try loop.callLater(.seconds(1)) { seen.value.append(loop.isRunning) }
      #expect(!loop.isRunning)
      try loop.runUntilComplete {
        seen.value.append(loop.isRunning)
        try await Asyncio.sleep(.seconds(2))
        seen.value.append(loop.isRunning)
      }
      #expect(seen.value == [true, true, true, true])
      #expect(!loop.isRunning)
      #expect(throws: TestError.self) { try loop.runUntilComplete { throw TestError() } }
      #expect(!loop.isRunning)
    }
  }

  @Test("LOOP-27: the description tells whether the loop runs, is closed, and is in debug mode")
  func description() throws {
    let loop = EventLoop(clock: .virtual, debug: false)
    #expect("\(loop)" == "<EventLoop running=false closed=false debug=false>")
    loop.isDebug = true
    #expect(
      try loop.runUntilComplete { "\(loop)" } == "<EventLoop running=true closed=false debug=true>"
    )
    try loop.close()
    #expect("\(loop)" == "<EventLoop running=false closed=true debug=true>")
  }

  @Test("LOOP-28: a brief run is two turns: what was queued, what that queued, and no more")
  func briefRun() throws {
    try withLoop { loop in
      let order = Box<[Int]>([])
      try loop.callSoon {
        order.value.append(1)
        try loop.callSoon {
          order.value.append(2)
          try loop.callSoon {
            order.value.append(3)
            try loop.callSoon { order.value.append(4) }
          }
        }
      }
      try loop.runBriefly()
      #expect(order.value == [1, 2])
      #expect(loop.turnCount == 2)
      try loop.runBriefly()
      #expect(order.value == [1, 2, 3, 4])
      #expect(loop.turnCount == 4)
    }
  }

  @Test("closing a loop lets go of what is scheduled, in any order of things that depend on each other")
  func closeUnwindsWhatTimersKeep() throws {
    let order = Box<[String]>([])
    let loop = EventLoop(clock: .virtual)
    _ = Reports(loop)
    loop.exceptionHandler = { _, _ in }
    // Nothing keeps the task but its timer, so it goes with that; and its body uses the loop on its way out.
    try loop.createTask {
      defer { order.value.append("ended") }
      do {
        try await Asyncio.sleep(.seconds(10))
      } catch {
        order.value.append("sleep: \(error is CancellationError)")
        let future = loop.createFuture(of: Int.self)
        do { _ = try await Asyncio.waitFor(future, timeout: .seconds(1)) } catch {
          order.value.append("waitFor: \(error is CancellationError)")
        }
        do { try loop.callLater(.seconds(1)) {} } catch { order.value.append("\(error)") }
      }
    }
    try loop.runBriefly()
    try loop.close()
    #expect(
      order.value == [
        "sleep: true", "waitFor: true", "RuntimeError: Event loop is closed: make a new one, or close it later",
        "ended",
      ]
    )
    // What a body sets on its way out would keep the loop, which would keep it.
    #expect(loop.timers.isEmpty)
  }

  @Test("a body that goes on awaiting after its loop was closed is reported and left behind")
  func closeLeavesBehindWhatWillNotEnd() throws {
    try withLoop { loop in
      let reports = Reports(loop)
      let awaits: [() async throws -> Void] = [
        { try await Asyncio.sleep(.seconds(1)) },
        { try await Asyncio.sleep(.zero) },
        { try await loop.createFuture(of: Void.self).value },
      ]
      for goOn in awaits { try loop.createTask { while true { try? await goOn() } } }
      try loop.runBriefly()
      try loop.close()
      #expect(reports.messages.filter { $0 == "Task was destroyed but it is pending!" }.count == 3)
      #expect(reports.messages.filter { $0.hasPrefix("Task ignored that its loop was closed") }.count == 3)
      #expect(reports.messages.count == 6)
    }
  }

  private func closedLoop() throws -> EventLoop {
    let loop = EventLoop(clock: .virtual)
    try loop.close()
    return loop
  }

  private func expectClosed(
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws -> some Any
  ) {
    let error = #expect(throws: Asyncio.RuntimeError.self, sourceLocation: sourceLocation) { _ = try body() }
    #expect(error?.message == "Event loop is closed: make a new one, or close it later", sourceLocation: sourceLocation)
  }
}
