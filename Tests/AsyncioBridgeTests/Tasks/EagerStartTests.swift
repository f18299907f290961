import Testing

@testable import AsyncioBridge

/// Tasks that take their first step before `createTask` returns.
@Suite struct EagerStartTests {
  /// Runs `body` on a loop whose tasks start eagerly.
  private func runEagerly<Result>(
    _ clock: Asyncio.LoopClock.Kind = .virtual,
    _ body: @escaping (EventLoop) async throws -> Result
  ) throws -> Result {
    try withLoop(clock) { loop in
      loop.taskFactory = Asyncio.EagerTaskFactory()
      return try loop.runUntilComplete { try await body(loop) }
    }
  }

  /// Counts the tasks that were not done when they were made.
  private final class Counting: Asyncio.TaskFactory {
    private let isEager: Bool
    private(set) var made = 0
    private(set) var scheduled = 0
    init(isEager: Bool) { self.isEager = isEager }

    func makeTask<Value>(on loop: EventLoop, _ coroutine: Asyncio.Coroutine<Value>) throws -> Asyncio.Task<Value> {
      let task = try Asyncio.Task(loop: loop, eagerStart: isEager, coroutine.body)
      made += 1
      if !task.isDone { scheduled += 1 }
      return task
    }
  }

  // MARK: The first step

  @Test("EAGER-01: the factory is the loop's, and what it makes are tasks")
  func factory() throws {
    try runEagerly { loop in
      #expect(loop.taskFactory is Asyncio.EagerTaskFactory)
      let task: Asyncio.Task<Int> = try loop.createTask(name: "eager") { 1 }
      #expect(task.name == "eager")
      let taskValue = try await task.value
      #expect(taskValue == 1)
    }
  }

  @Test("EAGER-02: a body that completes a future without suspending is done when createTask returns")
  func completesAFuture() throws {
    try runEagerly { loop in
      let future = loop.createFuture(of: String.self)
      let turn = loop.turnCount
      let task = Asyncio.createTask { try future.setResult("my message") }
      #expect(task.isDone)
      let futureValue = try await future.value
      #expect(futureValue == "my message")
      #expect(loop.turnCount == turn)
    }
  }

  @Test("EAGER-03, DIFF-05: a body that does not suspend leaves a task that is done, by the factory or by the call")
  func completesAtOnce() throws {
    try runEagerly { loop in
      let task = Asyncio.createTask { "hello" }
      #expect(task.isDone)
      let taskValue = try await task.value
      #expect(taskValue == "hello")
    }
    try runOnLoop { loop in
      let tasks = [Asyncio.createTask(eagerStart: true) { 1 }, try loop.createTask(eagerStart: true) { 1 }]
      let lazy = Asyncio.createTask { 2 }
      #expect(tasks.map(\.isDone) == [true, true])
      #expect(!lazy.isDone)
      let lazyValue = try await lazy.value
      #expect(lazyValue == 2)
    }
  }

  @Test(
    "EAGER-04: a body that suspends leaves a pending task that goes on later",
    arguments: Asyncio.LoopClock.Kind.both
  )
  func suspends(_ clock: Asyncio.LoopClock.Kind) throws {
    try runEagerly(clock) { loop in
      var events: [String] = []
      let task = Asyncio.createTask {
        events.append("first step")
        try await Asyncio.sleep(.milliseconds(1))
        events.append("second step")
        return "hello"
      }
      events.append("created")
      #expect(!task.isDone)
      let taskValue = try await task.value
      #expect(taskValue == "hello")
      #expect(events == ["first step", "created", "second step"])
      expectTime(loop, .milliseconds(1))
    }
  }

  @Test("no other task runs when the first step suspends: its creator goes on at once", .pinsOrder)
  func creatorGoesOn() throws {
    try runOnLoop { loop in
      var events: [String] = []
      let ready = Asyncio.createTask { events.append("ready") }
      let eager = Asyncio.createTask(eagerStart: true) {
        for number in 0..<2 {
          events.append("eager \(number)")
          try await Asyncio.sleep(.zero)
        }
      }
      events.append("creator")
      try await Asyncio.sleep(.zero)
      events.append("creator again")
      try await ready.value
      try await eager.value
      #expect(events == ["eager 0", "creator", "ready", "eager 1", "creator again"])
    }
  }

  @Test("a loop that does not run takes no step")
  func loopThatDoesNotRun() throws {
    try withLoop { loop in
      let task = try loop.createTask(eagerStart: true) { EventLoop.running() }
      #expect(!task.isDone)
      #expect(try loop.runUntilComplete(task) === loop)
    }
  }

  @Test("callbacks, and what other threads hand in, start tasks eagerly too")
  func fromCallbacks() throws {
    try withLoop { loop in
      let isDone = Box<Bool?>(nil)
      try loop.callSoon {
        let task = Asyncio.createTask(eagerStart: true) { Asyncio.currentTask()?.name }
        isDone.value = task.isDone
        let seen = try task.result()
        #expect(seen == task.name)
        #expect(Asyncio.currentTask() == nil)
      }
      try loop.runBriefly()
      #expect(isDone.value == true)
      loop.taskFactory = Asyncio.EagerTaskFactory()
      let future = loop.threadsafe.runCoroutineThreadsafe { 7 }
      try loop.runBriefly()
      #expect(try future.result() == 7)
    }
  }

