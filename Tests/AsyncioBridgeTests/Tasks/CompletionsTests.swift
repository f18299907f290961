import Testing

@testable import AsyncioBridge

@Suite struct CompletionsTests {
  @Test("ASITER-01: futures come in the order and at the times at which they are done, in both forms")
  func order() throws {
    try runOnLoop { loop in
      let early = sleeper(10)
      let late = sleeper(15)
      var finished: [Int] = []
      for try await task in try Asyncio.asCompleted(starting: [late, early]) {
        expectTime(loop, .milliseconds(try task.result()))
        finished.append(try task.result())
      }
      #expect(finished == [10, 15])
      expectTime(loop, .milliseconds(15))
    }
    try runOnLoop { loop in
      var finished: [Int] = []
      for try await task in Asyncio.asCompleted([sleeper(15), sleeper(10)]) { finished.append(try task.result()) }
      #expect(finished == [10, 15])
      expectTime(loop, .milliseconds(15))
    }
  }

  @Test("ASITER-02: it hands back the very futures that were passed in, whatever they are")
  func identity() throws {
    try runOnLoop { loop in
      let task = sleeper(10)
      let future = loop.createFuture(of: String.self)
      try loop.callLater(.milliseconds(5)) { try future.setResult("set") }
      var finished: [Asyncio.AnyFuture] = []
      for try await next in try Asyncio.asCompleted(starting: [task, future] as [Asyncio.AnyFuture]) {
        finished.append(next)
      }
      #expect(finished == [future, task])
    }
  }

  @Test("ASITER-03, ASITER-10: bodies become new tasks, which are there as soon as the call returns")
  func coroutines() throws {
    try runOnLoop { loop in
      let before = Asyncio.allTasks()
      let bodies = [10, 5].map { milliseconds in
        Asyncio.Coroutine(name: "body \(milliseconds)") {
          try await Asyncio.sleep(.milliseconds(milliseconds))
          return milliseconds
        }
      }
      let completions = try Asyncio.asCompleted(starting: bodies)
      let made = Asyncio.allTasks().filter { task in !before.contains { $0 === task } }
      #expect(Set(made.map(\.name)) == ["body 10", "body 5"])
      var finished: [Asyncio.Task<Int>] = []
      for try await task in completions { finished.append(task) }
      #expect(finished.map(\.name) == ["body 5", "body 10"])
      #expect(try finished.map { try $0.result() } == [5, 10])
      #expect(finished.allSatisfy { task in made.contains { $0 === task } })
    }
  }

  @Test("ASITER-04: when the time is up the iteration throws, after it has delivered what was in time")
  func timeout() throws {
    try runOnLoop { loop in
      let early = sleeper(100)
      let late = sleeper(150)
      var finished: [Asyncio.Task<Int>] = []
      let error = await errorThrown {
        for try await task in try Asyncio.asCompleted(starting: [late, early], timeout: .milliseconds(120)) {
          finished.append(task)
        }
      }
      #expect(error is Asyncio.TimeoutError)
      #expect(finished == [early])
      expectTime(loop, .milliseconds(120))
      #expect(!late.isDone)
      late.cancel()
    }
  }

  @Test("the timeout counts from the call, and what is done before the iteration is delivered in its order")
  func startsAtOnce() throws {
    try runOnLoop { loop in
      let tasks = [sleeper(20), sleeper(10), sleeper(40)]
      let completions = try Asyncio.asCompleted(starting: tasks, timeout: .milliseconds(35))
      #expect(tasks.map(\.callbackCount) == [1, 1, 1])
      try await Asyncio.sleep(.milliseconds(30))
      let first = try await completions.next()
      let second = try await completions.next()
      #expect(first === tasks[1])
      #expect(second === tasks[0])
      expectTime(loop, .milliseconds(30))
      #expect(await errorThrown { try await completions.next() } is Asyncio.TimeoutError)
      expectTime(loop, .milliseconds(35))
      #expect(tasks[2].callbackCount == 0)
      #expect(try await completions.next() == nil)
      tasks[2].cancel()
    }
  }

