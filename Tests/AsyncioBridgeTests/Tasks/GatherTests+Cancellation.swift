import Testing

@testable import AsyncioBridge

extension GatherTests {
  // MARK: Cancellation

  @Test("GATHER-17, GATHER-18: a cancelled child makes it fail, and touches nobody else")
  func cancelledChild() throws {
    try withLoop { loop in
      let reports = Reports(loop)
      let children = (0..<5).map { _ in loop.createFuture(of: Int.self) }
      let gather = try Asyncio.gather(children)
      let calls = CallCounter(gather)
      try children[0].setResult(1)
      children[1].cancel()
      try loop.runBriefly()
      #expect(gather.isDone)
      #expect(calls.count == 1)
      #expect(!gather.isCancelled)
      #expect(try gather.exception() is CancellationError)
      for child in children[2...] { #expect(!child.isDone) }

      try children[2].setResult(3)
      children[3].cancel()
      try children[4].setException(TestError())
      try loop.runBriefly()
      #expect(try gather.exception() is CancellationError)
      #expect(calls.count == 1)
      #expect(!children[4].hasUnretrievedError)
      #expect(reports.messages.isEmpty)
    }
  }

  @Test("GATHER-19, GATHER-20: cancelling a task that awaits it cancels the children, and what they wait for")
  func cancellingTheAwaitingTask() throws {
    try withLoop { loop in
      let proof = Box(0)
      let blocker = loop.createFuture(of: Void.self)
      let children = try (0..<2).map { _ in
        try loop.createTask {
          try await blocker.value
          proof.value += 1
        }
      }
      let gather = Box<Asyncio.Future<[Void]>?>(nil)
      let outer = try loop.createTask {
        let future = try Asyncio.gather(children)
        gather.value = future
        _ = try await future.value
        proof.value += 100
      }
      try loop.runBriefly()
      #expect(outer.cancel())
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(outer) }
      #expect(outer.isCancelled)
      #expect(gather.value?.cancel() == false)
      #expect(blocker.isCancelled)
      for child in children { #expect(child.isCancelled) }
      try loop.runBriefly()
      #expect(proof.value == 0)
    }
  }

  @Test("GATHER-21: returning errors, too, cancelling a task that awaits it makes the await throw")
  func cancellingTheAwaitingTaskReturningErrors() throws {
    try withLoop { loop in
      let sleeps = Box<Asyncio.Task<Int>?>(nil)
      let wentOn = Box(false)
      let outer = try loop.createTask {
        let task = sleeper(1_000)
        sleeps.value = task
        _ = try await Asyncio.gather(returningErrors: [task]).value
        wentOn.value = true
      }
      try loop.callLater(.milliseconds(10)) { outer.cancel() }
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(outer) }
      #expect(outer.isCancelled)
      #expect(sleeps.value?.isCancelled == true)
      #expect(!wentOn.value)
      expectTime(loop, .milliseconds(10))
    }
  }

  @Test("GATHER-22, GATHER-23: cancelling it cancels the children at once, and it fails when their callbacks have run")
  func cancellingIt() throws {
    try withLoop { loop in
      let a = loop.createFuture(of: Int.self)
      let b = loop.createFuture(of: String.self)
      let gather = try Asyncio.gather(a, b)
      let calls = CallCounter(gather)
      #expect(gather.cancel())
      #expect(a.isCancelled)
      #expect(b.isCancelled)
      #expect(!gather.isDone)
      #expect(!gather.isCancelled)
      try loop.runBriefly()
      #expect(gather.isDone)
      #expect(!gather.isCancelled)
      #expect(try gather.exception() is CancellationError)
      #expect(throws: CancellationError.self) { try gather.result() }
      #expect(calls.count == 1)
      #expect(!gather.cancel())
    }
  }