  @Test("a first step may end in a foreign await, and the task goes on when that has ended")
  func foreignAwait() async throws {
    try await onOwnThread {
      try runOnLoop(.monotonic) { _ in
        let thread = currentThreadID()
        let task = Asyncio.createTask(eagerStart: true) {
          let value = await Elsewhere().getValue()
          #expect(currentThreadID() == thread)
          #expect(Asyncio.currentTask() != nil)
          return value
        }
        let main = Asyncio.currentTask()
        #expect(!task.isDone)
        let taskValue = try await task.value
        #expect(taskValue == 5)
        #expect(Asyncio.currentTask() === main)
      }
    }
  }

  @Test("code of an actor on the loop starts tasks eagerly, and stays the code of its own task")
  func fromAnActor() throws {
    try runOnLoop { loop in
      let pinned = Pinned(loop.threadsafe)
      let names = try await pinned.startEagerly()
      #expect(names == ["Main", "eager", "Main"])
    }
  }

  // MARK: Which task is current

  @Test("EAGER-06: the new task is current in its first step, and when it resumes")
  func currentTask() throws {
    try runEagerly { loop in
      var seen: [Bool] = []
      let own = Box<(any Asyncio.TaskProtocol)?>(nil)
      let task = Asyncio.createTask {
        own.value = Asyncio.currentTask()
        try await Asyncio.sleep(.zero)
        seen.append(Asyncio.currentTask() === own.value)
      }
      #expect(own.value === task)
      try await task.value
      #expect(seen == [true])
    }
  }

  @Test("EAGER-09: after the first step the creator is the current task again, with its own context")
  func creatorIsCurrentAgain() throws {
    let variable = Asyncio.ContextVar<Int>("variable", default: 0)
    try runOnLoop { loop in
      let main = Asyncio.currentTask()
      variable.set(1)
      for suspends in [false, true] {
        let task = Asyncio.createTask(eagerStart: true) {
          #expect(variable.value == 1)
          variable.set(2)
          let inner = Asyncio.createTask(eagerStart: true) { variable.set(3) }
          #expect(inner.isDone)
          #expect(variable.value == 2)
          if suspends { try await Asyncio.sleep(.zero) }
          #expect(variable.value == 2)
        }
        #expect(Asyncio.currentTask() === main)
        #expect(variable.value == 1)
        try await task.value
        #expect(Asyncio.currentTask() === main)
      }
    }
  }

  @Test("EAGER-07, DIFF-09: a task is among all tasks in its first step, and no longer when that has ended it")
  func allTasksWithCompletion() throws {
    try runEagerly { _ in
      var seen: [Bool] = []
      let task = Asyncio.createTask { seen.append(Asyncio.allTasks().contains { $0 === Asyncio.currentTask() }) }
      #expect(seen == [true])
      #expect(!Asyncio.allTasks().contains { $0 === task })
    }
  }

  @Test("EAGER-08: a task that has suspended is among all tasks until it is done")
  func allTasksWithSuspension() throws {
    try runEagerly { loop in
      let future = loop.createFuture(of: Void.self)
      let task = Asyncio.createTask { try await future.value }
      #expect(Asyncio.allTasks().contains { $0 === task })
      try future.setResult()
      try await task.value
      #expect(!Asyncio.allTasks().contains { $0 === task })
    }
  }

  // MARK: Errors and cancellation

  @Test("EAGER-05: cancelling a task that has ended in its first step does nothing")
  func cancelAfterCompletion() throws {
    try runEagerly { _ in
      let task = Asyncio.createTask { "hello" }
      #expect(!task.cancel())
      #expect(!task.isCancelled)
      let taskValue = try await task.value
      #expect(taskValue == "hello")
    }
  }

  @Test("a body that cancels its own task in the first step is cancelled at its first await")
  func cancelsItself() throws {
    try runOnLoop { _ in
      var events: [String] = []
      let task = Asyncio.createTask(eagerStart: true) {
        Asyncio.currentTask()?.cancel()
        events.append("goes on")
        defer { events.append("ends") }
        try await Asyncio.sleep(.seconds(10))
      }
      events.append("created")
      #expect(await errorThrown { try await task.value } is CancellationError)
      #expect(task.isCancelled)
      #expect(events == ["goes on", "created", "ends"])
    }
  }

  @Test("EAGER-14: an error of the first step is the task's, and does not leave createTask")
  func failsAtOnce() throws {
    try runEagerly { _ in
      let failure = ObjectError()
      let task = Asyncio.createTask { throw failure }
      #expect(task.isDone)
      let error = try task.exception()
      #expect(error as? ObjectError === failure)
    }
  }

