import Testing

@testable import AsyncioBridge

@Suite struct TimeoutTests {
  // MARK: In and out of time

  @Test("TIMEOUT-01: a block that takes too long is left by TimeoutError", arguments: Asyncio.LoopClock.Kind.both)
  func basic(_ clock: Asyncio.LoopClock.Kind) throws {
    try runOnLoop(clock) { loop in
      let scope = Box<Asyncio.Timeout?>(nil)
      let thrown = await errorThrown {
        try await Asyncio.timeout(.milliseconds(10)) { timeout in
          scope.value = timeout
          try await Asyncio.sleep(.seconds(10))
        }
      }
      #expect(thrown is Asyncio.TimeoutError)
      #expect(scope.value?.isExpired == true)
      expectTime(loop, .milliseconds(10))
    }
  }

  @Test("TIMEOUT-02: a block may be given a deadline instead", arguments: Asyncio.LoopClock.Kind.both)
  func deadline(_ clock: Asyncio.LoopClock.Kind) throws {
    try runOnLoop(clock) { loop in
      let scope = Box<Asyncio.Timeout?>(nil)
      let deadline = loop.time.advanced(by: .milliseconds(10))
      let thrown = await errorThrown {
        try await Asyncio.timeoutAt(deadline) { timeout in
          scope.value = timeout
          try await Asyncio.sleep(.seconds(10))
        }
      }
      #expect(thrown is Asyncio.TimeoutError)
      #expect(scope.value?.isExpired == true)
      #expect(scope.value?.when == deadline)
      #expect(loop.time >= deadline)
    }
  }

  @Test("TIMEOUT-03: inside the block the interruption is a cancellation")
  func cancellationInside() throws {
    try runOnLoop { _ in
      let inside = Box<(any Error)?>(nil)
      let outside = await errorThrown {
        try await Asyncio.timeout(.milliseconds(10)) {
          do {
            try await Asyncio.sleep(.seconds(1))
          } catch {
            inside.value = error
            throw error
          }
        }
      }
      #expect(inside.value is CancellationError)
      #expect(outside is Asyncio.TimeoutError)
    }
  }

  @Test("TIMEOUT-04, TIMEOUT-31: a block that is in time returns its value, and leaves no timer")
  func inTime() throws {
    try runOnLoop { loop in
      let (timeout, value) = try await Asyncio.timeout(.seconds(10)) { timeout in
        #expect(loop.pendingTimerCount == 1)
        return (timeout, try await Asyncio.sleep(.milliseconds(10), result: 42))
      }
      #expect(value == 42)
      #expect(!timeout.isExpired)
      let when = try #require(timeout.when)
      #expect(when > loop.time)
      #expect(loop.pendingTimerCount == 0)
    }
  }

  @Test("TIMEOUT-05, TIMEOUT-06: without a deadline it never fires", arguments: [true, false])
  func disabled(_ isDelay: Bool) throws {
    try runOnLoop { loop in
      let body: (Asyncio.Timeout) async throws -> Asyncio.Timeout = { timeout in
        try await Asyncio.sleep(.seconds(1000))
        return timeout
      }
      let timeout = isDelay ? try await Asyncio.timeout(nil, body) : try await Asyncio.timeoutAt(nil, body)
      #expect(!timeout.isExpired)
      #expect(timeout.when == nil)
      expectTime(loop, .seconds(1000))
    }
  }

  @Test("TIMEOUT-07: no time at all interrupts the first await that suspends", arguments: Asyncio.LoopClock.Kind.both)
  func zero(_ clock: Asyncio.LoopClock.Kind) throws {
    try runOnLoop(clock) { loop in
      let scope = Box<Asyncio.Timeout?>(nil)
      let reached = Box(false)
      let done = loop.createFuture(of: Int.self)
      try done.setResult(1)
      let before = loop.time
      let thrown = await errorThrown {
        try await Asyncio.timeout(.zero) { timeout in
          scope.value = timeout
          _ = try await done.value
          reached.value = true
          try await Asyncio.sleep(.seconds(10))
        }
      }
      #expect(thrown is Asyncio.TimeoutError)
      #expect(reached.value)
      let when = try #require(scope.value?.when)
      #expect(before <= when && when <= loop.time)
      expectTime(loop, .zero)
    }
  }

