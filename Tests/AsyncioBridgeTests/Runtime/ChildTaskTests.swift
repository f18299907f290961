import Testing

@testable import AsyncioBridge

/// Children of a task in Swift's sense: `async let` and task groups. They run on the loop's thread, and are none of the
/// loop's tasks: its guests.
@Suite struct ChildTaskTests {
  /// Sleeps, and returns whether the caller was on the thread of a running loop all the time.
  private func nap(_ milliseconds: Int, thread: UInt) async throws -> Bool {
    var isHome = currentThreadID() == thread && Asyncio.EventLoop.running() != nil
    try await Asyncio.sleep(.milliseconds(milliseconds))
    isHome = isHome && currentThreadID() == thread && Asyncio.EventLoop.running() != nil
    return isHome
  }

  @Test(
    "async let children run side by side on the loop's thread, and may sleep on the loop",
    arguments: Asyncio.LoopClock.Kind.both
  )
  func asyncLet(_ clock: Asyncio.LoopClock.Kind) throws {
    try runOnLoop(clock) { loop in
      let thread = currentThreadID()
      async let first = nap(10, thread: thread)
      async let second = nap(20, thread: thread)
      let areHome = try await (first, second)
      #expect(areHome == (true, true))
      #expect(currentThreadID() == thread)
      expectTime(loop, .milliseconds(20))
    }
  }

  @Test("children of a task group deliver their results in the order of the loop's time")
  func taskGroup() throws {
    try runOnLoop { loop in
      let thread = currentThreadID()
      let order = try await withThrowingTaskGroup(of: Int.self) { group in
        for delay in [30, 10, 20] {
          group.addTask { try await nap(delay, thread: thread) ? delay : -1 }
        }
        var order: [Int] = []
        for try await delay in group { order.append(delay) }
        return order
      }
      #expect(order == [10, 20, 30])
      expectTime(loop, .milliseconds(30))
    }
  }

  @Test("a child is no task of the loop: it has no current task; its parent has itself again behind it")
  func currentTask() throws {
    try withLoop { loop in
      let task = try loop.createTask(name: "parent") {
        let parent = Asyncio.currentTask()
        async let child = { () async throws -> [String?] in
          let before = Asyncio.currentTask()?.name
          try await Asyncio.sleep(.milliseconds(1))
          return [before, Asyncio.currentTask()?.name]
        }()
        #expect(Asyncio.currentTask() === parent)
        #expect(try await child == [nil, nil])
        #expect(Asyncio.currentTask() === parent)
        try await Asyncio.sleep(.zero)
        #expect(Asyncio.currentTask() === parent)
      }
      try loop.runUntilComplete(task)
    }
  }

  @Test("a child takes its turns as a task does: a sleep of zero is one turn")
  func turns() throws {
    try runOnLoop { _ in
      async let turns = { () async throws -> Int in
        let loop = try #require(Asyncio.EventLoop.running())
        let turn = loop.turnCount
        try await Asyncio.sleep(.zero)
        try await Asyncio.sleep(.zero)
        return loop.turnCount - turn
      }()
      let counted = try await turns
      #expect(counted == 2)
    }
  }

  @Test("a child may create tasks, and await them and what the library makes of them")
  func childWithTasks() throws {
    try runOnLoop { loop in
      async let sum = { () async throws -> Int in
        let tasks = (1...3).map { number in
          Asyncio.createTask {
            try await Asyncio.sleep(.milliseconds(number))
            return number
          }
        }
        let numbers = try await Asyncio.gather(tasks).value
        let last = try await Asyncio.waitFor(tasks[2], timeout: .seconds(1))
        return numbers.reduce(0, +) + last
      }()
      let total = try await sum
      #expect(total == 9)
      expectTime(loop, .milliseconds(3))
    }
  }

  @Test("children reach a future through an actor of the loop, and wait for it; cancelling one cancels it")
  func futureOfAnActor() throws {
    try runOnLoop { loop in
      let desk = Desk(loop.threadsafe)
      try loop.callLater(.seconds(1)) { desk.assumeIsolated { $0.answer(42) } }
      async let first = desk.question()
      async let second = desk.question()
      let answers = try await (first, second)
      #expect(answers == (42, 42))
      expectTime(loop, .seconds(1))

      await desk.ask()
      let outcome = await withTaskGroup(of: String.self) { group in
        group.addTask {
          do { return "\(try await desk.question())" } catch { return "\(type(of: error)) \(await desk.isCancelled)" }
        }
        try? await Asyncio.sleep(.seconds(1))
        group.cancelAll()
        return await group.next()
      }
      #expect(outcome == "CancellationError true")
      expectTime(loop, .seconds(2))
    }
  }