  @Test("ASITER-05: a timeout that is not reached has no effect, in both forms")
  func unusedTimeout() throws {
    try runOnLoop { loop in
      var results: [Int] = []
      for try await task in try Asyncio.asCompleted(starting: [sleeper(5)], timeout: .seconds(1)) {
        results.append(try task.result())
      }
      for try await task in Asyncio.asCompleted([sleeper(5)], timeout: .seconds(1)) {
        results.append(try task.result())
      }
      #expect(results == [5, 5])
      expectTime(loop, .milliseconds(10))
      #expect(loop.pendingTimerCount == 0)
    }
  }

  @Test("ASITER-06: what is collected from several iterations at once is what was passed in")
  func concurrent() throws {
    try runOnLoop { loop in
      let completions = try Asyncio.asCompleted(
        starting: ["a", "b"].map { name in
          Asyncio.Coroutine {
            try await Asyncio.sleep(.zero)
            return name
          }
        }
      )
      func next() -> Asyncio.Coroutine<Asyncio.Task<String>?> {
        Asyncio.Coroutine { try await completions.next() }
      }
      let collected = try await Asyncio.gather([next(), next()]).value
      #expect(try Set(collected.map { try $0?.result() }) == ["a", "b"])
      #expect(try await completions.next() == nil)
    }
  }

  @Test("ASITER-07: a future that is given twice is reported once, in both forms")
  func duplicates() throws {
    try runOnLoop { loop in
      let task = sleeper(5)
      let other = sleeper(10)
      var finished: [Asyncio.Task<Int>] = []
      for try await next in try Asyncio.asCompleted(starting: [task, other, task]) { finished.append(next) }
      #expect(finished == [task, other])
      for try await next in Asyncio.asCompleted([task, task]) { finished.append(next) }
      #expect(finished == [task, other, task])
    }
  }

  @Test("ASITER-09: one body gives one task, on the running loop")
  func runningLoop() throws {
    try runOnLoop { loop in
      var finished: [Asyncio.Task<Int>] = []
      for try await next in try Asyncio.asCompleted(starting: [Asyncio.Coroutine { 42 }]) { finished.append(next) }
      #expect(finished.count == 1)
      #expect(finished.first?.loop === loop)
      #expect(try finished.first?.result() == 42)
    }
  }

  @Test("BIND-18: outside any run it throws")
  func noLoop() throws {
    let error = #expect(throws: Asyncio.RuntimeError.self) {
      try Asyncio.asCompleted(starting: [Asyncio.Coroutine { Issue.record("the body began") }])
    }
    #expect(error?.message.hasPrefix("no running event loop") == true)
    try withLoop { loop in
      let future = loop.createFuture(of: Int.self)
      #expect(throws: Asyncio.RuntimeError.self) { try Asyncio.asCompleted(starting: [future]) }
    }
  }

  @Test("a future of another loop is refused at the call")
  func otherLoop() throws {
    try withLoop { other in
      let foreign = other.createFuture(of: Int.self)
      try runOnLoop { _ in
        #expect(throws: Asyncio.ValueError.self) { try Asyncio.asCompleted(starting: [foreign]) }
        #expect(foreign.callbackCount == 0)
      }
    }
  }

  @Test("an iteration that is cancelled leaves the futures alone; one that follows goes on with the next")
  func cancelled() throws {
    try runOnLoop { loop in
      let tasks = [sleeper(10), sleeper(20)]
      let completions = try Asyncio.asCompleted(starting: tasks)
      let iteration = Asyncio.createTask { for try await _ in completions {} }
      try await Asyncio.sleep(.milliseconds(5))
      iteration.cancel()
      #expect(await errorThrown { try await iteration.value } is CancellationError)
      #expect(tasks.allSatisfy { !$0.isDone })
      var finished: [Asyncio.Task<Int>] = []
      for try await next in completions { finished.append(next) }
      #expect(finished == [tasks[0]])
      tasks[1].cancel()
    }
  }
}
