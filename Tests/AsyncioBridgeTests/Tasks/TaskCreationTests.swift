import Testing

@testable import AsyncioBridge

@Suite struct TaskCreationTests {
  // MARK: Ways to make a task

  @Test("TASK-39: a task can be made from an async function, and again from the same one")
  func fromAsyncFunction() throws {
    try withLoop { loop in
      func work() async -> String { "done" }
      for _ in 0..<2 {
        let task = try Asyncio.Task(loop: loop, work)
        #expect(try loop.runUntilComplete(task) == "done")
      }
    }
  }

  @Test("TASK-40: anything that can be awaited can be a task's body, at once done or not")
  func fromAnythingAwaitable() throws {
    try withLoop { loop in
      for _ in 0..<2 {
        let closure = { () async throws -> Int in 42 }
        #expect(try loop.runUntilComplete(loop.createTask(closure)) == 42)
        let coroutine = Asyncio.Coroutine { 42 }
        #expect(try loop.runUntilComplete(loop.createTask(coroutine.body)) == 42)
        let future = loop.createFuture(of: Int.self)
        try future.setResult(42)
        #expect(try loop.runUntilComplete(loop.createTask { try await future.value }) == 42)
      }
    }
  }

  @Test("TASK-41: createTask on the running loop returns a task whose value is the body's")
  func onRunningLoop() throws {
    try runOnLoop { loop in
      let task: Asyncio.Task<Int> = Asyncio.createTask { 1 }
      #expect(task.loop === loop)
      let value = try await task.value
      #expect(value == 1)
    }
  }

  @Test("createTask without a running loop traps")
  func withoutRunningLoop() async {
    await #expect(processExitsWith: .failure) { Asyncio.createTask {} }
  }

  @Test("TASK-48: a task is a future, and goes wherever one is expected")
  func isAFuture() throws {
    try withLoop { loop in
      func read(_ future: Asyncio.Future<Int>) async throws -> Int { try await future.value }
      let task = try loop.createTask { 7 }
      #expect((task as Asyncio.AnyFuture) is Asyncio.Future<Int>)
      #expect(try loop.runUntilComplete { try await read(task) } == 7)
    }
  }

  // MARK: Names

  @Test("TASK-12: tasks without a name are numbered, in order of creation")
  func automaticNames() throws {
    try withLoop { loop in
      let names = try (0..<4).map { _ in try loop.createTask {}.name }
      let numbers = try names.map { name in
        #expect(name.hasPrefix("Task-"))
        return try #require(Int(name.dropFirst(5)))
      }
      for (number, next) in zip(numbers, numbers.dropFirst()) { #expect(number < next) }
      try loop.runBriefly()
    }
  }

  @Test("TASK-13: a name can be set to any text, and shows")
  func setName() throws {
    try withLoop { loop in
      let task = try loop.createTask {}
      task.name = "\(123)"
      #expect(task.name == "123")
      #expect(task.description.contains("name='123'"))
      try loop.runBriefly()
    }
  }

  @Test("TASK-42: createTask gives a task its name at once")
  func namedOnRunningLoop() throws {
    try runOnLoop { _ in
      let task = Asyncio.createTask(name: "No-op") {}
      #expect(task.name == "No-op")
      try await task.value
      #expect(task.name == "No-op")
    }
  }

  @Test("TASK-67: a task with a name of its own takes no number")
  func explicitNameTakesNoNumber() async {
    // In a process of its own, since the numbers are the process'.
    await #expect(processExitsWith: .success) {
      try withLoop { loop in
        let names = try [nil, "explicit", nil].map { try loop.createTask(name: $0) {}.name }
        #expect(names == ["Task-1", "explicit", "Task-2"])
        try loop.runBriefly()
      }
    }
  }

  // MARK: Task factories

  private final class CustomTask<Value>: Asyncio.Task<Value> {}

  private struct CustomFactory: Asyncio.TaskFactory {
    func makeTask<Value>(on loop: EventLoop, _ coroutine: Asyncio.Coroutine<Value>) throws -> Asyncio.Task<Value> {
      // The name is ignored.
      try CustomTask(loop: loop, coroutine.body)
    }
  }

