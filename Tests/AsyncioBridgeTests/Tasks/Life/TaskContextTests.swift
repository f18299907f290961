import Testing

@testable import AsyncioBridge

/// Tasks that are given a context, and the context of any task.
@Suite struct TaskContextTests {
  private static let variable = Asyncio.ContextVar<Int>("variable", default: 0)

  /// What sets the variable to 1, waits, and sets it to 2.
  private static func body() async throws {
    #expect(variable.value == 0)
    variable.set(1)
    try await Asyncio.sleep(.zero)
    #expect(variable.value == 1)
    variable.set(2)
  }

  /// Runs the task that `create` makes, and checks that it works in the context itself.
  private func expectSharing(
    _ create: (EventLoop, Asyncio.Context) throws -> Asyncio.Task<Void>
  ) throws {
    try withLoop { loop in
      let context = Asyncio.Context()
      let task = try create(loop, context)
      #expect(task.context === context)
      #expect(context.run { Self.variable.value } == 0)
      try loop.runOneTurn()
      #expect(context.run { Self.variable.value } == 1)
      try loop.runUntilComplete(task)
      #expect(context.run { Self.variable.value } == 2)
      #expect(task.context === context)
      #expect(Self.variable.value == 0)
    }
  }

  @Test("CTXX-01: a task that is made with a context runs in it, and its changes are seen there")
  func initializer() throws {
    try expectSharing { loop, context in try Asyncio.Task(loop: loop, context: context) { try await Self.body() } }
  }

  @Test("CTXX-02: the free createTask passes the context on")
  func freeFunction() throws {
    try expectSharing { loop, context in
      let made = Box<Asyncio.Task<Void>?>(nil)
      try loop.callSoon { made.value = Asyncio.createTask(context: context) { try await Self.body() } }
      try loop.runOneTurn()
      return try #require(made.value)
    }
  }

  @Test("CTXX-03: a loop's createTask passes the context on")
  func loopsMethod() throws {
    try expectSharing { loop, context in try loop.createTask(context: context) { try await Self.body() } }
  }

  @Test("the loop's factory is asked for every task, and told of its context and eager start")
  func factory() throws {
    final class Factory: Asyncio.TaskFactory {
      var asked: [(context: Asyncio.Context?, eagerStart: Bool)] = []
      func makeTask<Value>(on loop: EventLoop, _ coroutine: Asyncio.Coroutine<Value>) throws -> Asyncio.Task<Value> {
        asked.append((coroutine.context, coroutine.eagerStart))
        return try Asyncio.Task(
          loop: loop,
          context: coroutine.context,
          eagerStart: coroutine.eagerStart,
          coroutine.body
        )
      }
    }
    try withLoop { loop in
      let factory = Factory()
      loop.taskFactory = factory
      let context = Asyncio.Context()
      let task = try loop.createTask(context: context) {}
      #expect(task.context === context)
      #expect(factory.asked.count == 1)
      #expect(factory.asked.first?.context === context)
      try loop.runUntilComplete {
        let eager = Asyncio.createTask(eagerStart: true) { 1 }
        #expect(eager.isDone)
        let grouped = try await Asyncio.withTaskGroup { group in try group.createTask(context: context) {} }
        #expect(grouped.context === context)
        _ = try await Asyncio.gather(Asyncio.Coroutine(context: context, eagerStart: true) {}).value
      }
      #expect(factory.asked.map(\.eagerStart) == [false, false, true, false, true])
      #expect(factory.asked.map { $0.context === context } == [true, false, false, true, true])
    }
  }

  @Test("CTXX-04: a task's context is the one that it runs in, the same object before, within and after its run")
  func identity() throws {
    let variable = Self.variable
    try withLoop { loop in
      let seen = Box<[Asyncio.Context]>([])
      let first = try loop.createTask {
        seen.value.append(Asyncio.Context.current())
        try await Asyncio.sleep(.zero)
        variable.set(1)
        seen.value.append(Asyncio.Context.current())
      }
      let context = first.context
      try loop.runUntilComplete(first)
      #expect(seen.value.count == 2)
      #expect(seen.value.allSatisfy { $0 === context })
      #expect(first.context === context)
      #expect(context.run { variable.value } == 1)
    }
  }

