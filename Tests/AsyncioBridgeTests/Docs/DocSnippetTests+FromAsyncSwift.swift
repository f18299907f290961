import AsyncioBridge
import Testing

extension DocSnippetTests {
  @Test("From async Swift, a run on behalf of the main actor")
  func runForTheMainActor() async throws {
    let printed = Printed()
    @Sendable func print(_ items: Any...) { printed.add(items) }
    @MainActor func refresh() async throws -> Int {
      try await Asyncio.run {
        let prices = (1...3).map { number in
          Asyncio.createTask { try await Asyncio.sleep(.milliseconds(number), result: number * 100) }
        }
        return try await Asyncio.gather(prices).value.reduce(0, +)
      }
    }
    print(try await refresh())  // 600
    #expect(printed.lines == ["600"])
  }

  @Test("From async Swift, several loops in a task group")
  func severalLoops() async throws {
    let printed = Printed()
    @Sendable func print(_ items: Any...) { printed.add(items) }
    let sums = try await withThrowingTaskGroup(of: Int.self) { group in
      for part in 0..<4 {
        group.addTask {
          try await Asyncio.run {
            let numbers = (1...10).map { number in Asyncio.createTask { part * 10 + number } }
            return try await Asyncio.gather(numbers).value.reduce(0, +)
          }
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    print(sums.sorted())  // [55, 155, 255, 355]
    #expect(printed.lines == ["[55, 155, 255, 355]"])
  }

  @Test("From async Swift, a loop that serves")
  func servingLoop() async throws {
    let printed = Printed()
    @Sendable func print(_ items: Any...) { printed.add(items) }
    let ready = Asyncio.Promise<Asyncio.LoopHandle>()
    let stop = Asyncio.Promise<Void>()
    async let server: Void = Asyncio.run {
      ready.resolve(.success(Asyncio.EventLoop.running()!.threadsafe))
      try await Asyncio.wrapFuture(stop.future).value
    }

    let loop = try await ready.future.value
    let pong = loop.runCoroutineThreadsafe { try await Asyncio.sleep(.milliseconds(1), result: "pong") }
    print(try await pong.value)  // pong

    stop.resolve(.success(()))
    try await server
    #expect(printed.lines == ["pong"])
  }

  @Test("From async Swift, a future for other threads")
  func futureForOtherThreads() async throws {
    let printed = Printed()
    @Sendable func print(_ items: Any...) { printed.add(items) }
    try await Asyncio.run {
      let loop = Asyncio.EventLoop.running()!
      let future = loop.createFuture(of: String.self)
      let result = future.concurrentFuture()
      let reader = Task.detached { "got \(try await result.value)" }
      try future.setResult("it")
      print(try await reader.value)  // got it
    }
    #expect(printed.lines == ["got it"])
  }

  @Test("From async Swift, streams and queues")
  func streamsAndQueues() async throws {
    let printed = Printed()
    @Sendable func print(_ items: Any...) { printed.add(items) }
    try await Asyncio.run {
      let queue = Asyncio.Queue<String>()
      let (words, input) = AsyncStream<String>.makeStream()
      Task.detached {
        for word in ["over", "and", "out"] { input.yield(word) }
        input.finish()
      }
      let forwarder = Asyncio.createTask {
        for await word in words { try await queue.put(word.uppercased()) }
        queue.shutdown()
      }
      for try await word in queue.elements { print(word) }
      try await forwarder.value
    }
    // OVER
    // AND
    // OUT
    #expect(printed.lines == ["OVER", "AND", "OUT"])
  }

  @Test("From async Swift, the clock of a loop")
  func clockOfALoop() async throws {
    let printed = Printed()
    @Sendable func print(_ items: Any...) { printed.add(items) }
    try await Asyncio.run(clock: .virtual) {
      let clock = Asyncio.EventLoop.running()!.clock
      let start = clock.now
      try await clock.sleep(for: .seconds(60))
      // On a thread of Swift's pool.
      try await Asyncio.ensureFuture(operation: { try await clock.sleep(for: .seconds(3600)) }).value
      print(start.duration(to: clock.now))  // 3660.0 seconds
    }
    #expect(printed.lines == ["3660.0 seconds"])
  }
}
