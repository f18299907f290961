import Testing

@testable import AsyncioBridge

@Suite struct CancellationTests {
  /// Runs a loop for a task, which must end cancelled.
  private func expectCancelled<Value>(
    _ task: Asyncio.Task<Value>,
    _ loop: EventLoop,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(throws: CancellationError.self, sourceLocation: sourceLocation) { try loop.runUntilComplete(task) }
    #expect(task.isDone, sourceLocation: sourceLocation)
    #expect(task.isCancelled, sourceLocation: sourceLocation)
    #expect(!task.cancel(), sourceLocation: sourceLocation)
  }

  // MARK: Cancelling a task from outside

  @Test(
    "CANC-01, CANC-02: a sleeping task that is cancelled ends at once, and can't be cancelled again",
    arguments: Asyncio.LoopClock.Kind.both
  )
  func whileSleeping(_ clock: Asyncio.LoopClock.Kind) throws {
    try withLoop(clock) { loop in
      let task = try loop.createTask {
        try await Asyncio.sleep(.seconds(10))
        return 12
      }
      try loop.callSoon { #expect(task.cancel()) }
      expectCancelled(task, loop)
      expectTime(loop, .zero)
    }
  }

  @Test("CANC-03: a task that only gave up its turn is cancelled right there, at its next step")
  func afterYield() throws {
    try withLoop { loop in
      let trace = Box<[String]>([])
      let task = try loop.createTask {
        trace.value.append("begun")
        try await Asyncio.sleep(.zero)
        trace.value.append("first")
        do {
          try await Asyncio.sleep(.zero)
        } catch {
          trace.value.append("\(type(of: error))")
          throw error
        }
        trace.value.append("second")
      }
      // Two turns: the beginning, and the step after the first sleep.
      try loop.runBriefly()
      #expect(trace.value == ["begun", "first"])
      #expect(task.waiter == nil)
      #expect(task.cancel())
      expectCancelled(task, loop)
      #expect(trace.value == ["begun", "first", "CancellationError"])
    }
  }

  @Test("CANC-04: cancelling the future that a task waits for ends the task as cancelled")
  func byItsFuture() throws {
    try withLoop { loop in
      let future = loop.createFuture(of: Void.self)
      let task = try loop.createTask { try await future.value }
      try loop.runBriefly()
      #expect(future.cancel())
      #expect(!task.isDone)
      expectCancelled(task, loop)
    }
  }

  @Test("CANC-05: a blocked task's waiter is the future it awaits, then the next one")
  func waiterSlot() throws {
    try withLoop { loop in
      let first = loop.createFuture(of: Void.self)
      let second = loop.createFuture(of: Void.self)
      let slots = Box<[Asyncio.AnyFuture?]>([])
      let own = Box<Asyncio.Task<Void>?>(nil)
      let task = try loop.createTask {
        slots.value.append(own.value?.waiter)
        try await first.value
        slots.value.append(own.value?.waiter)
        try await second.value
      }
      own.value = task
      #expect(task.waiter == nil)
      try loop.runBriefly()
      #expect(task.waiter === first)
      try first.setResult()
      #expect(task.waiter === first)
      try loop.runBriefly()
      #expect(task.waiter === second)
      try second.setResult()
      try loop.runUntilComplete(task)
      #expect(task.waiter == nil)
      #expect(slots.value.allSatisfy { $0 == nil })
      own.value = nil
    }
  }

  @Test("CANC-06, CANC-16: cancelling a blocked task cancels its future at once; when it is done it waits for nothing")
  func cancelsItsFuture() throws {
    try withLoop { loop in
      let future = loop.createFuture(of: Void.self)
      let task = try loop.createTask { try await future.value }
      try loop.runBriefly()
      #expect(task.waiter === future)
      #expect(task.cancel())
      #expect(future.isCancelled)
      #expect(!task.mustCancel)
      #expect(task.waiter === future)
      expectCancelled(task, loop)
      #expect(task.waiter == nil)
    }
  }

  @Test("CANC-15: a timer cancels a sleeping child; the parent sees that, and can go on")
  func sleepingChild() throws {
    try withLoop { loop in
      let sawCancellation = Box(false)
      let result = try loop.runUntilComplete {
        let child = Asyncio.createTask { try await Asyncio.sleep(.seconds(5000)) }
        try loop.callLater(.milliseconds(100)) { child.cancel() }
        do { try await child.value } catch is CancellationError { sawCancellation.value = true }
        return "went on"
      }
      #expect(sawCancellation.value)
      #expect(result == "went on")
      expectTime(loop, .milliseconds(100))
    }
  }

  @Test("CANC-21: a task that has not begun never does; it is cancelled on the next turn", .pinsOrder)
  func beforeFirstStep() throws {
    try withLoop { loop in
      let hasBegun = Box(false)
      let task = try loop.createTask { hasBegun.value = true }
      let turn = loop.turnCount
      task.addDoneCallback { _ in #expect(loop.turnCount == turn + 2) }
      try loop.callSoon {
        #expect(loop.turnCount == turn + 1)
        #expect(task.isCancelled)
      }
      #expect(task.cancel())
      #expect(!task.isDone)
      #expect(!task.isCancelled)
      expectCancelled(task, loop)
      #expect(!hasBegun.value)
    }
  }

  @Test("CANC-22: cancelling a task that awaits a child cancels the child, down to the innermost future")
  func reachesTheInnermostFuture() throws {
    try withLoop { loop in
      let future = loop.createFuture(of: Void.self)
      let inner = try loop.createTask { try await future.value }
      let middle = try loop.createTask { try await inner.value }
      let outer = try loop.createTask { try await middle.value }
      try loop.runBriefly()
      #expect(outer.waiter === middle)
      #expect(outer.cancel())
      #expect(future.isCancelled)
      #expect(!inner.isDone)
      expectCancelled(outer, loop)
      #expect(middle.isCancelled)
      #expect(inner.isCancelled)
    }
  }

  @Test("CANC-25: a finished task can't be cancelled, and keeps its outcome")
  func afterTheEnd() throws {
    try withLoop { loop in
      let succeeded = try loop.createTask { 1 }
      let failed = try loop.createTask { throw TestError() }
      try loop.runBriefly()
      #expect(!succeeded.cancel())
      #expect(!failed.cancel())
      #expect(try succeeded.result() == 1)
      #expect(throws: TestError()) { try failed.result() }
      #expect(!succeeded.isCancelled)
      #expect(!failed.isCancelled)
    }
  }

  @Test("CANC-29: a task can't be cancelled from its own done callback")
  func fromDoneCallback() throws {
    try withLoop { loop in
      let answers = Box<[Bool]>([])
      let task = try loop.createTask { "ok" }
      task.addDoneCallback { answers.value.append($0.cancel()) }
      #expect(try loop.runUntilComplete(task) == "ok")
      #expect(answers.value == [false])
    }
  }

  // MARK: What the body makes of it

  @Test("CANC-07: a body that catches the cancellation and returns is finished, not cancelled")
  func catching() throws {
    try withLoop { loop in
      let future = loop.createFuture(of: Void.self)
      let task = try loop.createTask {
        do { try await future.value } catch is CancellationError { return 42 }
        return 0
      }
      try loop.runBriefly()
      #expect(task.waiter === future)
      #expect(task.cancel())
      #expect(future.isCancelled)
      #expect(try loop.runUntilComplete(task) == 42)
      #expect(!task.isCancelled)
    }
  }

  @Test("CANC-08, CANC-09: a body that swallows the cancellation lives on with its next future, which is not cancelled")
  func ignoring() throws {
    try withLoop { loop in
      let first = loop.createFuture(of: Int.self)
      let second = loop.createFuture(of: Int.self)
      let third = loop.createFuture(of: Int.self)
      let task = try loop.createTask {
        _ = try await first.value
        do { _ = try await second.value } catch is CancellationError {}
        return try await third.value
      }
      try loop.runBriefly()
      #expect(task.waiter === first)
      try first.setResult(0)
      try loop.runBriefly()
      #expect(task.waiter === second)
      #expect(task.cancel())
      #expect(second.isCancelled)
      try loop.runBriefly()
      #expect(!task.isDone)
      #expect(task.waiter === third)
      #expect(!third.isCancelled)
      try third.setResult(42)
      #expect(try loop.runUntilComplete(task) == 42)
      #expect(!task.isCancelled)
      #expect(!third.isCancelled)
    }
  }

  @Test("CANC-17, CANC-18: a body that answers with a fatal error is done with it, and the error leaves the loop")
  func fatalAnswer() throws {
    final class Fatal: Asyncio.BaseError {}
    try withLoop { loop in
      let fatal = Fatal()
      let task = try loop.createTask {
        do { try await Asyncio.sleep(.seconds(10)) } catch is CancellationError { throw fatal }
      }
      try loop.runBriefly()
      #expect(task.cancel())
      #expect(!task.isDone)
      let escaped = #expect(throws: Fatal.self) { try loop.runBriefly() }
      #expect(escaped === fatal)
      #expect(task.isDone)
      #expect(!task.isCancelled)
      #expect(try task.exception() as AnyObject? === fatal)
    }
  }

  @Test(
    "CANC-19, CANC-20: a cancellation surfaces innermost first; if the outer function swallows it, the task goes on"
  )
  func nestedFunctions() throws {
    try withLoop { loop in
      let future = loop.createFuture(of: Void.self)
      let proof = Box<[Int]>([])
      func inner() async throws {
        do {
          try await future.value
        } catch is CancellationError {
          proof.value.append(1)
          throw CancellationError()
        }
      }
      let task = try loop.createTask {
        do { try await inner() } catch is CancellationError { proof.value.append(100) }
      }
      try loop.runBriefly()
      task.cancel()
      try loop.runUntilComplete(task)
      #expect(proof.value == [1, 100])
      #expect(future.isCancelled)
      #expect(!task.isCancelled)
    }
  }

  @Test("CANC-23: a body that throws CancellationError of its own accord ends its task as cancelled")
  func thrownByTheBody() throws {
    try withLoop { loop in
      let task = try loop.createTask { throw CancellationError() }
      expectCancelled(task, loop)
    }
  }

  @Test("CANC-24: a body that answers with another error ends with that")
  func otherErrorAsAnswer() throws {
    try withLoop { loop in
      let error = ObjectError()
      let task = try loop.createTask {
        do { try await Asyncio.sleep(.seconds(1)) } catch is CancellationError { throw error }
      }
      try loop.runBriefly()
      #expect(task.cancel())
      #expect(throws: ObjectError.self) { try loop.runUntilComplete(task) }
      #expect(!task.isCancelled)
      #expect(try task.exception() as AnyObject? === error)
    }
  }

  @Test("CANC-26: a child's cancellation, left uncaught, marks its awaiter as cancelled")
  func cancelledChildOfOthers() throws {
    try withLoop { loop in
      let child = try loop.createTask { try await Asyncio.sleep(.seconds(1)) }
      let parent = try loop.createTask { try await child.value }
      try loop.runBriefly()
      #expect(child.cancel())
      expectCancelled(parent, loop)
      #expect(parent.cancellationMessage == nil)
    }
  }

  // MARK: Tasks that cancel themselves, or what they have just made

  @Test("CANC-10, CANC-11, CANC-12: a task that cancels itself runs on to its next await, which is interrupted at once")
  func itself() throws {
    try withLoop { loop in
      let own = Box<Asyncio.Task<Int>?>(nil)
      let trace = Box<[String]>([])
      let task = try loop.createTask {
        let task = try #require(own.value)
        #expect(task.cancel())
        trace.value.append("mustCancel=\(task.mustCancel)")
        do {
          try await Asyncio.sleep(.seconds(100))
        } catch {
          trace.value.append("mustCancel=\(task.mustCancel)")
          throw error
        }
        return 12
      }
      own.value = task
      expectCancelled(task, loop)
      expectTime(loop, .zero)
      #expect(trace.value == ["mustCancel=true", "mustCancel=false"])
      #expect(!task.mustCancel)
      own.value = nil
    }
  }

  @Test("a task that cancels itself and returns without another await is cancelled")
  func itselfBeforeReturning() throws {
    try withLoop { loop in
      let own = Box<Asyncio.Task<Int>?>(nil)
      let task = try loop.createTask {
        own.value?.cancel()
        return 12
      }
      own.value = task
      expectCancelled(task, loop)
      own.value = nil
    }
  }

  @Test(
    "CANC-13, CANC-14: a self-cancelled task that awaits a blocked child cancels that, and the future it waits for",
    .pinsOrder
  )
  func itselfThenAwaitingChild() throws {
    try withLoop { loop in
      let future = loop.createFuture(of: Void.self)
      let own = Box<Asyncio.Task<Void>?>(nil)
      let nested = Box<Asyncio.Task<Void>?>(nil)
      let task = try loop.createTask {
        let child = Asyncio.createTask { try await future.value }
        nested.value = child
        try await Asyncio.sleep(.zero)
        own.value?.cancel()
        #expect(!future.isCancelled)
        try loop.callSoon {
          #expect(future.isCancelled)
          #expect(own.value?.mustCancel == false)
        }
        try await child.value
      }
      own.value = task
      expectCancelled(task, loop)
      #expect(nested.value?.isCancelled == true)
      #expect(future.isCancelled)
      own.value = nil
    }
  }

  @Test("CANC-27: cancelling itself twice gives one CancellationError; swallowed, later awaits are undisturbed")
  func itselfTwice() throws {
    try withLoop { loop in
      let own = Box<Asyncio.Task<Int>?>(nil)
      let task = try loop.createTask {
        #expect(own.value?.cancel() == true)
        #expect(own.value?.cancel() == true)
        var errors = 0
        for _ in 0..<3 {
          do { try await Asyncio.sleep(.milliseconds(1)) } catch is CancellationError { errors += 1 }
        }
        return errors
      }
      own.value = task
      #expect(try loop.runUntilComplete(task) == 1)
      expectTime(loop, .milliseconds(2))
      own.value = nil
    }
  }

  @Test(
    "CANC-28: a parent that cancels a child it has just made sees that at its await, and stays uncancelled if it catches it"
  )
  func justMadeChild() throws {
    try withLoop { loop in
      let parent = try loop.createTask {
        let child = Asyncio.createTask { 1 }
        #expect(child.cancel())
        do { return try await child.value } catch is CancellationError { return 2 }
      }
      #expect(try loop.runUntilComplete(parent) == 2)
      #expect(!parent.isCancelled)
    }
  }

  // MARK: Messages

  @Test("a cancellation's message is kept with the task")
  func message() throws {
    try withLoop { loop in
      let task = try loop.createTask { try await Asyncio.sleep(.seconds(1)) }
      try loop.runBriefly()
      #expect(task.cancellationMessage == nil)
      task.cancel(message: "no longer wanted")
      expectCancelled(task, loop)
      #expect(task.cancellationMessage == "no longer wanted")
    }
  }
}