  @Test("CTXX-04: a context that the task itself has come to need is its context, and no other task's", .pinsOrder)
  func madeWithin() throws {
    let variable = Self.variable
    try runOnLoop { loop in
      let current = Box<Asyncio.Context?>(nil)
      let task = Asyncio.createTask {
        variable.set(5)
        current.value = Asyncio.Context.current()
        // Other tasks run meanwhile, on this one's stack.
        try await Asyncio.sleep(.zero)
        #expect(Asyncio.Context.current() === current.value)
      }
      let other = Asyncio.createTask { task.context === current.value && Asyncio.currentTask()?.name != nil }
      #expect(try await other.value)
      try await task.value
      #expect(task.context === current.value)
      #expect(task.context.run { variable.value } == 5)
      #expect(other.context !== task.context)
      #expect(variable.value == 0)
    }
  }

  @Test(
    "CTXX-05, CTXX-06, DIFF-39: in 3.13 the exception handler runs in the context of what it is told of",
    .pinsOrder
  )
  func exceptionHandlerInLaterVersions() throws {
    let variable = Self.variable
    try Asyncio.Context().run {
      try withLoop(semantics: .python3_13) { loop in
        variable.set(1)
        let seen = Box<[Int]>([])
        loop.exceptionHandler = { _, report in
          #expect(!report.message.isEmpty)
          seen.value.append(variable.value)
          variable.set(9)
        }
        func context(_ value: Int) -> Asyncio.Context {
          let context = Asyncio.Context()
          context.run { variable.set(value) }
          return context
        }
        try loop.callSoon(context: context(2)) { throw TestError() }
        try loop.callSoon(context: Asyncio.Context()) { throw TestError() }
        let future = loop.createFuture(of: Int.self)
        future.addDoneCallback(context: context(3)) { _ in throw TestError() }
        try future.setResult(1)
        try loop.runBriefly()
        #expect(seen.value == [2, 0, 3])

        seen.value = []
        let shared = context(4)
        var task: Asyncio.Task<Void>? = try Asyncio.Task(loop: loop, context: shared) { throw TestError() }
        try loop.runBriefly()
        #expect(task?.isDone == true)
        task = nil
        #expect(shared.run { variable.value } == 9)
        task = try loop.createTask {
          variable.set(5)
          try await Asyncio.sleep(.zero)
        }
        try loop.runOneTurn()
        loop.callExceptionHandler(Asyncio.ExceptionContext(message: "a task", future: task))
        loop.callExceptionHandler(Asyncio.ExceptionContext(message: "a future", future: future))
        variable.set(1)
        loop.callExceptionHandler(Asyncio.ExceptionContext(message: "nothing"))
        variable.set(1)
        #expect(seen.value == [4, 5, 1, 1])

        // It is destroyed while it is pending.
        let never = loop.createFuture(of: Void.self)
        _ = try loop.createTask {
          variable.set(6)
          try await never.value
        }
        try loop.runOneTurn()
        seen.value = []
        try loop.close()
        #expect(seen.value.contains(6))
        #expect(variable.value == 1)
      }
    }
  }

  @Test("DIFF-39: the exception handler runs in the current context, not in that of what it is told of")
  func exceptionHandler() throws {
    let variable = Self.variable
    try Asyncio.Context().run {
      try withLoop { loop in
        variable.set(1)
        let seen = Box<[Int]>([])
        loop.exceptionHandler = { _, _ in seen.value.append(variable.value) }
        let context = Asyncio.Context()
        context.run { variable.set(2) }
        try loop.callSoon(context: context) { throw TestError() }
        try loop.runBriefly()
        #expect(seen.value == [1])
        var task: Asyncio.Task<Void>? = try Asyncio.Task(loop: loop, context: context) { throw TestError() }
        try loop.runBriefly()
        #expect(task?.isDone == true)
        task = nil
        #expect(seen.value == [1, 1])
      }
    }
  }
}
