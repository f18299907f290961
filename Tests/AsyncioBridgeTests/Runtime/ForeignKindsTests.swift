import Testing

@testable import AsyncioBridge

/// Every kind of await that Swift's own concurrency offers, in the body of a task: the task comes back to its loop
/// behind it, and can be cancelled in it.
@Suite struct ForeignKindsTests {
  private static let variable = Asyncio.ContextVar<Int>("variable", default: 0)

  // MARK: Coming back

  /// What a task may await that is not the loop's.
  enum Foreign: String, CaseIterable, Sendable {
    case sleep, yield
    case actorElsewhere, plainActor, actorThatAsks, actorThatWaits, globalActor, mainActor
    case detachedTask, unstructuredTask, immediateTask
    case asyncLet, taskGroup, throwingTaskGroup, discardingTaskGroup, throwingDiscardingTaskGroup
    case continuation, checkedThrowingContinuation, cancellationHandler
    case stream, throwingStream, asyncSequence
    case otherExecutor, loopClockElsewhere, concurrentFuture

    func callAsFunction(_ elsewhere: ForeignAwaitTests.Elsewhere, _ counter: ForeignAwaitTests.Counter) async throws {
      switch self {
      case .sleep: try await Task.sleep(for: .milliseconds(1))
      case .yield: await Task.yield()
      case .actorElsewhere: _ = await elsewhere.thread()
      case .plainActor: _ = await counter.increment()
      case .actorThatAsks: try expect(await counter.nameOfCurrentTask() == "T", "not current in the actor")
      case .actorThatWaits:
        try expect(try await counter.sleepAndName(.milliseconds(1)) == "T", "not current in the actor")
      case .globalActor: try expect(await onGlobalActor() == 1, "no answer")
      case .mainActor: try expect(await MainActor.run { 1 } == 1, "no answer")
      case .detachedTask: _ = await Task.detached { currentThreadID() }.value
      case .unstructuredTask: try await Task { try await Task.sleep(for: .milliseconds(1)) }.value
      case .immediateTask:
        guard #available(macOS 26.0, iOS 26.0, tvOS 26.0, watchOS 26.0, visionOS 26.0, *) else { return }
        try await Task.immediate { try await Task.sleep(for: .milliseconds(1)) }.value
      case .asyncLet:
        async let one = plus(one: 0)
        async let two = plus(one: 1)
        try expect(try await one + two == 3, "the children lost something")
      case .taskGroup:
        let sum = await withTaskGroup(of: Int.self) { group in
          for number in 1...3 { group.addTask { (try? await plus(one: number)) ?? 0 } }
          return await group.reduce(0, +)
        }
        try expect(sum == 9, "the group lost something")
      case .throwingTaskGroup:
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
          for number in 1...3 { group.addTask { try await plus(one: number) } }
          return try await group.reduce(0, +)
        }
        try expect(sum == 9, "the group lost something")
      case .discardingTaskGroup:
        let sum = Shared(0)
        await withDiscardingTaskGroup { group in
          for number in 1...3 {
            group.addTask {
              let more = (try? await plus(one: number)) ?? 0
              sum.update { $0 += more }
            }
          }
        }
        try expect(sum.value == 9, "the group lost something")
      case .throwingDiscardingTaskGroup:
        let error = await errorThrown {
          try await withThrowingDiscardingTaskGroup { group in
            group.addTask { throw TestError() }
            group.addTask { try await Task.sleep(for: .seconds(1000)) }
          }
        }
        try expect(error as? TestError == TestError(), "the group swallowed an error")
      case .continuation: await withCheckedContinuation { continuation in startThread { continuation.resume() } }
      case .checkedThrowingContinuation:
        let error = await errorThrown {
          try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            startThread { continuation.resume(throwing: TestError()) }
          }
        }
        try expect(error as? TestError == TestError(), "the continuation lost its error")
      case .cancellationHandler:
        try await withTaskCancellationHandler {
          try await Task.sleep(for: .milliseconds(1))
          try await Asyncio.sleep(.milliseconds(1))
        } onCancel: {
        }
      case .stream:
        let (stream, continuation) = AsyncStream<Int>.makeStream()
        startThread {
          for number in 0..<3 { continuation.yield(number) }
          continuation.finish()
        }
        var sum = 0
        for await number in stream { sum += number }
        try expect(sum == 3, "the stream lost something")
      case .throwingStream:
        let (stream, continuation) = AsyncThrowingStream<Int, any Error>.makeStream()
        startThread {
          continuation.yield(1)
          continuation.finish(throwing: TestError())
        }
        var sum = 0
        do { for try await number in stream { sum += number } } catch is TestError { sum += 10 }
        try expect(sum == 11, "the stream lost something")
      case .asyncSequence:
        var sum = 0
        for try await number in Countdown(from: 3) { sum += number }
        try expect(sum == 6, "the sequence lost something")
      case .otherExecutor:
        // There is no loop where the other executor runs.
        let isElsewhere = await withTaskExecutorPreference(globalConcurrentExecutor) {
          await Task.yield()
          return EventLoop.running() == nil
        }
        try expect(isElsewhere, "the other executor was not used")
      case .loopClockElsewhere:
        let clock = EventLoop.running()?.clock
        try await Task.detached { try await clock?.sleep(for: .milliseconds(1)) }.value
      case .concurrentFuture:
        let future = Asyncio.ConcurrentFuture<Int>()
        startThread { future.resolve(.success(1)) }
        try expect(try await future.value == 1, "the future lost its value")
      }
    }
  }

  @Test("a task is current again, on its thread and in its context, after a foreign await", arguments: Foreign.allCases)
  func currentAgain(_ operation: Foreign) async throws {
    let problems = try await onOwnThread {
      let problems = Box<Set<String>>([])
      try runOnLoop(.monotonic) { loop in
        let elsewhere = ForeignAwaitTests.Elsewhere()
        let counter = ForeignAwaitTests.Counter()
        let thread = currentThreadID()
        let task = Asyncio.createTask(name: "T") {
          let own = Asyncio.currentTask()
          Self.variable.set(7)
          func look(_ when: String) {
            if currentThreadID() != thread { problems.value.insert("on another thread \(when)") }
            if EventLoop.running() !== loop { problems.value.insert("no running loop \(when)") }
            if Asyncio.currentTask() !== own { problems.value.insert("not current \(when)") }
            if Self.variable.value != 7 { problems.value.insert("context lost \(when)") }
            if !Asyncio.allTasks().contains(where: { $0 === own }) { problems.value.insert("unlisted \(when)") }
          }
          look("before")
          for _ in 0..<5 {
            try await operation(elsewhere, counter)
            look("after")
            try await Asyncio.sleep(.zero)
            look("after a sleep")
          }
        }
        while !task.isDone {
          if Self.variable.value != 0 { problems.value.insert("context leaked") }
          if Asyncio.currentTask()?.name == "T" { problems.value.insert("current in another") }
          try await Asyncio.sleep(.zero)
        }
        try await task.value
        #expect(loop.foreignCores.isEmpty)
        #expect(loop.waitingChildren.isEmpty)
      }
      return problems.value
    }
    #expect(problems == [])
  }

  // MARK: Being cancelled

  /// What would go on for ever, and ends when its Swift task is cancelled.
  enum Endless: String, CaseIterable, Sendable {
    case sleep, asyncLet, taskGroup, throwingTaskGroup, discardingTaskGroup, throwingDiscardingTaskGroup
    case stream, cancellationHandler, actorThatWaits, otherExecutor, concurrentFuture

    fileprivate func callAsFunction(_ ended: Shared<Int>) async throws {
      @Sendable func child() async throws {
        defer { ended.update { $0 += 1 } }
        try await Task.sleep(for: .seconds(1000))
      }
      switch self {
      case .sleep: try await child()
      case .asyncLet:
        async let one: Void = child()
        async let two: Void = child()
        _ = try await (one, two)
      case .taskGroup:
        await withTaskGroup(of: Void.self) { group in for _ in 0..<2 { group.addTask { try? await child() } } }
      case .throwingTaskGroup:
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<2 { group.addTask { try await child() } }
          try await group.waitForAll()
        }
      case .discardingTaskGroup:
        await withDiscardingTaskGroup { group in for _ in 0..<2 { group.addTask { try? await child() } } }
      case .throwingDiscardingTaskGroup:
        try await withThrowingDiscardingTaskGroup { group in for _ in 0..<2 { group.addTask { try await child() } } }
      case .stream:
        defer { ended.update { $0 += 1 } }
        // Nobody ever yields to it; cancelling its reader ends it.
        let (stream, continuation) = AsyncStream<Int>.makeStream()
        for await _ in stream {}
        continuation.finish()
      case .cancellationHandler:
        let (stream, continuation) = AsyncStream<Int>.makeStream()
        await withTaskCancellationHandler {
          await Task { for await _ in stream {} }.value
        } onCancel: {
          ended.update { $0 += 1 }
          continuation.finish()
        }
      case .actorThatWaits: try await ForeignAwaitTests.Elsewhere().wait { try await child() }
      case .otherExecutor: try await withTaskExecutorPreference(globalConcurrentExecutor) { try await child() }
      case .concurrentFuture:
        defer { ended.update { $0 += 1 } }
        try await Asyncio.ConcurrentFuture<Void>().value
      }
    }

    fileprivate var childCount: Int {
      switch self {
      case .asyncLet, .taskGroup, .throwingTaskGroup, .discardingTaskGroup, .throwingDiscardingTaskGroup: 2
      case .sleep, .stream, .cancellationHandler, .actorThatWaits, .otherExecutor, .concurrentFuture: 1
      }
    }
  }

  @Test(
    "cancelling a task in a foreign await ends that, with all its children, and then the task",
    arguments: Endless.allCases
  )
  func cancelled(_ operation: Endless) async throws {
    let ended = Shared(0)
    let (isCancelled, count) = try await onOwnThread {
      try withLoop(.monotonic) { loop in
        let task = try loop.createTask { try await operation(ended) }
        try loop.callLater(.milliseconds(2)) { task.cancel() }
        _ = try? loop.runUntilComplete(task)
        return (task.isCancelled, ended.value)
      }
    }
    #expect(isCancelled)
    #expect(count == operation.childCount)
  }

  @Test("a task that sleeps in a foreign await when its run ends is cancelled and joined", arguments: Endless.allCases)
  func joinedByRun(_ operation: Endless) async throws {
    let ended = Shared(0)
    try await Asyncio.run {
      Asyncio.createTask { try await operation(ended) }
      try await Asyncio.sleep(.milliseconds(1))
    }
    #expect(ended.value == operation.childCount)
  }

  @Test(
    "a cancellation handler is not called for a cancellation that the loop delivers, since Swift's flag stays clear"
  )
  func handlerOnTheLoop() throws {
    try withLoop { loop in
      let isCalled = Shared(false)
      let task = try loop.createTask {
        let error = await errorThrown {
          try await withTaskCancellationHandler {
            try await Asyncio.sleep(.seconds(1000))
          } onCancel: {
            isCalled.value = true
          }
        }
        return error is CancellationError
      }
      try loop.runBriefly()
      task.cancel()
      let wasDelivered = try loop.runUntilComplete(task)
      #expect(wasDelivered)
      #expect(!isCalled.value)
    }
  }

  // MARK: Order

  @Test("a program of tasks, children, actors and streams on one loop takes the same steps every time")
  func deterministic() throws {
    func trace() throws -> [String] {
      try runOnLoop { loop in
        let trace = Box<[String]>([])
        let journal = Journal<String>()
        let counter = ForeignAwaitTests.Counter()
        let (stream, continuation) = AsyncStream<String>.makeStream()
        let reader = Asyncio.createTask { for await line in stream { trace.value.append(line) } }
        let tasks = (1...4).map { number in
          Asyncio.createTask(name: "\(number)") {
            for round in 1...3 {
              trace.value.append("\(number) begins \(round)")
              _ = await counter.increment()
              async let child: Void = { try await Asyncio.sleep(.milliseconds(number)) }()
              let order = try await withThrowingTaskGroup(of: Int.self) { group in
                for delay in [3, 1, 2] {
                  group.addTask {
                    try await Asyncio.sleep(.milliseconds(delay))
                    journal.append("\(number) \(delay)")
                    return delay
                  }
                }
                return try await group.reduce(into: []) { $0.append($1) }
              }
              try await child
              await Task.yield()
              continuation.yield("\(number) \(round) \(order) \(loop.elapsed)")
            }
          }
        }
        _ = try await Asyncio.gather(tasks).value
        continuation.finish()
        try await reader.value
        return trace.value + journal.entries
      }
    }
    let first = try trace()
    #expect(first.count == 4 * 3 * 2 + 4 * 3 * 3)
    for _ in 0..<20 { #expect(try trace() == first) }
  }
}

extension ForeignAwaitTests.Elsewhere {
  /// Runs `body` on the actor.
  func wait(_ body: @Sendable () async throws -> Void) async throws { try await body() }
}

@globalActor private actor Somewhere {
  static let shared = Somewhere()
}

@Somewhere private func onGlobalActor() async -> Int {
  await Task.yield()
  return 1
}

private func expect(_ condition: Bool, _ problem: String) throws {
  if !condition { throw TestError(name: problem) }
}

/// Adds one, some time later: on a loop by its clock, elsewhere by Swift's.
@Sendable private func plus(one number: Int) async throws -> Int {
  if EventLoop.running() == nil {
    try await Task.sleep(for: .milliseconds(1))
  } else {
    try await Asyncio.sleep(.milliseconds(1))
  }
  return number + 1
}

/// Counts down, and gives up its thread before each number.
private struct Countdown: AsyncSequence, AsyncIteratorProtocol {
  private var next: Int
  init(from start: Int) { next = start + 1 }
  func makeAsyncIterator() -> Self { self }

  mutating func next() async throws -> Int? {
    next -= 1
    await Task.yield()
    try await Asyncio.sleep(.zero)
    return next == 0 ? nil : next
  }
}