  private struct FailingFactory: Asyncio.TaskFactory {
    func makeTask<Value>(on loop: EventLoop, _ coroutine: Asyncio.Coroutine<Value>) throws -> Asyncio.Task<Value> {
      throw TestError(name: "factory")
    }
  }

  @Test("TASK-57: ensureFuture makes its task by the loop's factory")
  func ensureFutureUsesFactory() throws {
    try withLoop { loop in
      loop.taskFactory = CustomFactory()
      let future = try Asyncio.ensureFuture(Asyncio.Coroutine { 5 }, loop: loop)
      #expect(future is CustomTask<Int>)
      #expect(try loop.runUntilComplete(future) == 5)
    }
  }

  @Test("TASK-58: a loop's createTask sets the name")
  func namedOnLoop() throws {
    try withLoop { loop in
      let task = try loop.createTask(name: "test_task") {}
      #expect(task.name == "test_task")
      try loop.runUntilComplete(task)
    }
  }

  @Test("TASK-59: the name is set even if the factory ignores it")
  func namedWithFactory() throws {
    try withLoop { loop in
      loop.taskFactory = CustomFactory()
      let task = try loop.createTask(name: "test_task") {}
      #expect(task is CustomTask<Void>)
      #expect(task.name == "test_task")
      try loop.runUntilComplete(task)
    }
  }

  @Test("TASK-60: there is no factory by default; one that is set makes the loop's tasks")
  func setFactory() throws {
    try withLoop { loop in
      #expect(loop.taskFactory == nil)
      loop.taskFactory = CustomFactory()
      #expect(loop.taskFactory is CustomFactory)
      let task = try loop.createTask { 3 }
      #expect(task is CustomTask<Int>)
      #expect(try loop.runUntilComplete(task) == 3)
    }
  }

  @Test("TASK-61: without the factory, tasks are plain ones again")
  func resetFactory() throws {
    try withLoop { loop in
      loop.taskFactory = CustomFactory()
      loop.taskFactory = nil
      #expect(loop.taskFactory == nil)
      let task = try loop.createTask {}
      #expect(type(of: task) == Asyncio.Task<Void>.self)
      try loop.runUntilComplete(task)
    }
  }

  @Test("a factory's error leaves the loop's createTask, and is the outcome of the running loop's")
  func failingFactory() throws {
    try withLoop { loop in
      loop.taskFactory = FailingFactory()
      #expect(throws: TestError(name: "factory")) { try loop.createTask {} }
      let outcome = Box<(any Error)?>(nil)
      try loop.callSoon {
        let task = Asyncio.createTask(name: "T") { 1 }
        outcome.value = try task.exception()
        #expect(task.name == "T")
        #expect(!task.cancel())
      }
      try loop.runUntilIdle()
      #expect(outcome.value as? TestError == TestError(name: "factory"))
    }
  }

  @Test("a closed loop makes no tasks")
  func closedLoop() throws {
    let loop = EventLoop(clock: .virtual)
    try loop.close()
    #expect(throws: Asyncio.RuntimeError.self) { try loop.createTask {} }
    #expect(throws: Asyncio.RuntimeError.self) { try Asyncio.Task(loop: loop) {} }
    expectNoObjects(loop.debugCounters)
  }

  @Test("the Swift task that hosts a body has the name that was given; in debug mode every one has a name")
  func nameOfTheHost() throws {
    guard #available(macOS 26, iOS 26, watchOS 26, tvOS 26, visionOS 26, *) else { return }
    for isDebug in [false, true] {
      try withLoop(debug: isDebug) { loop in
        let named = try loop.createTask(name: "worker") { Task<Never, Never>.name }
        let unnamed = try loop.createTask { Task<Never, Never>.name }
        #expect(try loop.runUntilComplete(named) == "worker")
        let name = try loop.runUntilComplete(unnamed)
        #expect(name == (isDebug ? unnamed.name : nil))
      }
    }
  }
}
