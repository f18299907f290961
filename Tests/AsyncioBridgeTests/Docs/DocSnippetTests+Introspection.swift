import AsyncioBridge
import Testing

extension DocSnippetTests {
  /// A graph's lines without the places where tasks were created.
  private static func withoutPlaces(_ lines: [String]) -> [String] {
    lines.flatMap { $0.split(separator: "\n") }.map { line in
      guard let place = line.firstRange(of: ", created at ") else { return String(line) }
      return String(line[..<place.lowerBound] + line[place.upperBound...].drop { $0 != " " && $0 != "," })
    }
  }

  @Test("Introspection, who waits for whom")
  func callGraph() throws {
    let printed = Printed()
    @Sendable func print(_ items: Any...) { printed.add(items) }
    try Asyncio.run(clock: .virtual) {
      let loop = Asyncio.EventLoop.running()!
      let lock = Asyncio.Lock()
      let save = Asyncio.createTask(name: "save") {
        try await lock.withLock { try await Asyncio.sleep(.seconds(5)) }
      }
      let load = Asyncio.createTask(name: "load") { try await lock.withLock {} }
      let main = Asyncio.createTask(name: "main") {
        try await Asyncio.waitFor(try Asyncio.gather(save, load), timeout: .seconds(9))
      }
      try await Asyncio.sleep(.seconds(1))
      print(Asyncio.captureCallGraph(main)!)
      print(Asyncio.captureCallGraph(loop: loop).tasks.count)
      _ = try await main.value
    }
    #expect(
      Self.withoutPlaces(printed.lines) == [
        "Task 'main', waiting ←",
        "  waitFor [8.0 seconds left]",
        "    gather [0 of 2 done]",
        "      Task 'save', waiting #0",
        "        sleep [4.0 seconds left]",
        "      Task 'load', waiting",
        "        Lock [locked, waiters:1], held by",
        "          Task 'save' #0, see above",
        "4",
      ]
    )
  }

  @Test("Introspection, a look from another thread", .timeLimit(.minutes(1)))
  func callGraphFromAnotherThread() async throws {
    let printed = Printed()
    @Sendable func print(_ items: Any...) { printed.add(items) }
    try await onOwnThread {
      try runOnLoop(.monotonic) { loop in
        let event = Asyncio.Event()
        let stuck = Asyncio.createTask(name: "stuck") { try await event.wait() }
        Asyncio.currentTask()?.name = "main"
        try await Asyncio.sleep(.zero)
        let handle = loop.threadsafe
        let graph = try await Asyncio.toThread { try handle.captureCallGraph().result(timeout: .seconds(10)) }
        print(graph.tasks.filter { $0.state == .waiting }.compactMap(\.name))
        event.set()
        _ = try await stuck.value
      }
    }
    #expect(printed.lines == [#"["main", "stuck"]"#])
  }

  @Test("Introspection, what takes too long")
  func slowSteps() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    let loop = Asyncio.EventLoop()
    loop.slowStepDuration = .milliseconds(20)
    loop.slowTurnDuration = .milliseconds(200)
    loop.exceptionHandler = { _, report in
      print(report.message.contains("step of a task"), report.taskName ?? "?", report.creationSite != nil)
    }
    try loop.runUntilComplete(name: "greedy") {
      let begin = ContinuousClock.now
      while ContinuousClock.now - begin < .milliseconds(25) {}
    }
    // true greedy true
    try loop.close()
    #expect(printed.lines.contains("true greedy true"))
  }
}
