import Testing

@testable import AsyncioBridge

/// Tasks that await what is not the loop's: sleeps, actors and streams of Swift's own.
@Suite struct ForeignAwaitTests {
  /// An actor on threads of its own.
  actor Elsewhere {
    private final class Executor: SerialExecutor {
      func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        startThread { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
      }
    }

    private let executor = Executor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func thread() -> UInt { currentThreadID() }
  }

  /// A plain actor.
  actor Counter {
    private(set) var count = 0

    func increment() -> UInt {
      count += 1
      return currentThreadID()
    }

    /// Whether there is a loop where it runs, and what the library says to a wait.
    func wait() async -> (name: String?, error: (any Error)?) {
      let name = Asyncio.EventLoop.running() == nil ? nil : Asyncio.currentTask()?.name ?? "none"
      return (name, await errorThrown { try await Asyncio.sleep(.zero) })
    }

    func nameOfCurrentTask() -> String? { Asyncio.currentTask()?.name }

    func nameAndVariable() -> (String, Int) {
      (Asyncio.currentTask()?.name ?? "none", ForeignAwaitTests.variable.value)
    }

    func sleepAndSet(_ value: Int) async throws -> (String, Int) {
      ForeignAwaitTests.variable.set(value)
      try await Asyncio.sleep(.milliseconds(1))
      return nameAndVariable()
    }

    func sleepAndName(_ delay: Duration) async throws -> String? {
      try await Asyncio.sleep(delay)
      return Asyncio.currentTask()?.name
    }

    /// Blocks its thread, and whoever wants the actor.
    func block(_ entered: ThreadEvent, until event: ThreadEvent) {
      entered.set()
      _ = event.wait()
    }
  }

  static let variable = Asyncio.ContextVar<Int>("variable", default: 0)

