import Testing

@testable import AsyncioBridge

@Suite struct CallGraphTextTests {
  /// The lines of a graph's text, without the places in this file.
  private func lines(_ graph: Asyncio.CallGraph) -> [String] {
    graph.description.split(separator: "\n").map { line in
      guard let place = line.firstRange(of: ", created at ") else { return String(line) }
      return String(line[..<place.lowerBound] + line[place.upperBound...].drop { $0 != " " && $0 != "," })
    }
  }

  @Test("below each node stands what it waits for")
  func tree() throws {
    try runOnLoop { loop in
      loop.logger = { _ in }
      let future = loop.createFuture(of: Int.self)
      let child = Asyncio.createTask(name: "child") { try await future.value }
      let main = Asyncio.currentTask()
      main?.name = "main"
      let parent = Asyncio.createTask(name: "parent") {
        try await Asyncio.waitFor(try Asyncio.gather(child), timeout: .seconds(1))
      }
      for _ in 0..<3 { try await Asyncio.sleep(.zero) }
      let graph = Asyncio.captureCallGraph(loop: loop)
      #expect(
        lines(graph) == [
          "Task 'main', running",
          "Task 'parent', waiting",
          "  waitFor [1.0 seconds left]",
          "    gather [0 of 1 done]",
          "      Task 'child', waiting",
          "        Future, waiting",
        ]
      )
      #expect(graph.description.contains("Task 'child', waiting, created at \(#fileID):"))
      #expect(lines(try #require(Asyncio.captureCallGraph(child)))[3] == "      Task 'child', waiting ←")
      parent.cancel()
    }
  }

  @Test("what several wait for is shown once, with a number, and referred to", .pinsOrder)
  func visitedOnce() throws {
    try runOnLoop { loop in
      loop.logger = { _ in }
      Asyncio.currentTask()?.name = "main"
      let future = loop.createFuture(of: Int.self)
      let shared = Asyncio.createTask(name: "shared") { try await future.value }
      let tasks = ["a", "b"].map { name in Asyncio.createTask(name: name) { try await shared.value } }
      try await Asyncio.sleep(.zero)
      #expect(
        lines(Asyncio.captureCallGraph(loop: loop)) == [
          "Task 'main', running",
          "Task 'a', waiting",
          "  Task 'shared', waiting #1",
          "    Future, waiting",
          "Task 'b', waiting",
          "  Task 'shared' #1, see above",
        ]
      )
      try future.setResult(1)
      _ = try await Asyncio.wait(tasks)
    }
  }

  @Test("a cycle is shown as one, and listed")
  func cycle() throws {
    let graph = try runOnLoop { loop in
      loop.logger = { _ in }
      let (a, b) = (Asyncio.Lock(), Asyncio.Lock())
      func take(_ first: Asyncio.Lock, _ second: Asyncio.Lock) async throws {
        try await first.withLock {
          try await Asyncio.sleep(.zero)
          try await second.withLock {}
        }
      }
      let left = Asyncio.createTask(name: "left") { try await take(a, b) }
      Asyncio.createTask(name: "right") { try await take(b, a) }
      Asyncio.createTask(name: "bystander") { try await left.value }
      for _ in 0..<3 { try await Asyncio.sleep(.zero) }
      let graph = try #require(Asyncio.captureCallGraph(left))
      left.cancel()
      return graph
    }
    #expect(
      lines(graph) == [
        "Task 'bystander', waiting",
        "  Task 'left', waiting #0 ←",
        "    Lock [locked, waiters:1], held by",
        "      Task 'right', waiting",
        "        Lock [locked, waiters:1], held by",
        "          Task 'left' #0, a cycle",
        "cycle: Task 'left' → Lock → Task 'right' → Lock → Task 'left'",
      ]
    )
    #expect(graph.cycles.map { $0.map { $0.name ?? "" } } == [["left", "", "right", ""]])
  }

  @Test("a cycle that nobody outside waits for is shown too, from its first task")
  func closedCycle() throws {
    try runOnLoop { loop in
      loop.logger = { _ in }
      Asyncio.currentTask()?.name = "main"
      let box = Box<Asyncio.Task<Void>?>(nil)
      let first = Asyncio.createTask(name: "first") { try await box.value?.value }
      box.value = Asyncio.createTask(name: "second") { try await Asyncio.gather(first).value }
      try await Asyncio.sleep(.zero)
      try await Asyncio.sleep(.zero)
      let graph = Asyncio.captureCallGraph(loop: loop)
      #expect(
        lines(graph) == [
          "Task 'main', running",
          "Task 'first', waiting #1",
          "  Task 'second', waiting",
          "    gather [0 of 1 done]",
          "      Task 'first' #1, a cycle",
          "cycle: Task 'first' → Task 'second' → gather → Task 'first'",
        ]
      )
      first.cancel()
      box.value = nil
    }
  }

  @Test("a graph without cycles has none, also where ways meet")
  func noCycle() throws {
    try runOnLoop { loop in
      loop.logger = { _ in }
      let future = loop.createFuture(of: Int.self)
      let a = Asyncio.createTask { try await future.value }
      let b = Asyncio.createTask { try await Asyncio.gather(a, future).value }
      try await Asyncio.sleep(.zero)
      try await Asyncio.sleep(.zero)
      #expect(Asyncio.captureCallGraph(loop: loop).cycles.isEmpty)
      try future.setResult(1)
      _ = try await b.value
    }
  }

  @Test("a chain of very many tasks is no deeper for the capture than one", .pinsOrder)
  func longChain() async throws {
    let count = 20_000
    let graph = try await onOwnThread {
      try runOnLoop { loop in
        loop.logger = { _ in }
        let future = loop.createFuture(of: Int.self)
        var last: Asyncio.Future<Int> = future
        for _ in 0..<count {
          let next = last
          last = Asyncio.createTask { try await next.value }
        }
        try await Asyncio.sleep(.zero)
        let graph = try #require(Asyncio.captureCallGraph(last))
        try future.setResult(1)
        _ = try await last.value
        return graph
      }
    }
    #expect(graph.tasks.count == count)
    #expect(graph.cycles.isEmpty)
  }

  @Test("a loop on which nothing waits says so")
  func empty() throws {
    try withLoop { #expect(Asyncio.captureCallGraph(loop: $0).description == "nothing waits") }
  }
}
