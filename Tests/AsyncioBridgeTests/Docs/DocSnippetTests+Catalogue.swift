import AsyncioBridge
import Testing

/// The articles of the catalogue.
extension DocSnippetTests {
  @Test("Your first loop, run")
  func firstRun() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    let greeting = try Asyncio.run {
      try await Asyncio.sleep(.milliseconds(10))
      return "hello"
    }
    print(greeting)  // hello
    #expect(printed.lines == ["hello"])
  }

  @Test("Your first loop, two things at once")
  func firstTasks() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    func fetch(_ page: String, taking delay: Duration) async throws -> String {
      try await Asyncio.sleep(delay)
      return "<\(page)>"
    }

    try Asyncio.run(clock: .virtual) {
      let loop = Asyncio.EventLoop.running()!
      let news = Asyncio.createTask { try await fetch("news", taking: .seconds(1)) }
      let weather = Asyncio.createTask { try await fetch("weather", taking: .seconds(2)) }
      let (a, b) = try await Asyncio.gather(news, weather).value
      print(a, b, "at", loop.time)  // <news> <weather> at 2.0 seconds
    }
    #expect(printed.lines == ["<news> <weather> at 2.0 seconds"])
  }

  @Test("Your first loop, a limit")
  func firstTimeout() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    func report() async throws -> String {
      defer { print("closed the connection") }
      try await Asyncio.sleep(.seconds(60))
      return "a report"
    }

    try Asyncio.run(clock: .virtual) {
      do {
        print(try await Asyncio.timeout(.seconds(5)) { try await report() })
      } catch is Asyncio.TimeoutError {
        print("no report")
      }
    }
    // closed the connection
    // no report
    #expect(printed.lines == ["closed the connection", "no report"])
  }

  @Test("Your first loop, a shared object")
  func firstSharedObject() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    final class Tally {
      var votes: [String: Int] = [:]
    }

    try Asyncio.run(clock: .virtual) {
      let tally = Tally()
      let voters = ["tea", "coffee", "tea"].map { drink in
        Asyncio.createTask {
          try await Asyncio.sleep(.seconds(1))
          tally.votes[drink, default: 0] += 1
        }
      }
      _ = try await Asyncio.gather(voters).value
      print(tally.votes["tea"]!, tally.votes["coffee"]!)  // 2 1
    }
    #expect(printed.lines == ["2 1"])
  }

  @Test("Port a program, hosts that are up")
  func portedChecks() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    struct ConnectionError: Error {}

    let delays: KeyValuePairs = ["alpha": 1.0, "beta": 2.0, "gamma": 60.0, "delta": 1.0]

    func check(_ host: String, taking seconds: Double, _ limit: Asyncio.Semaphore) async throws -> String {
      try await limit.withLock {
        try await Asyncio.sleep(.seconds(seconds))
        if host == "delta" { throw ConnectionError() }
        return "up"
      }
    }

    try Asyncio.run(clock: .virtual) {
      let limit = Asyncio.Semaphore(2)
      let checks = delays.map { host, delay in
        Asyncio.createTask(name: host) { try await check(host, taking: delay, limit) }
      }
      let (_, pending) = try await Asyncio.wait(checks, timeout: .seconds(10))
      for task in pending { task.cancel() }
      let results = try await Asyncio.gather(returningErrors: checks).value
      for (task, result) in zip(checks, results) {
        switch result {
        case .success(let state): print(task.name, state)
        case .failure(let error): print(task.name, type(of: error))
        }
      }
    }
    // alpha up
    // beta up
    // gamma CancellationError
    // delta ConnectionError
    #expect(printed.lines == ["alpha up", "beta up", "gamma CancellationError", "delta ConnectionError"])
  }

  @Test("Test in virtual time, retries")
  func retriesInVirtualTime() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    try Asyncio.run(clock: .virtual) {
      let loop = Asyncio.EventLoop.running()!
      var attempts: [Asyncio.LoopClock.Instant] = []
      let answer = try await retrying(4) {
        attempts.append(loop.time)
        if attempts.count < 4 { throw Asyncio.ValueError("not yet") }
        return 42
      }
      print(answer, attempts)  // 42 [0.0 seconds, 1.0 seconds, 3.0 seconds, 7.0 seconds]
    }
    #expect(printed.lines == ["42 [0.0 seconds, 1.0 seconds, 3.0 seconds, 7.0 seconds]"])
  }

  @Test("Test in virtual time, retries that are cancelled")
  func retriesAreCancelled() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    let loop = Asyncio.EventLoop(clock: .virtual)
    var attempts = 0
    let task = try loop.createTask {
      try await retrying(4) {
        attempts += 1
        throw Asyncio.ValueError("never")
      }
    }
    try loop.advance(by: .seconds(2))
    print(attempts)  // 2

    task.cancel()
    try loop.runUntilIdle()
    print(attempts, task.isCancelled)  // 2 true
    try loop.close()
    #expect(printed.lines == ["2", "2 true"])
  }

  @Test("Test in virtual time, a program that hangs")
  func hangInVirtualTime() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    do {
      try Asyncio.run(clock: .virtual) {
        let nobodySetsIt = Asyncio.Event()
        try await nobodySetsIt.wait()
      }
    } catch let error as Asyncio.DeadlockError {
      print(error.waitingTasks.count)  // 1
    }
    #expect(printed.lines == ["1"])
  }
}

/// Of the article on virtual time, for both of its tests.
private func retrying<Value>(
  _ attempts: Int,
  _ body: nonisolated(nonsending) () async throws -> Value
) async throws -> Value {
  var delay = Duration.seconds(1)
  for _ in 1..<attempts {
    do {
      return try await body()
    } catch let error where !(error is CancellationError) {
      try await Asyncio.sleep(delay)
      delay *= 2
    }
  }
  return try await body()
}