  @Test("TIMEOUT-08: a deadline that has passed interrupts even a wait of one turn", .pinsOrder)
  func inThePast() throws {
    try runOnLoop { loop in
      let scope = Box<Asyncio.Timeout?>(nil)
      let entered = loop.time
      let thrown = await errorThrown {
        try await Asyncio.timeout(.seconds(-11)) { timeout in
          scope.value = timeout
          try await Asyncio.sleep(.zero)
        }
      }
      #expect(thrown is Asyncio.TimeoutError)
      let when = try #require(scope.value?.when)
      #expect(when <= entered)
    }
  }

  // MARK: Other errors

  @Test("TIMEOUT-09, TIMEOUT-31: another error passes through, and leaves no timer")
  func otherError() throws {
    try runOnLoop { loop in
      let scope = Box<Asyncio.Timeout?>(nil)
      let error = ObjectError()
      let thrown = await errorThrown {
        try await Asyncio.timeout(.seconds(1)) { timeout in
          scope.value = timeout
          throw error
        }
      }
      #expect(thrown as? ObjectError === error)
      #expect(scope.value?.isExpired == false)
      #expect(loop.pendingTimerCount == 0)
    }
  }

  @Test("TIMEOUT-10: TimeoutError tells of the cancellation that it stands for")
  func underlying() throws {
    try runOnLoop { _ in
      let thrown = await errorThrown {
        try await Asyncio.timeout(.milliseconds(10)) {
          do { throw TestError() } catch { try await Asyncio.sleep(.seconds(1)) }
        }
      }
      #expect((thrown as? Asyncio.TimeoutError)?.underlying is CancellationError)
    }
  }

  @Test("TIMEOUT-11: of several errors on the way out the last leaves the block, though it has expired")
  func errorOnTheWayOut() throws {
    try runOnLoop { _ in
      let scope = Box<Asyncio.Timeout?>(nil)
      let thrown = await errorThrown {
        try await Asyncio.timeout(.milliseconds(10)) { timeout in
          scope.value = timeout
          do {
            do {
              throw TestError(name: "first")
            } catch {
              try await Asyncio.sleep(.seconds(1))
            }
          } catch {
            throw TestError(name: "last")
          }
        }
      }
      #expect(thrown as? TestError == TestError(name: "last"))
      #expect(scope.value?.isExpired == true)
      #expect(Asyncio.currentTask()?.cancelling == 0)
    }
  }

  // MARK: Whose cancellation

  @Test("TIMEOUT-12: somebody else's cancellation stays one")
  func cancelledBySomebodyElse() throws {
    try runOnLoop { _ in
      let scope = Box<Asyncio.Timeout?>(nil)
      let thrown = await errorThrown {
        try await Asyncio.timeout(.seconds(10)) { timeout in
          scope.value = timeout
          Asyncio.currentTask()?.cancel()
          try await Asyncio.sleep(.seconds(10))
        }
      }
      #expect(thrown is CancellationError)
      #expect(scope.value?.isExpired == false)
      #expect(scope.value?.description == "<Timeout [finished]>")
    }
  }

