import Testing

@testable import AsyncioBridge

@Suite struct AsCompletedTests {
  @Test("ASCOMP-01: futures come in the order in which they are done", arguments: Asyncio.LoopClock.Kind.both)
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
      var iterator = Asyncio.asCompleted([early, late], timeout: .milliseconds(12)).makeAsyncIterator()
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
      var iterator = Asyncio.asCompleted(late, timeout: .milliseconds(12)).makeAsyncIterator()
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
      var iterator = Asyncio.asCompleted([sleeps, fails]).makeAsyncIterator()
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
      var iterator = Asyncio.asCompleted(tasks, timeout: .seconds(60)).makeAsyncIterator()
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
      var iterator = Asyncio.asCompleted([atTheInstant, later], timeout: .milliseconds(10)).makeAsyncIterator()
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
        var iterator = refused.makeAsyncIterator()
        #expect(future.callbackCount == 0)
        #expect(await errorThrown { try await iterator.next() } is Asyncio.ValueError)
        #expect(future.callbackCount == 0)
        #expect(foreign.callbackCount == 0)

        var timed = Asyncio.asCompleted([future], timeout: .milliseconds(10)).makeAsyncIterator()
        try await Asyncio.sleep(.milliseconds(100))
        // The time counts from the first element on, so this one is in time.
        try loop.callLater(.milliseconds(5)) { try future.setResult(1) }
        #expect(try await timed.next() === future)
        expectTime(loop, .milliseconds(105))
      }
    }
  }

  @Test("ASCOMP-11: one that was cancelled throws where it is read, and the others still come")
  func cancelled() throws {
    try runOnLoop { loop in
      let sleeps = sleeper(5)
      let isCancelled = sleeper(100)
      isCancelled.cancel()
      var iterator = Asyncio.asCompleted([sleeps, isCancelled]).makeAsyncIterator()
      let first = try #require(try await iterator.next())
      #expect(first === isCancelled)
      #expect(await errorThrown { try first.result() } is CancellationError)
      #expect(try await iterator.next()?.result() == 5)
      #expect(try await iterator.next() == nil)
      expectTime(loop, .milliseconds(5))
    }
  }
}
