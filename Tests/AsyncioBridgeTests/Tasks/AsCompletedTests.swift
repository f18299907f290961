import Testing

@testable import AsyncioBridge

@Suite struct AsCompletedTests {
  @Test(
    "ASCOMP-01: futures come in the order in which they are done",
    .pinsOrder,
    arguments: Asyncio.LoopClock.Kind.both
  )
  func order(_ clock: Asyncio.LoopClock.Kind) throws {
    try runOnLoop(clock) { loop in
      let a = sleeper(5)
      let b = sleeper(5)
      let c = sleeper(15)
      var finished: [Asyncio.Task<Int>] = []
      for try await task in Asyncio.asCompleted([c, b, a]) {
        #expect(task.isDone)
        finished.append(task)
      }
      #expect(finished.count == 3)
      #expect(Set(finished.prefix(2)) == [a, b])
      #expect(finished.last === c)
      #expect(try finished.map { try $0.result() } == [5, 5, 15])
      expectTime(loop, .milliseconds(15))
    }
  }

  @Test("ASCOMP-02: futures that are done take no time")
  func doneAlready() throws {
    try runOnLoop { loop in
      let tasks = [sleeper(5), sleeper(10)]
      _ = try await Asyncio.wait(tasks)
      var finished: [Asyncio.Task<Int>] = []
      for try await task in Asyncio.asCompleted(tasks) { finished.append(task) }
      #expect(Set(finished) == Set(tasks))
      expectTime(loop, .milliseconds(10))
    }
  }

  @Test("ASCOMP-03: what is late throws when the time is up")
  func timeout() throws {
    try runOnLoop { loop in
      let early = sleeper(5)
      let late = sleeper(10_000)
      let iterator = Asyncio.asCompleted([early, late], timeout: .milliseconds(12)).makeAsyncIterator()
      let first = try await iterator.next()
      #expect(first === early)
      expectTime(loop, .milliseconds(5))
      #expect(await errorThrown { try await iterator.next() } is Asyncio.TimeoutError)
      expectTime(loop, .milliseconds(12))
      #expect(try await iterator.next() == nil)
      #expect(!late.isDone)
      late.cancel()
    }
  }