  @Test("a plain actor's methods run on the loop's thread when a task calls them")
  func plainActor() throws {
    try runOnLoop { _ in
      let counter = Counter()
      let thread = currentThreadID()
      for _ in 0..<10 { #expect(await counter.increment() == thread) }
      #expect(await counter.count == 10)
    }
  }

  @Test("an actor that is busy elsewhere gives the task back to the loop when it is free")
  func busyActor() async throws {
    let (isHome, trace, count) = try await onOwnThread {
      try runOnLoop(.monotonic) { _ in
        let thread = currentThreadID()
        let counter = Counter()
        let entered = ThreadEvent()
        let event = ThreadEvent()
        let blocker = _Concurrency.Task.detached { await counter.block(entered, until: event) }
        _ = entered.wait()
        let isHome = Box(true)
        let trace = Box<[String]>([])
        let tasks = (1...3).map { number in
          Asyncio.createTask(name: "\(number)") {
            Self.variable.set(number)
            _ = await counter.increment()
            for _ in 0..<2 {
              isHome.value = isHome.value && currentThreadID() == thread
              trace.value.append("\(Asyncio.currentTask()?.name ?? "none") \(Self.variable.value)")
              try await Asyncio.sleep(.zero)
            }
          }
        }
        try await Asyncio.sleep(.milliseconds(2))
        trace.value.append("free")
        event.set()
        _ = try await Asyncio.gather(tasks).value
        await blocker.value
        return (isHome.value, trace.value, await counter.count)
      }
    }
    #expect(isHome)
    #expect(count == 3)
    #expect(trace.first == "free")
    #expect(trace.dropFirst().sorted() == ["1 1", "1 1", "2 2", "2 2", "3 3", "3 3"])
  }

  @Test(
    "where a plain actor that others use as well runs a task's call, it has the loop, or an error says that it has not"
  )
  func actorOfOthersToo() async throws {
    let problems = try await onOwnThread {
      try runOnLoop(.monotonic) { _ in
        Asyncio.currentTask()?.name = "caller"
        let counter = Counter()
        let thread = currentThreadID()
        let others = Task.detached {
          while !Task.isCancelled {
            _ = await counter.increment()
            // The call may have been the loop's thread's, which then goes on with this task for as long as it does not
            // suspend.
            await Task.yield()
          }
        }
        var problems: [String] = []
        for _ in 0..<500 {
          let (name, error) = await counter.wait()
          switch (name, error) {
          case ("caller", nil): break
          case (nil, let error as Asyncio.RuntimeError) where error.message.hasPrefix("no running event loop"): break
          default: problems.append("\(name ?? "no loop"): \(error.map { "\($0)" } ?? "waited")")
          }
          if currentThreadID() != thread { problems.append("not back") }
        }
        others.cancel()
        await others.value
        return problems
      }
    }
    #expect(problems == [])
  }

  @Test("an actor's methods are code of the task that calls them, with its context, whoever else is in the actor")
  func sharedActor() throws {
    try runOnLoop { loop in
      let counter = Counter()
      let trace = Box<[String]>([])
      let tasks = (1...3).map { number in
        Asyncio.createTask(name: "\(number)") {
          Self.variable.set(number)
          for _ in 0..<3 {
            let (name, value) = await counter.nameAndVariable()
            trace.value.append("\(number): \(name) \(value)")
            let (nameAfter, valueAfter) = try await counter.sleepAndSet(number * 10)
            trace.value.append("\(number): \(nameAfter) \(valueAfter)")
            if Self.variable.value != number * 10 { trace.value.append("\(number): what the actor set is lost") }
            Self.variable.set(number)
          }
        }
      }
      async let child = { () async throws -> String in
        let (name, _) = await counter.nameAndVariable()
        try await Asyncio.sleep(.milliseconds(1))
        return await counter.nameAndVariable().0 + " " + name
      }()
      let names = try await child
      #expect(names == "none none")
      _ = try await Asyncio.gather(tasks).value
      let expected = (1...3).flatMap { number in
        Array(repeating: ["\(number): \(number) \(number)", "\(number): \(number) \(number * 10)"], count: 3).joined()
      }
      #expect(trace.value.sorted() == expected.sorted())
      #expect(Self.variable.value == 0)
      #expect(loop.foreignCores.isEmpty)
    }
  }

  @Test("a stream between tasks of the loop needs no other thread")
  func streamOnTheLoop() throws {
    try runOnLoop { loop in
      let (stream, continuation) = AsyncStream<Int>.makeStream()
      let received = Asyncio.createTask {
        var numbers: [Int] = []
        for await number in stream { numbers.append(number) }
        return numbers
      }
      Asyncio.createTask {
        for number in 0..<5 {
          try await Asyncio.sleep(.seconds(1))
          continuation.yield(number)
        }
        continuation.finish()
      }
      let numbers = try await received.value
      #expect(numbers == [0, 1, 2, 3, 4])
      expectTime(loop, .seconds(5))
    }
  }

  @Test("Task.yield lets the loop's other tasks run, and comes back", .pinsOrder)
  func yields() throws {
    try runOnLoop { _ in
      let trace = Box<[String]>([])
      let tasks = ["a", "b"].map { (name: String) in
        Asyncio.createTask(name: name) {
          for step in 0..<3 {
            trace.value.append("\(name)\(step)")
            await _Concurrency.Task.yield()
            #expect(Asyncio.currentTask()?.name == name)
          }
        }
      }
      _ = try await Asyncio.gather(tasks).value
      #expect(trace.value == ["a0", "b0", "a1", "b1", "a2", "b2"])
    }
  }

  // MARK: Cancelling

  @Test("cancelling a task in a foreign await cancels its Swift task, and so what that waits for")
  func cancelled() async throws {
    try await onOwnThread {
      try withLoop(.monotonic) { loop in
        let trace = Box<[String]>([])
        let task = try loop.createTask {
          do {
            try await _Concurrency.Task.sleep(for: .seconds(1000))
          } catch {
            trace.value.append("\(type(of: error)) \(_Concurrency.Task.isCancelled)")
            throw error
          }
        }
        try loop.runBriefly()
        let answer = task.cancel()
        trace.value.append("\(answer) \(task.isDone)")
        do { try loop.runUntilComplete(task) } catch { trace.value.append("\(type(of: error))") }
        if trace.value != ["true false", "CancellationError true", "CancellationError"] || !task.isCancelled {
          throw TestError(name: "\(trace.value)")
        }
      }
    }
  }

  @Test("an operation that ignores the cancellation can't lose it: it comes at the next await of the loop")
  func ignoredByTheOperation() async throws {
    let trace = try await onOwnThread {
      try withLoop(.monotonic) { loop in
        let event = ThreadEvent()
        let trace = Box<[String]>([])
        let done = loop.createFuture(of: Int.self)
        try done.setResult(1)
        let task = try loop.createTask {
          await withCheckedContinuation { continuation in
            startThread {
              _ = event.wait()
              continuation.resume()
            }
          }
          trace.value.append("operation ended")
          // Does not suspend.
          trace.value.append("\(try await done.value)")
          do { try await Asyncio.sleep(.seconds(1000)) } catch { trace.value.append("\(type(of: error))") }
          try await Asyncio.sleep(.milliseconds(1))
          return "went on"
        }
        try loop.runBriefly()
        task.cancel()
        trace.value.append("mustCancel=\(task.mustCancel)")
        event.set()
        trace.value.append(try loop.runUntilComplete(task))
        trace.value.append("isCancelled=\(task.isCancelled) mustCancel=\(task.mustCancel)")
        return trace.value
      }
    }
    #expect(
      trace == [
        "mustCancel=true", "operation ended", "1", "CancellationError", "went on", "isCancelled=false mustCancel=false",
      ]
    )
  }