  @Test("EAGER-15: a child of a group that fails in its first step interrupts the body at its next await")
  func failingChild() throws {
    try runEagerly { _ in
      var events: [String] = []
      let failure = ObjectError()
      let error = await errorThrown {
        try await Asyncio.withTaskGroup { group in
          let child = try group.createTask { throw failure }
          events.append("created, done: \(child.isDone)")
          do { try await Asyncio.sleep(.seconds(10)) } catch {
            events.append("\(type(of: error))")
            throw error
          }
        }
      }
      #expect(((error as? Asyncio.ErrorGroup)?.errors as? [ObjectError])?.first === failure)
      #expect(events == ["created, done: true", "CancellationError"])
      #expect(Asyncio.currentTask()?.cancelling == 0)
    }
  }

  @Test("an error that ends the program, in a first step, leaves the loop when the creator's step is over")
  func baseError() throws {
    var events: [String] = []
    var failure: (any Error)?
    let error = #expect(throws: Asyncio.SystemExit.self) {
      try runOnLoop { _ in
        let task = Asyncio.createTask(eagerStart: true) { throw Asyncio.SystemExit(3) }
        events.append("created, done: \(task.isDone)")
        failure = task.error
        try await Asyncio.sleep(.zero)
        events.append("unreachable")
      }
    }
    #expect(error?.code == 3)
    #expect((failure as? Asyncio.SystemExit)?.code == 3)
    #expect(events == ["created, done: true"])
  }

  @Test("a loop that is closed unwinds what has only taken its first step")
  func closing() throws {
    let unwound = Box(false)
    let reported = Box<[String]>([])
    try withLoop { loop in
      loop.exceptionHandler = { _, context in reported.value.append(context.message) }
      try loop.runUntilComplete {
        _ = Asyncio.createTask(eagerStart: true) {
          defer { unwound.value = true }
          try await Asyncio.sleep(.seconds(10))
        }
      }
      #expect(!unwound.value)
    }
    #expect(unwound.value)
    #expect(reported.value == ["Task was destroyed but it is pending!"])
  }

  // MARK: How many tasks are scheduled

  @Test("EAGER-11: awaiting nested functions makes no tasks", arguments: [false, true])
  func nestedFunctions(_ isEager: Bool) throws {
    func nested(_ depth: Int) async throws -> Int { depth == 0 ? 0 : try await nested(depth - 1) + 1 }
    try withLoop { loop in
      let factory = Counting(isEager: isEager)
      loop.taskFactory = factory
      let depth = try loop.runUntilComplete { try await nested(100) }
      #expect(depth == 100)
      #expect(factory.made == 1)
    }
  }

  @Test(
    "EAGER-12: of nested groups all tasks are scheduled, or, if they start eagerly, those that have to wait for others",
    arguments: [false, true]
  )
  func nestedGroups(_ isEager: Bool) throws {
    func grow(_ depth: Int) async throws {
      if depth == 0 { return }
      try await Asyncio.withTaskGroup { group in
        for _ in 0..<5 { try group.createTask { try await grow(depth - 1) } }
      }
    }
    try withLoop { loop in
      let factory = Counting(isEager: isEager)
      try loop.runUntilComplete {
        loop.taskFactory = factory
        try await Asyncio.createTask { try await grow(4) }.value
      }
      #expect(factory.made == 781)
      #expect(factory.scheduled == (isEager ? 156 : 781))
    }
  }

  @Test("eager starts that are nested too deep for the stack are refused, and do no harm")
  func nestedTooDeep() throws {
    func start(_ depth: Int) -> Asyncio.Task<Int> {
      Asyncio.createTask(eagerStart: true) { depth == 0 ? 0 : try await start(depth - 1).value + 1 }
    }
    try runOnLoop { _ in
      let before = try await start(100).value
      let error = await errorThrown { try await start(20_000).value }
      let after = try await start(100).value
      #expect((error as? Asyncio.RuntimeError)?.message.hasPrefix("Eager starts are nested") == true)
      #expect(before == 100 && after == 100)
    }
  }

  @Test("tasks that are given a context start eagerly, too, if that is the loop's way")
  func withContext() throws {
    let variable = Asyncio.ContextVar<Int>("variable", default: 0)
    try runEagerly { _ in
      let context = Asyncio.Context()
      let task = Asyncio.createTask(context: context) { variable.set(1) }
      #expect(task.isDone)
      #expect(context.run { variable.value } == 1)
      #expect(variable.value == 0)
    }
  }
}

private actor Elsewhere {
  private var value = 5
  func getValue() -> Int { value }
}

/// Lives on a loop.
private actor Pinned {
  let loop: Asyncio.LoopHandle
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.unownedExecutor }
  init(_ loop: Asyncio.LoopHandle) { self.loop = loop }

  func startEagerly() async throws -> [String] {
    Asyncio.currentTask()?.name = "Main"
    var names = [Asyncio.currentTask()?.name ?? "none"]
    let task = Asyncio.createTask(name: "eager", eagerStart: true) { Asyncio.currentTask()?.name ?? "none" }
    names.append(try task.result())
    names.append(Asyncio.currentTask()?.name ?? "none")
    return names
  }
}