  @Test("ASCOMP-03: every future that is late throws once")
  func timeoutOfSeveral() throws {
    try runOnLoop { loop in
      let late = [sleeper(100), sleeper(200)]
      let iterator = Asyncio.asCompleted(late, timeout: .milliseconds(12)).makeAsyncIterator()
      for _ in late { #expect(await errorThrown { try await iterator.next() } is Asyncio.TimeoutError) }
      let end = try await iterator.next()
      #expect(end == nil)
      expectTime(loop, .milliseconds(12))
      for task in late { task.cancel() }
    }
  }

  @Test("ASCOMP-04: a timeout that is not reached has no effect")
  func unusedTimeout() throws {
    try runOnLoop { loop in
      var results: [Int] = []
      for try await task in Asyncio.asCompleted([sleeper(5)], timeout: .seconds(1)) {
        results.append(try task.result())
      }
      #expect(results == [5])
      expectTime(loop, .milliseconds(5))
    }
  }

  @Test("ASCOMP-05: a future that is given twice is reported once")
  func duplicates() throws {
    try runOnLoop { _ in
      let c = Asyncio.createTask { "ham" }
      let d = Asyncio.createTask { "spam" }
      var results: [String] = []
      for try await task in Asyncio.asCompleted([c, c, d]) { results.append(try task.result()) }
      #expect(results.sorted() == ["ham", "spam"])
    }
  }

  @Test("ASCOMP-07: there are as many as there are distinct futures, and none for none", arguments: [0, 1, 5])
  func count(_ count: Int) throws {
    try runOnLoop { _ in
      let tasks = (0..<count).map { sleeper($0) }
      var finished: [Asyncio.Task<Int>] = []
      for try await task in Asyncio.asCompleted(tasks + tasks, timeout: .seconds(1)) { finished.append(task) }
      #expect(finished == tasks)
    }
  }

  @Test("ASCOMP-08: one that fails throws where it is read, and the others still come")
  func failure() throws {
    try runOnLoop { _ in
      let error = ObjectError()
      let fails = Asyncio.createTask { () -> Int in throw error }
      let sleeps = sleeper(5)
      let iterator = Asyncio.asCompleted([sleeps, fails]).makeAsyncIterator()
      let first = try #require(try await iterator.next())
      #expect(first === fails)
      #expect(await errorThrown { try first.result() } as? ObjectError === error)
      #expect(try await iterator.next()?.result() == 5)
      #expect(try await iterator.next() == nil)
    }
  }

  @Test("ASCOMP-09: the timer is cancelled when the last is done")
  func timerIsCancelled() throws {
    try runOnLoop { loop in
      let tasks = [sleeper(5), sleeper(10)]
      let iterator = Asyncio.asCompleted(tasks, timeout: .seconds(60)).makeAsyncIterator()
      let first = try await iterator.next()
      #expect(first === tasks[0])
      #expect(loop.pendingTimerCount == 2)
      #expect(try await iterator.next() === tasks[1])
      #expect(loop.pendingTimerCount == 0)
    }
  }

  @Test("ASCOMP-09: what is done when the time is up, or later, comes too late")
  func completionsAfterTheTimeout() throws {
    try runOnLoop { loop in
      let atTheInstant = loop.createFuture(of: Int.self)
      let later = loop.createFuture(of: Int.self)
      try loop.callLater(.milliseconds(10)) { try atTheInstant.setResult(1) }
      let iterator = Asyncio.asCompleted([atTheInstant, later], timeout: .milliseconds(10)).makeAsyncIterator()
      #expect(await errorThrown { try await iterator.next() } is Asyncio.TimeoutError)
      #expect(try atTheInstant.result() == 1)
      #expect(later.callbackCount == 0)
      try later.setResult(2)
      #expect(await errorThrown { try await iterator.next() } is Asyncio.TimeoutError)
      #expect(try await iterator.next() == nil)
    }
  }

  @Test("ASCOMP-10, DIFF-21: the call does nothing until the first is asked for")
  func lazy() throws {
    try withLoop { other in
      try runOnLoop { loop in
        let future = loop.createFuture(of: Int.self)
        let foreign = other.createFuture(of: Int.self)
        let refused = Asyncio.asCompleted([future, foreign])
        let iterator = refused.makeAsyncIterator()
        #expect(future.callbackCount == 0)
        #expect(await errorThrown { try await iterator.next() } is Asyncio.ValueError)
        #expect(future.callbackCount == 0)
        #expect(foreign.callbackCount == 0)

        let timed = Asyncio.asCompleted([future], timeout: .milliseconds(10)).makeAsyncIterator()
        try await Asyncio.sleep(.milliseconds(100))
        // The time counts from the first element on, so this one is in time.
        try loop.callLater(.milliseconds(5)) { try future.setResult(1) }
        #expect(try await timed.next() === future)
        expectTime(loop, .milliseconds(105))
      }
    }
  }

  @Test("DIFF-21: in 3.13 it begins with the call, and what it refuses is told with the first element")
  func eager() throws {
    try withLoop { other in
      try runOnLoop(semantics: .python3_13) { loop in
        let future = loop.createFuture(of: Int.self)
        let foreign = other.createFuture(of: Int.self)
        let refused = Asyncio.asCompleted([future, foreign]).makeAsyncIterator()
        #expect(await errorThrown { try await refused.next() } is Asyncio.ValueError)
        #expect(try await refused.next() == nil)
        #expect(future.callbackCount == 0)

        let timed = Asyncio.asCompleted([future], timeout: .milliseconds(10)).makeAsyncIterator()
        #expect(future.callbackCount == 1)
        try await Asyncio.sleep(.milliseconds(100))
        try future.setResult(1)
        // The time counts from the call on, and is up.
        #expect(await errorThrown { try await timed.next() } is Asyncio.TimeoutError)
        #expect(try await timed.next() == nil)
        expectTime(loop, .milliseconds(100))
      }
    }
  }

  @Test("ASCOMP-11: one that was cancelled throws where it is read, and the others still come")
  func cancelled() throws {
    try runOnLoop { loop in
      let sleeps = sleeper(5)
      let isCancelled = sleeper(100)
      isCancelled.cancel()
      let iterator = Asyncio.asCompleted([sleeps, isCancelled]).makeAsyncIterator()
      let first = try #require(try await iterator.next())
      #expect(first === isCancelled)
      #expect(await errorThrown { try first.result() } is CancellationError)
      #expect(try await iterator.next()?.result() == 5)
      #expect(try await iterator.next() == nil)
      expectTime(loop, .milliseconds(5))
    }
  }

  // MARK: Iterating again, and leaving early

  @Test("DIFF-22: who iterates again goes on where the iteration before ended")
  func iteratingAgain() throws {
    try runOnLoop { loop in
      let completed = Asyncio.asCompleted((1...4).map { sleeper($0) })
      var results: [Int] = []
      for try await task in completed {
        results.append(try task.result())
        if results.count == 2 { break }
      }
      for try await task in completed { results.append(try task.result()) }
      for try await task in completed { results.append(try task.result()) }
      #expect(results == [1, 2, 3, 4])
    }
  }

  @Test("ASCOMP-10: an iteration that was refused is over")
  func refusedIsOver() throws {
    try withLoop { other in
      let foreign = other.createFuture(of: Int.self)
      try runOnLoop { _ in
        let refused = Asyncio.asCompleted([foreign])
        #expect(await errorThrown { for try await _ in refused {} } is Asyncio.ValueError)
        for try await _ in refused { Issue.record("a future of another loop came") }
      }
    }
  }

  @Test("an iteration that is left early leaves no callback and no timer, in both forms", arguments: [false, true])
  func leavingEarly(_ startsAtOnce: Bool) throws {
    try runOnLoop { loop in
      let never = loop.createFuture(of: Int.self)
      let done = loop.createFuture(of: Int.self)
      try done.setResult(1)
      var callbackCounts: Set<Int> = []
      for round in 0..<1000 {
        let timeout: Duration? = round % 2 == 0 ? nil : .seconds(60)
        if startsAtOnce {
          for try await future in try Asyncio.asCompleted(starting: [never, done], timeout: timeout) {
            #expect(future === done)
            callbackCounts.insert(never.callbackCount)
            break
          }
        } else {
          for try await future in Asyncio.asCompleted([never, done], timeout: timeout) {
            #expect(future === done)
            callbackCounts.insert(never.callbackCount)
            break
          }
        }
      }
      #expect(callbackCounts == [1])
      #expect(never.callbackCount == 0)
      #expect(loop.pendingTimerCount == 0)
    }
  }

  @Test(
    "an iteration whose task is cancelled or fails leaves no callback, nor does one that is thrown away unused",
    .pinsOrder
  )
  func leavingOtherwise() throws {
    try runOnLoop { loop in
      let never = loop.createFuture(of: Int.self)
      let isCancelled = Asyncio.createTask { for try await _ in Asyncio.asCompleted([never], timeout: .seconds(60)) {} }
      let started = Asyncio.createTask {
        for try await _ in try Asyncio.asCompleted(starting: [never], timeout: .seconds(60)) {}
      }
      try await Asyncio.sleep(.zero)
      #expect(never.callbackCount == 2)
      #expect(loop.pendingTimerCount == 2)
      isCancelled.cancel()
      started.cancel()
      _ = try await Asyncio.wait([isCancelled, started])
      #expect(never.callbackCount == 0)
      #expect(loop.pendingTimerCount == 0)
      _ = try Asyncio.asCompleted(starting: [never], timeout: .seconds(60))
      #expect(never.callbackCount == 0)
      #expect(loop.pendingTimerCount == 0)
    }
  }

  @Test(
    "a single call of next on what nobody keeps waits for its future, or until the time is up",
    arguments: [false, true]
  )
  func nextOfATemporary(_ startsAtOnce: Bool) throws {
    try runOnLoop { loop in
      func firstOf(_ tasks: [Asyncio.Task<Int>], _ timeout: Duration) async throws -> Asyncio.Task<Int>? {
        if startsAtOnce { return try await Asyncio.asCompleted(starting: tasks, timeout: timeout).next() }
        return try await Asyncio.asCompleted(tasks, timeout: timeout).next()
      }
      let task = sleeper(10)
      let first = try await firstOf([task], .seconds(1))
      #expect(first === task)
      let late = sleeper(100)
      #expect(await errorThrown { try await firstOf([late], .milliseconds(10)) } is Asyncio.TimeoutError)
      #expect(late.callbackCount == 0)
      late.cancel()
    }
  }
}
