import Testing

@testable import AsyncioBridge

/// Loops that keep the Swift tasks on which bodies run. What they do must be the same: the recordings are replayed on
/// them too, so this is about the hosts themselves.
@Suite struct ReusableHostsTests {
  @TaskLocal private static var request = "none"

  private func withKeptHosts(_ body: @escaping (EventLoop) async throws -> Void) throws {
    let loop = EventLoop(clock: .virtual, reusesHosts: true)
    defer { try? loop.close() }
    try loop.runUntilComplete { try await body(loop) }
  }

  /// Identifies the Swift task that runs the calling code.
  private static var host: JobID? { JobID.current }

  @Test("A body runs on a host that another has left")
  func reuse() throws {
    try withKeptHosts { _ in
      var hosts: [JobID?] = []
      for _ in 0..<3 { try await Asyncio.createTask { hosts.append(Self.host) }.value }
      #expect(hosts[0] != nil)
      #expect(Set(hosts).count == 1)
      #expect(hosts[0] != Self.host)
    }
  }

  @Test("Bodies that don't suspend run one after the other on one host, in the order in which they were created")
  func chain() throws {
    try withKeptHosts { loop in
      var order: [Int] = []
      var hosts = Set<JobID?>()
      let turn = loop.turnCount
      let tasks = (0..<100).map { index in
        Asyncio.createTask {
          order.append(index)
          hosts.insert(Self.host)
          #expect(Asyncio.currentTask()?.name == "task \(index)")
          #expect(loop.turnCount == turn + 1)
        }
      }
      for (index, task) in tasks.enumerated() { task.name = "task \(index)" }
      _ = try await Asyncio.gather(tasks).value
      #expect(order == Array(0..<100))
      #expect(hosts.count == 1)
    }
  }

  /// Not specialised for the type, as code of another module may not be.
  @inline(never)
  private func createTask<Value>(returning value: Value) -> Asyncio.Task<Value> { Asyncio.createTask { value } }

  @Test("Bodies with results of different types may come one after the other")
  func mixedTypes() throws {
    try withKeptHosts { _ in
      for _ in 0..<3 {
        let number = Asyncio.createTask { 1 }
        let another = Asyncio.createTask { 2 }
        let text = Asyncio.createTask { "three" }
        let nothing = Asyncio.createTask {}
        let failing = Asyncio.createTask { () -> [Int] in throw Asyncio.QueueEmpty() }
        let generic = (
          self.createTask(returning: 4.5), self.createTask(returning: [6]), self.createTask(returning: "7")
        )
        let plain = try await Asyncio.gather(number, another, text).value
        #expect(plain == (1, 2, "three"))
        try await nothing.value
        await #expect(throws: Asyncio.QueueEmpty.self) { try await failing.value }
        let unspecialised = try await Asyncio.gather(generic.0, generic.1, generic.2).value
        #expect(unspecialised == (4.5, [6], "7"))
      }
    }
  }

  @Test("A host that is idle takes up a body with another type of result")
  func typesInTurn() throws {
    try withKeptHosts { _ in
      var hosts = Set<JobID?>()
      for index in 0..<4 {
        let number = Asyncio.createTask {
          hosts.insert(Self.host)
          return index
        }
        let value = try await number.value
        #expect(value == index)
        let text = Asyncio.createTask {
          hosts.insert(Self.host)
          return "\(index)"
        }
        let string = try await text.value
        #expect(string == "\(value)")
      }
      #expect(hosts.count == 1)
    }
  }

  @Test("A body that suspends keeps its host")
  func occupied() throws {
    try withKeptHosts { _ in
      var hosts: [JobID?] = []
      let waiting = Asyncio.createTask {
        let before = Self.host
        try await Asyncio.sleep(.seconds(1))
        #expect(Self.host == before)
        hosts.append(before)
      }
      let other = Asyncio.createTask { hosts.append(Self.host) }
      _ = try await Asyncio.gather(waiting, other).value
      #expect(Set(hosts).count == 2)
    }
  }

  @Test("A task does not inherit its creator's task-locals, nor those of the body that had the host before")
  func taskLocals() throws {
    try Self.$request.withValue("outside") {
      try withKeptHosts { _ in
        #expect(Self.request == "none")
        try await Self.$request.withValue("creator") {
          let value = try await Asyncio.createTask { Self.request }.value
          #expect(value == "none")
          #expect(Self.request == "creator")
        }
        let variable = try await Asyncio.createTask { Self.request }.value
        #expect(variable == "none")
      }
    }
  }