  @Test("a child that awaits a future of another loop gets RuntimeError")
  func futureOfAnotherLoop() throws {
    try runOnLoop { _ in
      async let outcome = { () async -> String in
        let other = EventLoop(clock: .virtual)
        do {
          try await other.createFuture(of: Void.self).value
          return "awaited"
        } catch {
          return "\(type(of: error))"
        }
      }()
      #expect(await outcome == "RuntimeError")
    }
  }

  @Test("a child's error reaches its parent, and cancels its siblings")
  func failingChild() throws {
    try runOnLoop { loop in
      let siblingEnded = Shared("")
      let error = await errorThrown {
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask {
            do { try await Asyncio.sleep(.seconds(100)) } catch {
              siblingEnded.value = "\(type(of: error))"
              throw error
            }
          }
          group.addTask {
            try await Asyncio.sleep(.milliseconds(5))
            throw TestError()
          }
          for try await _ in group {}
        }
      }
      #expect(error as? TestError == TestError())
      #expect(siblingEnded.value == "CancellationError")
      expectTime(loop, .milliseconds(5))
      #expect(loop.waitingChildren.isEmpty)
    }
  }

  @Test("a child that is cancelled while it waits for a task cancels that task")
  func cancelledChild() throws {
    try runOnLoop { loop in
      let ended = Shared("")
      await withTaskGroup(of: Void.self) { group in
        group.addTask {
          let inner = Asyncio.createTask { try await Asyncio.sleep(.seconds(100)) }
          do { try await inner.value } catch {
            ended.value = "\(type(of: error)) \(inner.isCancelled)"
          }
        }
        try? await Asyncio.sleep(.milliseconds(1))
        group.cancelAll()
      }
      #expect(ended.value == "CancellationError true")
      expectTime(loop, .milliseconds(1))
      // The body itself was never cancelled.
      #expect(!_Concurrency.Task.isCancelled)
      try await Asyncio.sleep(.zero)
    }
  }

  @Test("a child that nobody awaits is cancelled and joined at the end of its scope")
  func implicitCancellation() throws {
    try runOnLoop { loop in
      let ended = Shared(false)
      do {
        async let _: Void = {
          defer { ended.value = true }
          try await Asyncio.sleep(.seconds(1000))
        }()
        try await Asyncio.sleep(.milliseconds(1))
      }
      #expect(ended.value)
      expectTime(loop, .milliseconds(1))
    }
  }

  @Test("cancelling a task that waits for its children cancels them")
  func cancelledParent() throws {
    try withLoop { loop in
      let ended = Shared<[String]>([])
      let task = try loop.createTask {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for name in ["a", "b"] {
            group.addTask {
              do { try await Asyncio.sleep(.seconds(1000)) } catch {
                ended.update { $0.append("\(name) \(type(of: error))") }
                throw error
              }
            }
          }
          try await group.waitForAll()
        }
      }
      try loop.callLater(.milliseconds(1)) { #expect(task.cancel()) }
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(task) }
      #expect(task.isCancelled)
      #expect(ended.value.sorted() == ["a CancellationError", "b CancellationError"])
      expectTime(loop, .milliseconds(1))
    }
  }

  @Test("closing the loop unwinds children that wait, and their parent")
  func closedLoop() throws {
    let trace = Shared<[String]>([])
    let loop = EventLoop(clock: .virtual)
    let reports = Reports(loop)
    try loop.createTask(name: "parent") {
      defer { trace.update { $0.append("parent") } }
      async let child: Void = {
        defer { trace.update { $0.append("child") } }
        try await Asyncio.sleep(.seconds(1000))
      }()
      try await child
    }
    try loop.runBriefly()
    try loop.runBriefly()
    #expect(loop.waitingChildren.count == 1)
    try loop.close()
    #expect(trace.value == ["child", "parent"])
    #expect(reports.messages == ["Task was destroyed but it is pending!"])
    expectNoObjects(loop.debugCounters)
  }
}

/// Keeps a future for whoever asks, on the loop.
private actor Desk {
  private let loop: Asyncio.LoopHandle
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.unownedExecutor }
  private var future: Asyncio.Future<Int>?

  init(_ loop: Asyncio.LoopHandle) { self.loop = loop }

  var isCancelled: Bool { future?.isCancelled ?? false }

  func ask() { future = EventLoop.current(nil).createFuture() }

  func question() async throws -> Int {
    if future == nil { ask() }
    return try await future?.value ?? 0
  }

  func answer(_ answer: Int) { try? future?.setResult(answer) }
}
