import AsyncioBridge
import Testing

extension DocSnippetTests {
  @Test("Testing, a day in no time")
  func virtualDay() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    try Asyncio.run(clock: .virtual) {
      let loop = Asyncio.EventLoop.running()!
      let start = loop.time
      try await Asyncio.sleep(.seconds(86_400))
      print(start.duration(to: loop.time))  // 86400.0 seconds
    }
    #expect(printed.lines == ["86400.0 seconds"])
  }

  @Test("Testing, code on any clock follows the loop")
  func loopClock() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    func poll(every interval: Duration, times: Int, on clock: any Clock<Duration>) async throws {
      for _ in 0..<times { try await clock.sleep(for: interval) }
    }

    try Asyncio.run(clock: .virtual) {
      let loop = Asyncio.EventLoop.running()!
      try await poll(every: .seconds(60), times: 10, on: loop.clock)
      print(loop.time)  // 600.0 seconds
    }
    #expect(printed.lines == ["600.0 seconds"])
  }

  @Test("Testing, runUntilIdle stops where nothing is left to do")
  func runUntilIdle() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    let loop = Asyncio.EventLoop(clock: .virtual)
    let future = loop.createFuture(of: Int.self)
    let task = try loop.createTask { try await future.value + 1 }
    try loop.runUntilIdle()
    print(task.isDone)  // false

    try future.setResult(41)
    try loop.runUntilIdle()
    print(try task.result())  // 42
    try loop.close()
    #expect(printed.lines == ["false", "42"])
  }

  @Test("Testing, a loop is run for a while of its time")
  func advance() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    let loop = Asyncio.EventLoop(clock: .virtual)
    var attempts = 0
    try loop.createTask {
      while true {
        attempts += 1
        try await Asyncio.sleep(.seconds(10))
      }
    }
    try loop.advance(by: .seconds(25))
    print(attempts, loop.time)  // 3 25.0 seconds
    loop.logger = { _ in }
    try loop.close()
    #expect(printed.lines == ["3 25.0 seconds"])
  }

  @Test("Testing, a task waits until all others are blocked")
  func waitUntilIdle() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    try Asyncio.run(clock: .virtual) {
      let jobs = Asyncio.Queue<Int>()
      var done: [Int] = []
      Asyncio.createTask { while true { done.append(try await jobs.get()) } }
      for job in 1...3 { try jobs.putNowait(job) }
      try await Asyncio.waitUntilIdle()
      print(done)  // [1, 2, 3]
    }
    #expect(printed.lines == ["[1, 2, 3]"])
  }

  @Test("Testing, a deadlock and a program that never rests end")
  func deadlockAndTurnLimit() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    let loop = Asyncio.EventLoop(clock: .virtual)
    loop.turnLimit = 1000
    do {
      try loop.runUntilComplete(name: "patient") { try await loop.createFuture(of: Void.self).value }
    } catch let error as Asyncio.DeadlockError {
      print(error.waitingTasks.count)  // 1
    }
    do {
      try loop.runUntilComplete(name: "restless") { while true { try await Asyncio.sleep(.zero) } }
    } catch let error as Asyncio.TurnLimitError {
      print(error.limit)  // 1000
    }
    try loop.close()
    #expect(printed.lines == ["1", "1000"])
  }

  @Test("Testing, what a loop reports")
  func reports() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    let loop = Asyncio.EventLoop(clock: .virtual)
    var reports: [String] = []
    loop.exceptionHandler = { _, report in reports.append(report.message) }
    try loop.createTask { throw Asyncio.ValueError("forgotten") }
    try loop.runUntilIdle()
    try loop.close()
    print(reports)  // ["Task exception was never retrieved"]
    #expect(printed.lines == ["[\"Task exception was never retrieved\"]"])
  }
}