  @Test("somebody else's cancellation after the time was up stays one")
  func bothCancellations() throws {
    try withLoop { loop in
      let scope = Box<Asyncio.Timeout?>(nil)
      let task = try loop.createTask {
        try await Asyncio.timeout(.milliseconds(10)) { timeout in
          scope.value = timeout
          do { try await Asyncio.sleep(.seconds(1)) } catch { try await Asyncio.sleep(.seconds(1)) }
        }
      }
      try loop.callLater(.milliseconds(20)) { task.cancel() }
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(task) }
      #expect(scope.value?.isExpired == true)
      #expect(task.cancelling == 1)
    }
  }

  @Test("TIMEOUT-13, TIMEOUT-29: a task that handles the TimeoutError is as it was before")
  func taskIsNotCancelled() throws {
    try withLoop { loop in
      let task = try loop.createTask {
        let thrown = await errorThrown {
          try await Asyncio.timeout(.milliseconds(1)) { try await Asyncio.sleep(.seconds(10)) }
        }
        #expect(thrown is Asyncio.TimeoutError)
        #expect(Asyncio.currentTask()?.cancelling == 0)
        try await Asyncio.sleep(.milliseconds(1))
      }
      try loop.runUntilComplete(task)
      #expect(task.isDone)
      #expect(!task.isCancelled)
    }
  }

  @Test("TIMEOUT-29: a request from before the block still counts after it, and does not keep it from converting")
  func countOnEntry() throws {
    try runOnLoop { _ in
      let task = try #require(Asyncio.currentTask())
      task.cancel()
      #expect(await errorThrown { try await Asyncio.sleep(.zero) } is CancellationError)
      let thrown = await errorThrown {
        try await Asyncio.timeout(.milliseconds(1)) { try await Asyncio.sleep(.seconds(10)) }
      }
      #expect(thrown is Asyncio.TimeoutError)
      #expect(task.cancelling == 1)
    }
  }

  @Test("TIMEOUT-14: the interruption belongs to the outer block if its deadline is the earlier")
  func nestedOuterFirst() throws {
    try runOnLoop(.monotonic) { loop in
      let outerError = Box<(any Error)?>(nil)
      let innerError = Box<(any Error)?>(nil)
      let expired = Box<[Bool]>([])
      outerError.value = await errorThrown {
        try await Asyncio.timeout(.milliseconds(2)) { outer in
          innerError.value = await errorThrown {
            try await Asyncio.timeout(.seconds(600)) { inner in
              defer { expired.value = [outer.isExpired, inner.isExpired] }
              let end = loop.time.advanced(by: .milliseconds(10))
              while loop.time < end {}
              try await Asyncio.sleep(.seconds(1))
            }
          }
          throw try #require(innerError.value)
        }
      }
      #expect(innerError.value is CancellationError)
      #expect(outerError.value is Asyncio.TimeoutError)
      #expect(expired.value == [true, false])
    }
  }

  @Test("both expire on the same turn: the inner leaves the conversion to the outer block")
  func nestedAtOnce() throws {
    try runOnLoop { loop in
      let innerError = Box<(any Error)?>(nil)
      let outerError = await errorThrown {
        try await Asyncio.timeout(.milliseconds(2)) {
          innerError.value = await errorThrown {
            try await Asyncio.timeout(.milliseconds(2)) { try await Asyncio.sleep(.seconds(1)) }
          }
          throw try #require(innerError.value)
        }
      }
      #expect(innerError.value is CancellationError)
      #expect(outerError is Asyncio.TimeoutError)
      #expect(Asyncio.currentTask()?.cancelling == 0)
    }
  }

  @Test("TIMEOUT-32: the inner block's timeout can be handled in the outer one")
  func nestedInnerFirst() throws {
    try runOnLoop { loop in
      let scope = Box<Asyncio.Timeout?>(nil)
      let outer = try await Asyncio.timeout(.milliseconds(100)) { outer in
        let thrown = await errorThrown {
          try await Asyncio.timeout(.milliseconds(10)) { inner in
            scope.value = inner
            try await Asyncio.sleep(.seconds(1))
          }
        }
        #expect(thrown is Asyncio.TimeoutError)
        try await Asyncio.sleep(.milliseconds(10))
        return outer
      }
      #expect(scope.value?.isExpired == true)
      #expect(!outer.isExpired)
      expectTime(loop, .milliseconds(20))
    }
  }

  @Test("TIMEOUT-21: a fresh cancellation leaves the block as one, after another that was swallowed")
  func afterSwallowedCancellation() throws {
    try runOnLoop { _ in
      let task = try #require(Asyncio.currentTask())
      task.cancel()
      #expect(await errorThrown { try await Asyncio.sleep(.seconds(2)) } is CancellationError)
      let thrown = await errorThrown {
        try await Asyncio.timeout(.seconds(1)) {
          task.cancel()
          try await Asyncio.sleep(.seconds(2))
        }
      }
      #expect(thrown is CancellationError)
    }
  }

  // MARK: Rescheduling

  @Test("TIMEOUT-15, TIMEOUT-16: others can move the deadline, and take it away")
  func reschedule() throws {
    try withLoop { loop in
      let scope = Box<Asyncio.Timeout?>(nil)
      let task = try loop.createTask {
        try await Asyncio.timeout(.seconds(10)) { timeout in
          scope.value = timeout
          try await Asyncio.sleep(.seconds(1000))
        }
      }
      try loop.runUntilComplete {
        try await Asyncio.sleep(.zero)
        let timeout = try #require(scope.value)
        let later = try #require(timeout.when).advanced(by: .seconds(5))
        try timeout.reschedule(later)
        #expect(timeout.when == later)
        try timeout.reschedule(nil)
        #expect(timeout.when == nil)
        try await Asyncio.sleep(.seconds(100))
        task.cancel()
        #expect(await errorThrown { try await task.value } is CancellationError)
        #expect(!timeout.isExpired)
      }
      #expect(task.isCancelled)
    }
  }

  @Test(
    "TIMEOUT-30: a deadline that is moved to an earlier or later time is that",
    arguments: [1, 15],
    Asyncio.LoopClock.Kind.both
  )
  func rescheduleInside(_ milliseconds: Int, _ clock: Asyncio.LoopClock.Kind) throws {
    try runOnLoop(clock) { loop in
      let start = loop.time
      let new = start.advanced(by: .milliseconds(milliseconds))
      let thrown = await errorThrown {
        try await Asyncio.timeout(.milliseconds(10)) { timeout in
          try timeout.reschedule(new)
          try await Asyncio.sleep(.seconds(100))
        }
      }
      #expect(thrown is Asyncio.TimeoutError)
      #expect(loop.time >= new)
      expectTime(loop, .milliseconds(milliseconds))
    }
  }

  @Test("TIMEOUT-30: a deadline that is taken away does not come")
  func disableInside() throws {
    try runOnLoop { loop in
      try await Asyncio.timeout(.milliseconds(10)) { timeout in
        try timeout.reschedule(nil)
        try await Asyncio.sleep(.seconds(100))
        #expect(!timeout.isExpired)
      }
      expectTime(loop, .seconds(100))
    }
  }

  @Test("TIMEOUT-33: a deadline can be given while the body sleeps")
  func enableLater() throws {
    try runOnLoop { loop in
      let thrown = await errorThrown {
        try await Asyncio.timeout(nil) { timeout in
          Asyncio.createTask {
            try await Asyncio.sleep(.milliseconds(5))
            try timeout.reschedule(loop.time.advanced(by: .milliseconds(5)))
          }
          try await Asyncio.sleep(.seconds(100))
        }
      }
      #expect(thrown is Asyncio.TimeoutError)
      expectTime(loop, .milliseconds(10))
    }
  }

  @Test("TIMEOUT-24, TIMEOUT-25, TIMEOUT-26: once it has expired or ended a deadline can't be changed")
  func rescheduleTooLate() throws {
    try runOnLoop { loop in
      func refusal(_ timeout: Asyncio.Timeout) -> String? {
        do { try timeout.reschedule(loop.time.advanced(by: .seconds(2))) } catch { return "\(error)" }
        return nil
      }
      let finished = try await Asyncio.timeout(.seconds(1)) { $0 }
      #expect(refusal(finished) == "RuntimeError: Cannot change state of finished Timeout")

      let scope = Box<Asyncio.Timeout?>(nil)
      let thrown = await errorThrown {
        try await Asyncio.timeout(.milliseconds(1)) { timeout in
          scope.value = timeout
          do {
            try await Asyncio.sleep(.seconds(1))
          } catch {
            #expect(refusal(timeout) == "RuntimeError: Cannot change state of expiring Timeout")
            throw error
          }
        }
      }
      #expect(thrown is Asyncio.TimeoutError)
      #expect(scope.value.flatMap(refusal) == "RuntimeError: Cannot change state of expired Timeout")
      #expect(loop.pendingTimerCount == 0)
    }
  }

  // MARK: Descriptions

  @Test(
    "TIMEOUT-17, TIMEOUT-18, TIMEOUT-19, TIMEOUT-20: the description shows the state, and the deadline in the block"
  )
  func descriptions() throws {
    try runOnLoop { _ in
      let finished = try await Asyncio.timeout(.microseconds(2_500_400)) { timeout in
        #expect(timeout.description == "<Timeout [active] when=2.5>")
        return timeout
      }
      #expect(finished.description == "<Timeout [finished]>")

      let scope = Box<Asyncio.Timeout?>(nil)
      _ = await errorThrown {
        try await Asyncio.timeout(.zero) { timeout in
          scope.value = timeout
          do {
            try await Asyncio.sleep(.seconds(1))
          } catch {
            #expect(timeout.description == "<Timeout [expiring]>")
            throw error
          }
        }
      }
      #expect(scope.value?.description == "<Timeout [expired]>")

      try await Asyncio.timeout(nil) { #expect($0.description == "<Timeout [active] when=nil>") }
    }
  }

  // MARK: Without a task, and elsewhere

  @Test("TIMEOUT-28: outside of a task it is refused, and the body does not run")
  func outsideOfATask() async throws {
    let hasRun = Shared(false)
    let withoutLoop = await errorThrown { try await Asyncio.timeout(.seconds(1)) { hasRun.value = true } }
    #expect(withoutLoop is Asyncio.RuntimeError)

    try await onOwnThread {
      try runOnLoop { loop in
        async let refusal = { () async -> String? in
          let thrown = await errorThrown { try await Asyncio.timeout(.seconds(1)) { hasRun.value = true } }
          return thrown.map { "\($0)" }
        }()
        #expect(await refusal?.hasPrefix("RuntimeError: Timeout should be used inside a task: ") == true)
        #expect(await refusal?.contains("Asyncio.createTask") == true)
        #expect(loop.pendingTimerCount == 0)
      }
    }
    #expect(!hasRun.value)
  }

  @Test("a foreign await is interrupted too, and the next await of the loop is not")
  func foreignAwait() async throws {
    try await onOwnThread {
      try runOnLoop(.monotonic) { _ in
        let thrown = await errorThrown {
          try await Asyncio.timeout(.milliseconds(5)) { try await _Concurrency.Task.sleep(for: .seconds(100)) }
        }
        #expect(thrown is Asyncio.TimeoutError)
        try await Asyncio.sleep(.zero)
      }
    }
  }

  @Test("a task that goes away in a timeout is reported, and its body is unwound")
  func abandoned() throws {
    try withLoop { loop in
      let reports = Reports(loop)
      let thrown = Box<(any Error)?>(nil)
      _ = try loop.createTask {
        thrown.value = await errorThrown {
          try await Asyncio.timeout(.seconds(1)) { try await loop.createFuture(of: Int.self).value }
        }
      }
      try loop.runBriefly()
      try loop.close()
      #expect(thrown.value is CancellationError)
      #expect(reports.messages == ["Task was destroyed but it is pending!"])
    }
  }
}