  @Test("a cancellation that is due when the body returns ends the task as cancelled")
  func ignoredToTheEnd() async throws {
    let isCancelled = try await onOwnThread {
      try withLoop(.monotonic) { loop in
        let event = ThreadEvent()
        let task = try loop.createTask {
          await withCheckedContinuation { continuation in
            startThread {
              _ = event.wait()
              continuation.resume()
            }
          }
          return 1
        }
        try loop.runBriefly()
        task.cancel()
        event.set()
        _ = try? loop.runUntilComplete(task)
        return task.isCancelled
      }
    }
    #expect(isCancelled)
  }

  @Test("a task that cancels itself and goes into a foreign await is cancelled there")
  func itself() async throws {
    let isCancelled = try await onOwnThread {
      try withLoop(.monotonic) { loop in
        let own = Box<Asyncio.Task<Void>?>(nil)
        let task = try loop.createTask {
          own.value?.cancel()
          try await _Concurrency.Task.sleep(for: .seconds(1000))
        }
        own.value = task
        _ = try? loop.runUntilComplete(task)
        own.value = nil
        return task.isCancelled
      }
    }
    #expect(isCancelled)
  }

  @Test("a task that was cancelled while it waited for the loop, and caught that, is a healthy Swift task")
  func healthyAfterCatching() async throws {
    let healthy = try await onOwnThread {
      try withLoop(.monotonic) { loop in
        let task = try loop.createTask {
          do { try await Asyncio.sleep(.seconds(1000)) } catch is CancellationError {}
          let isPoisoned = _Concurrency.Task.isCancelled
          // Would throw at once.
          try await _Concurrency.Task.sleep(for: .milliseconds(1))
          async let child = _Concurrency.Task.isCancelled
          let childIsPoisoned = await child
          return !isPoisoned && !childIsPoisoned
        }
        try loop.runBriefly()
        task.cancel()
        return try loop.runUntilComplete(task)
      }
    }
    #expect(healthy)
  }

  @Test("closing the loop cancels a body in a foreign await, and waits for it")
  func closedLoop() async throws {
    let (trace, messages) = try await onOwnThread {
      let trace = Box<[String]>([])
      let loop = EventLoop(clock: .monotonic)
      let reports = Reports(loop)
      try loop.createTask {
        defer { trace.value.append("unwound") }
        do { try await _Concurrency.Task.sleep(for: .seconds(1000)) } catch { trace.value.append("\(type(of: error))") }
        do { try await Asyncio.sleep(.seconds(1)) } catch { trace.value.append("\(type(of: error))") }
      }
      try loop.runBriefly()
      try loop.close()
      return (trace.value, reports.messages)
    }
    #expect(trace == ["CancellationError", "CancellationError", "unwound"])
    #expect(messages == ["Task was destroyed but it is pending!"])
  }

  // MARK: Deadlocks

  @Test("virtual time stands still while a task is in a foreign await, and is no deadlock")
  func virtualTime() async throws {
    let time = try await onOwnThread {
      try runOnLoop(.virtual) { loop in
        await withCheckedContinuation { continuation in startThread { continuation.resume() } }
        return loop.elapsed
      }
    }
    #expect(time == .zero)
  }
}