  @Test("Context variables are inherited as ever")
  func contextVariables() throws {
    let variable = Asyncio.ContextVar<Int>("variable", default: 0)
    try withKeptHosts { _ in
      variable.set(1)
      let tasks = (0..<3).map { index in
        Asyncio.createTask {
          let inherited = variable.value
          variable.set(10 + index)
          try await Asyncio.sleep(.zero)
          return [inherited, variable.value]
        }
      }
      let values = try await Asyncio.gather(tasks).value
      #expect(values == [[1, 10], [1, 11], [1, 12]])
      #expect(variable.value == 1)
    }
  }

  @Test("A host whose Swift task was cancelled is not used again")
  func cancelledHost() async throws {
    try await onOwnThread {
      let loop = EventLoop(reusesHosts: true)
      defer { try? loop.close() }
      try loop.runUntilComplete {
        var first: JobID?
        let foreign = Asyncio.createTask {
          first = Self.host
          try await _Concurrency.Task.sleep(for: .seconds(60))
        }
        try await Asyncio.sleep(.zero)
        foreign.cancel()
        let outcome = try await Asyncio.gather(returningErrors: foreign).value
        #expect(throws: CancellationError.self) { try outcome.get() }
        let (next, isCancelled) = try await Asyncio.createTask { (Self.host, _Concurrency.Task.isCancelled) }.value
        #expect(next != nil)
        #expect(first != nil)
        #expect(!isCancelled)
      }
    }
  }

  @Test("Cancellation, denied once, leaves a body and its host as they were")
  func denial() throws {
    try withKeptHosts { _ in
      let task = Asyncio.createTask {
        do { try await Asyncio.sleep(.seconds(10)) } catch is CancellationError {}
        try await Asyncio.sleep(.seconds(1))
        return _Concurrency.Task.isCancelled
      }
      try await Asyncio.sleep(.zero)
      task.cancel()
      let isCancelled = try await task.value
      #expect(!isCancelled)
    }
  }

  @Test("A body that is cancelled before its first step never begins, and one that fails passes its error on")
  func endings() throws {
    try withKeptHosts { _ in
      var begun = false
      let cancelled = Asyncio.createTask { begun = true }
      cancelled.cancel()
      let failed: Asyncio.Task<Int> = Asyncio.createTask { throw TestError() }
      let outcomes = try await Asyncio.gather(returningErrors: [cancelled as Asyncio.AnyFuture].map { _ in failed })
        .value
      #expect(throws: TestError.self) { try outcomes[0].get() }
      #expect(cancelled.isCancelled)
      #expect(!begun)
    }
  }

  @Test("A callback of the user's is not called within a host, though it comes between two bodies")
  func callbacks() throws {
    let outside = Self.host
    try withKeptHosts { loop in
      var seen: [JobID?] = []
      Asyncio.createTask {}
      try loop.callSoon { seen.append(Self.host) }
      Asyncio.createTask {}
      try await Asyncio.sleep(.zero)
      try await Asyncio.sleep(.zero)
      #expect(seen == [outside])
    }
  }

  @Test("Closing the loop unwinds what is suspended, and ends the hosts; nothing is left", arguments: [false, true])
  func closing(isDebug: Bool) throws {
    let traces = Traces()
    weak var weakLoop: EventLoop?
    let debugCounters: DebugCounters
    do {
      let loop = EventLoop(clock: .virtual, debug: isDebug, reusesHosts: true)
      weakLoop = loop
      debugCounters = loop.debugCounters
      loop.logger = { _ in }
      try loop.runUntilComplete {
        for _ in 0..<3 { try await Asyncio.createTask {}.value }
        for _ in 0..<3 {
          Asyncio.createTask {
            let box = traces.enter()
            defer { traces.leave(box) }
            try await Asyncio.sleep(.seconds(1))
          }
        }
        try await Asyncio.sleep(.zero)
        Asyncio.createTask { _ = traces.enter() }  // has not begun when the loop is closed, and never will
      }
      try loop.close()
    }
    #expect(traces.entered == 3 || traces.entered == 4)
    #expect(traces.left == 3)
    #expect(traces.kept.allSatisfy { $0() == nil })
    expectNoObjects(debugCounters)
    #expect(weakLoop == nil)
  }

  @Test("More bodies than hosts are kept for may be suspended at once")
  func many() throws {
    try withKeptHosts { _ in
      var sum = 0
      for _ in 0..<2 {
        let tasks = (0..<3000).map { index in
          Asyncio.createTask {
            try await Asyncio.sleep(.milliseconds(index % 7))
            return index
          }
        }
        sum += try await Asyncio.gather(tasks).value.reduce(0, +)
      }
      #expect(sum == 3000 * 2999)
    }
  }
}