  @Test("GATHER-22: it is not cancelled before a child that takes its time to end")
  func cancellingWaitsForChildren() throws {
    try runOnLoop { loop in
      let slow = Asyncio.createTask {
        do { try await Asyncio.sleep(.seconds(1)) } catch { try await Asyncio.sleep(.milliseconds(5)) }
        return 1
      }
      let gather = try Asyncio.gather(returningErrors: [slow])
      try await Asyncio.sleep(.milliseconds(1))
      #expect(gather.cancel())
      #expect(await errorThrown { try await gather.value } is CancellationError)
      expectTime(loop, .milliseconds(6))
      #expect(try slow.result() == 1)
    }
  }

  @Test("GATHER-22: if no child accepts the cancellation, nor does it")
  func cancellingDoneChildren() throws {
    try runOnLoop { loop in
      let child = loop.createFuture(of: Int.self)
      let gather = try Asyncio.gather([child])
      try child.setResult(1)
      #expect(!gather.cancel())
      #expect(try await gather.value == [1])
    }
  }

  @Test("GATHER-25: once an error has ended it, cancelling it cancels nobody")
  func cancellingAfterError() throws {
    try runOnLoop { _ in
      let sleeps = sleeper(10)
      let fails = Asyncio.createTask { () -> Int in throw TestError() }
      let gather = try Asyncio.gather(sleeps, fails)
      #expect(await errorThrown { try await gather.value } is TestError)
      #expect(!gather.cancel())
      #expect(!sleeps.mustCancel)
      #expect(try await sleeps.value == 10)
    }
  }

  @Test("GATHER-27: cancelling it, returning errors, only cancels those that are pending, and delivers no results")
  func cancellingReturningErrors() throws {
    try withLoop { loop in
      let finished = loop.createFuture(of: Int.self)
      let pending = loop.createFuture(of: Int.self)
      let gather = try Asyncio.gather(returningErrors: finished, pending)
      try finished.setResult(1)
      try loop.runBriefly()
      #expect(gather.cancel())
      #expect(pending.isCancelled)
      try loop.runBriefly()
      #expect(try finished.result() == 1)
      #expect(try gather.exception() is CancellationError)
      #expect(!gather.isCancelled)
    }
  }

  @Test("GATHER-27: the error that a child answers with is read, though nobody gets the results")
  func cancellingReturningErrorsOfAnswers() throws {
    try runOnLoop { loop in
      let reports = Reports(loop)
      do {
        let answers = Asyncio.Coroutine {
          do { try await Asyncio.sleep(.seconds(1)) } catch { throw TestError() }
        }
        let gather = try Asyncio.gather(returningErrors: [answers])
        try await Asyncio.sleep(.zero)
        #expect(gather.cancel())
        #expect(await errorThrown { try await gather.value } is CancellationError)
      }
      try await Asyncio.sleep(.zero)
      #expect(reports.messages.isEmpty)
    }
  }

  @Test("GATHER-29: cancelling it, returning errors, in the turn in which a child failed makes it fail all the same")
  func cancellingWithError() throws {
    try withLoop { loop in
      let fails = loop.createFuture(of: Int.self)
      let pending = loop.createFuture(of: Int.self)
      let gather = try Asyncio.gather(returningErrors: [fails, pending])
      try loop.callSoon {
        try fails.setException(TestError())
        #expect(gather.cancel())
      }
      try loop.runBriefly()
      #expect(pending.isCancelled)
      #expect(try gather.exception() is CancellationError)
      #expect(!gather.isCancelled)
    }
  }

  // MARK: What is left behind

  @Test("GATHER-28: nobody is told of a pending task that it made")
  func pendingTasks() throws {
    try withLoop { loop in
      let reports = Reports(loop)
      let never = loop.createFuture(of: Void.self)
      let own = try loop.createTask(name: "own") { try await never.value }
      try loop.callSoon {
        _ = try Asyncio.gather(own, Asyncio.Coroutine(name: "its") { try await never.value })
        _ = try Asyncio.gather(returningErrors: [Asyncio.Coroutine { try await never.value }])
      }
      try loop.runBriefly()
      #expect(Asyncio.allTasks(loop).count == 3)
      try loop.close()
      #expect(reports.messages == ["Task was destroyed but it is pending!"])
      #expect(reports.contexts.first?.taskName == "own")
    }
  }
}
