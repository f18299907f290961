import Testing

@testable import AsyncioBridge

/// Actors whose executor is the loop.
@Suite struct PinnedActorTests {
  private actor Store {
    let loop: Asyncio.LoopHandle
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.unownedExecutor }

    private(set) var items: [String] = []

    init(_ loop: Asyncio.LoopHandle) { self.loop = loop }

    @discardableResult
    func add(_ item: String) -> UInt {
      items.append(item)
      return currentThreadID()
    }

    /// For callers that are on the loop.
    nonisolated func addAtOnce(_ item: String) { assumeIsolated { $0.items.append(item) } }

    func add(_ item: String, after delay: Duration) async throws {
      try await Asyncio.sleep(delay)
      items.append(item)
    }

    nonisolated func insist() { preconditionIsolated("only on the loop") }

    func caller() -> String { "\(Asyncio.currentTask()?.name ?? "none") \(PinnedActorTests.variable.value)" }

    func callerAfterSleep() async throws -> String {
      try await Asyncio.sleep(.milliseconds(1))
      return caller()
    }
  }

  private static let variable = Asyncio.ContextVar<Int>("variable", default: 0)

  @Test("calls from a task stay on the loop's thread, and within the task's step", .pinsOrder)
  func callsFromATask() throws {
    try runOnLoop { loop in
      let store = Store(loop.threadsafe)
      let thread = currentThreadID()
      let trace = Box<[String]>([])
      try loop.callSoon { trace.value.append("callback") }
      let turn = loop.turnCount
      for number in 0..<10 { #expect(await store.add("\(number)") == thread) }
      trace.value.append("calls")
      #expect(loop.turnCount == turn)
      try await Asyncio.sleep(.zero)
      #expect(trace.value == ["calls", "callback"])
      #expect(await store.items.count == 10)
    }
  }

  @Test("the actor's code is code of the task that calls it, with its context", .pinsOrder)
  func currentTask() throws {
    try runOnLoop { loop in
      let store = Store(loop.threadsafe)
      let trace = Box<[String]>([])
      let tasks = (1...3).map { number in
        Asyncio.createTask(name: "\(number)") {
          Self.variable.set(number)
          trace.value.append(await store.caller())
          trace.value.append(try await store.callerAfterSleep())
          trace.value.append("\(Asyncio.currentTask()?.name ?? "none") \(Self.variable.value)")
        }
      }
      _ = try await Asyncio.gather(tasks).value
      let (first, rest) = (["1 1", "2 2", "3 3"], ["1 1", "1 1", "2 2", "2 2", "3 3", "3 3"])
      #expect(trace.value == first + rest)
    }
  }

  @Test("a child's calls stay on the loop's thread too, and have no current task")
  func callsFromAChild() throws {
    try runOnLoop { loop in
      let store = Store(loop.threadsafe)
      let thread = currentThreadID()
      async let child = { () async throws -> (UInt, String) in
        (await store.add("child"), try await store.callerAfterSleep())
      }()
      let (childThread, caller) = try await child
      #expect(childThread == thread)
      #expect(caller == "none 0")
    }
  }

  @Test("a task is cancelled in the actor as anywhere on the loop: exactly, and not for good")
  func cancelled() throws {
    try withLoop { loop in
      let store = Store(loop.threadsafe)
      let task = try loop.createTask {
        do { try await store.add("late", after: .seconds(1000)) } catch is CancellationError {}
        try await store.add("next", after: .seconds(1))
        return _Concurrency.Task.isCancelled
      }
      try loop.runBriefly()
      #expect(task.cancel())
      #expect(!task.mustCancel)
      let isPoisoned = try loop.runUntilComplete(task)
      #expect(!isPoisoned)
      let items = try loop.runUntilComplete { await store.items }
      #expect(items == ["next"])
      expectTime(loop, .seconds(1))
    }
  }

  @Test("on the loop, assumeIsolated reaches the actor at once: from a task, a callback, a child")
  func assumeIsolated() throws {
    try runOnLoop { loop in
      let store = Store(loop.threadsafe)
      store.addAtOnce("task")
      try loop.callSoon { store.addAtOnce("callback") }
      try await Asyncio.sleep(.zero)
      async let child: Void = { store.addAtOnce("child") }()
      await child
      #expect(await store.items == ["task", "callback", "child"])
    }
  }

  @Test("preconditionIsolated and isIsolatingCurrentContext tell whether the caller is on the loop's thread")
  func isolationChecks() async throws {
    let (onLoop, offLoop) = try await onOwnThread {
      let loop = EventLoop(clock: .monotonic)
      let store = Store(loop.threadsafe)
      let executor = store.unownedExecutor
      let onLoop = Box<[Bool?]>([])
      let offLoop: [Bool?] = try loop.runUntilComplete {
        onLoop.value.append(executor.asSerialExecutor()?.isIsolatingCurrentContext())
        store.insist()
        try loop.callSoon {
          onLoop.value.append(executor.asSerialExecutor()?.isIsolatingCurrentContext())
          store.insist()
        }
        try await Asyncio.sleep(.zero)
        return try await loop.runInExecutor { [executor.asSerialExecutor()?.isIsolatingCurrentContext()] }.value
      }
      let whenNotRunning = executor.asSerialExecutor()?.isIsolatingCurrentContext()
      try loop.close()
      return (onLoop.value, offLoop + [whenNotRunning])
    }
    #expect(onLoop == [true, true])
    #expect(offLoop == [false, false])
  }

  @Test("off the loop, preconditionIsolated traps, and says what to do")
  func preconditionIsolatedElsewhere() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let loop = EventLoop(clock: .virtual)
      Store(loop.threadsafe).insist()
    }
    expectExplanation(result, "only on the loop")
  }

  @Test("a global actor can be pinned to a loop that has a thread of its own, and its code uses that loop")
  func globalActor() async throws {
    let threads = try await [LoopActor.add("a"), LoopActor.add("b")]
    #expect(threads[0] == threads[1])
    #expect(threads[0] != currentThreadID())
    let names = try await LoopActor.waitAndList()
    #expect(names == ["a", "b"])
    // From a task of another loop, whose own tasks go on meanwhile.
    let (isBack, ticks) = try await Asyncio.run {
      let thread = currentThreadID()
      let ticker = Asyncio.createTask {
        var ticks = 0
        do { while true { ticks += 1; try await Asyncio.sleep(.zero) } } catch is CancellationError { return ticks }
      }
      _ = try await LoopActor.waitAndList()
      let isBack = currentThreadID() == thread
      ticker.cancel()
      return (isBack, try await ticker.value)
    }
    #expect(isBack)
    #expect(ticks > 0)
  }

  @Test("off the loop, assumeIsolated traps")
  func assumeIsolatedElsewhere() async {
    await #expect(processExitsWith: .failure) {
      let loop = EventLoop(clock: .virtual)
      let store = Store(loop.threadsafe)
      store.addAtOnce("nobody")
    }
  }

  @Test("calls from other threads arrive on the loop's thread", arguments: Asyncio.LoopClock.Kind.both)
  func callsFromElsewhere(_ clock: Asyncio.LoopClock.Kind) async throws {
    let (threads, loopThread, items) = try await onOwnThread {
      try runOnLoop(clock) { loop in
        let store = Store(loop.threadsafe)
        let future = Asyncio.ensureFuture(operation: {
          var threads: Set<UInt> = []
          for number in 0..<20 { threads.insert(await store.add("\(number)")) }
          return threads
        })
        return (try await future.value, currentThreadID(), await store.items)
      }
    }
    #expect(threads == [loopThread])
    #expect(items == (0..<20).map { "\($0)" })
  }

  @Test("a call from another thread may wait for the loop, in its time, and be cancelled there")
  func waitingCallFromElsewhere() async throws {
    let (items, time) = try await onOwnThread {
      try runOnLoop { loop in
        let store = Store(loop.threadsafe)
        try await Asyncio.ensureFuture(operation: { try await store.add("first", after: .seconds(100)) }).value
        let cancelled = Asyncio.ensureFuture(operation: {
          await store.add("begun")
          do { try await store.add("never", after: .seconds(1000)) } catch is CancellationError {
            await store.add("cancelled")
          }
        })
        while await !store.items.contains("begun") { try await Asyncio.sleep(.zero) }
        cancelled.cancel()
        while await !store.items.contains("cancelled") { await _Concurrency.Task.yield() }
        return (await store.items, loop.elapsed)
      }
    }
    #expect(items == ["first", "begun", "cancelled"])
    #expect(time == .seconds(100))
  }

  @Test("closing the loop ends calls that wait for it")
  func closingWhileWaiting() async throws {
    let loop = EventLoop(clock: .virtual)
    let store = Store(loop.threadsafe)
    let caller = _Concurrency.Task.detached { () -> String in
      await store.add("begun")
      do {
        try await store.add("never", after: .seconds(1000))
        return "slept"
      } catch {
        return "\(type(of: error))"
      }
    }
    let boxed = UncheckedBox(loop)
    try await onOwnThread {
      let loop = boxed.value
      try loop.runUntilComplete { while loop.waitingChildren.isEmpty { await _Concurrency.Task.yield() } }
      try loop.close()
    }
    let outcome = await caller.value
    #expect(outcome == "CancellationError")
  }

  @Test("after the loop is closed calls still run, one after the other")
  func afterClose() async throws {
    let store = try withLoop { Store($0.threadsafe) }
    #expect(store.loop.isClosed)
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<100 {
        group.addTask {
          await store.add("\(number)")
          // Nothing to wait with any more.
          let error = await errorThrown { try await store.add("never", after: .seconds(1)) }
          if error == nil { await store.add("slept") }
        }
      }
    }
    #expect(await store.items.sorted() == (0..<100).map { "\($0)" }.sorted())
  }
}

/// A global actor on a loop that runs as long as the process.
@globalActor private actor LoopActor {
  static let shared = LoopActor()
  private let loop: Asyncio.LoopHandle
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.unownedExecutor }

  private init() {
    let started = Asyncio.ConcurrentFuture<Asyncio.LoopHandle>()
    startThread {
      let loop = Asyncio.EventLoop()
      started.resolve(.success(loop.threadsafe))
      try? loop.runForever()
    }
    guard let loop = try? started.result() else { preconditionFailure("the loop did not start") }
    self.loop = loop
  }

  @LoopActor private static var names: [String] = []

  @LoopActor
  static func add(_ name: String) throws -> UInt {
    names.append(name)
    return currentThreadID()
  }

  @LoopActor
  static func waitAndList() async throws -> [String] {
    try await Asyncio.sleep(.milliseconds(2))
    return names
  }
}
