import Testing

@testable import AsyncioBridge

@Suite struct TaskTests {
  // MARK: Running a body

  @Test("TASK-01: a task is done with what its body returns, and knows its loop")
  func returnsValue() throws {
    try withLoop { loop in
      let task = try loop.createTask { "ok" }
      #expect(!task.isDone)
      #expect(try loop.runUntilComplete(task) == "ok")
      #expect(task.isDone)
      #expect(try task.result() == "ok")
      #expect(task.loop === loop)
    }
  }

  @Test("TASK-02: a task of a second loop is bound to that loop and runs when it does")
  func belongsToItsLoop() throws {
    try withLoop { first in
      try withLoop { second in
        let task = try second.createTask { Asyncio.EventLoop.running() === second }
        #expect(task.loop === second)
        try first.runBriefly()
        #expect(!task.isDone)
        #expect(try second.runUntilComplete(task))
      }
    }
  }

  @Test("TASK-03: a body awaits two others and returns their sum")
  func awaitsOtherBodies() throws {
    try withLoop { loop in
      func inner(_ value: Int) async throws -> Int {
        try await Asyncio.sleep(.zero)
        return value
      }
      let sum = try loop.runUntilComplete { try await inner(42) + inner(1000) }
      #expect(sum == 1042)
    }
  }

  @Test("TASK-04: awaiting a future of another loop throws on the next turn", .pinsOrder)
  func futureOfAnotherLoop() throws {
    try withLoop { other in
      try withLoop { loop in
        let foreign = other.createFuture(of: Int.self)
        let trace = Box<[String]>([])
        let task = try loop.createTask(name: "T") {
          try loop.callSoon { trace.value.append("callback") }
          do {
            _ = try await foreign.value
          } catch {
            trace.value.append("error")
            throw error
          }
        }
        let error = try #require(throws: Asyncio.RuntimeError.self) { try loop.runUntilComplete(task) }
        #expect(error.message.hasPrefix("Task <Task pending name='T'"))
        #expect(error.message.hasSuffix("got Future <Future pending> attached to a different loop"))
        #expect(trace.value == ["callback", "error"])
        #expect(try task.exception() is Asyncio.RuntimeError)
        #expect(foreign.callbackCount == 0)
        #expect(!foreign.isDone)
      }
    }
  }

  @Test("TASK-05: tasks whose results call the library from their deinit all complete")
  func deinitThatCallsTheLibrary() throws {
    final class Product {
      let loop: EventLoop
      let count: Box<Int>
      init(_ loop: EventLoop, _ count: Box<Int>) {
        self.loop = loop
        self.count = count
      }
      deinit {
        count.value += 1
        _ = Asyncio.allTasks(loop)
        loop.createFuture(of: Int.self).cancel()
        _ = try? loop.callSoon {}
      }
    }
    let count = Box(0)
    try withLoop { loop in
      let done = try loop.runUntilComplete {
        let tasks = (0..<100).map { _ in Asyncio.createTask { Product(loop, count) } }
        return try await Asyncio.gather(tasks).value.count
      }
      #expect(done == 100)
    }
    #expect(count.value == 100)
  }

  @Test("TASK-17: only reading a task's error marks it as retrieved; unread, it is reported")
  func unretrievedErrors() throws {
    try withLoop { loop in
      let reports = Reports(loop)
      do {
        let read = try loop.createTask { throw TestError(name: "read") }
        let unread = try loop.createTask { throw TestError(name: "unread") }
        try loop.runBriefly()
        #expect(read.isDone)
        #expect(unread.isDone)
        #expect(try read.exception() as? TestError == TestError(name: "read"))
      }
      #expect(reports.contexts.map { $0.error as? TestError } == [TestError(name: "unread")])
      #expect(reports.messages == ["Task exception was never retrieved"])
    }
  }

  @Test("TASK-18: a task's outcome cannot be set from outside; the body's result stands")
  func outcomeCannotBeSet() throws {
    try withLoop { loop in
      let task = try loop.createTask { "ko" }
      let result = #expect(throws: Asyncio.RuntimeError.self) { try task.setResult("ok") }
      #expect(result?.message.contains("not support set_result") == true)
      let exception = #expect(throws: Asyncio.RuntimeError.self) { try task.setException(TestError()) }
      #expect(exception?.message.contains("not support set_exception") == true)
      #expect(try loop.runUntilComplete(task) == "ko")
    }
  }

  @Test("TASK-22: awaiting a custom future registers one callback, and gives the identical object")
  func customFuture() throws {
    final class Custom: Asyncio.Future<ObjectError> {}
    try withLoop { loop in
      let future = Custom(loop: loop)
      let object = ObjectError()
      let task = try loop.createTask { try await future.value === object }
      try loop.runBriefly()
      #expect(future.callbackCount == 1)
      #expect(task.waiter === future)
      try future.setResult(object)
      #expect(try loop.runUntilComplete(task))
    }
  }

  @Test("TASK-23: an await adds one callback to the future, and so does running a loop for a task")
  func callbackCounts() throws {
    final class CustomTask: Asyncio.Task<String> {}
    try withLoop { loop in
      let future = loop.createFuture(of: Void.self)
      let counts = Box<[Int]>([])
      let task = try CustomTask(loop: loop) {
        try await future.value
        return "spam"
      }
      try loop.callSoon {
        try loop.callSoon {
          counts.value = [future.callbackCount, task.callbackCount]
          try future.setResult()
        }
      }
      #expect(try loop.runUntilComplete(task) == "spam")
      #expect(counts.value == [1, 1])
    }
  }

  @Test("TASK-29: a value passes through nested awaits unchanged")
  func valueThroughNestedAwaits() throws {
    try withLoop { loop in
      func set(_ future: Asyncio.Future<(Int, Int, Int)>) async throws {
        try future.setResult((1, 2, 3))
      }
      func inner() async throws -> (Int, Int, Int) {
        let future = loop.createFuture(of: (Int, Int, Int).self)
        Asyncio.createTask { try await set(future) }
        return try await future.value
      }
      func outer() async throws -> (Int, Int, Int) { try await inner() }
      let value = try loop.runUntilComplete { try await outer() }
      #expect(value == (1, 2, 3))
    }
  }

  @Test("TASK-36: a failed task keeps the very error that was thrown")
  func keepsThrownError() throws {
    try withLoop { loop in
      let error = ObjectError()
      let task = try loop.createTask { throw error }
      #expect(throws: ObjectError.self) { try loop.runUntilComplete(task) }
      #expect(try task.exception() as AnyObject? === error)
    }
  }

  @Test("TASK-53: nested async functions return through the run, in debug mode or not", arguments: [false, true])
  func nestedFunctions(debug: Bool) throws {
    try withLoop(debug: debug) { loop in
      func bar() async -> String { "spam" }
      func foo() async -> String { await bar() }
      let value = try loop.runUntilComplete { await foo() }
      #expect(value == "spam")
    }
  }

  // MARK: Steps

  @Test(
    "TASK-63: creating a task runs none of its body; first steps come on the next turn, in order of creation",
    .pinsOrder
  )
  func startsOnNextTurn() throws {
    try runOnLoop { loop in
      let trace = Box<[String]>([])
      let created = loop.turnCount
      let tasks = ["a", "b", "c"].map { name in
        Asyncio.createTask { trace.value.append("\(name) \(loop.turnCount - created)") }
      }
      #expect(trace.value.isEmpty)
      #expect(loop.turnCount == created)
      _ = try await Asyncio.gather(tasks).value
      #expect(trace.value == ["a 1", "b 1", "c 1"])
    }
  }

  @Test("TASK-64: a task is done when its body ends; its callbacks and awaiters run on the following turn", .pinsOrder)
  func callbacksRunOnNextTurn() throws {
    try runOnLoop { loop in
      let trace = Box<[String]>([])
      let created = loop.turnCount
      let task = Asyncio.createTask { trace.value.append("body \(loop.turnCount - created)") }
      task.addDoneCallback { _ in trace.value.append("callback \(loop.turnCount - created)") }
      try loop.callSoon { trace.value.append("done=\(task.isDone) \(loop.turnCount - created)") }
      try await task.value
      trace.value.append("awaiter \(loop.turnCount - created)")
      #expect(trace.value == ["body 1", "done=true 1", "callback 2", "awaiter 2"])
    }
  }

  @Test("TASK-65: completing the future that a task waits on resumes it on the next turn")
  func resumesOnNextTurn() throws {
    try withLoop { loop in
      let future = loop.createFuture(of: Int.self)
      let trace = Box<[String]>([])
      let task = try loop.createTask {
        trace.value.append("resumed with \(try await future.value) on \(loop.turnCount)")
      }
      try loop.runBriefly()
      try loop.callSoon {
        trace.value.append("before on \(loop.turnCount)")
        try future.setResult(7)
        trace.value.append("after, \(future.callbackCount) callbacks left")
      }
      let turn = loop.turnCount
      try loop.runUntilComplete(task)
      #expect(
        trace.value == ["before on \(turn + 1)", "after, 0 callbacks left", "resumed with 7 on \(turn + 2)"]
      )
    }
  }

  @Test("TASK-66: a body that throws ends its task with that error")
  func bodyThatThrows() throws {
    try withLoop { loop in
      let error = ObjectError()
      let task = try loop.createTask { throw error }
      try loop.runBriefly()
      #expect(task.isDone)
      #expect(!task.isCancelled)
      #expect(try task.exception() as AnyObject? === error)
      #expect(throws: ObjectError.self) { try task.result() }
    }
  }

  @Test("TASK-69: reading a cancelled task throws CancellationError, reading a pending one InvalidStateError")
  func readingWithoutOutcome() throws {
    try withLoop { loop in
      let task = try loop.createTask { 1 }
      #expect(throws: Asyncio.InvalidStateError.self) { try task.result() }
      #expect(throws: Asyncio.InvalidStateError.self) { try task.exception() }
      task.cancel()
      try loop.runBriefly()
      #expect(throws: CancellationError.self) { try task.result() }
      #expect(throws: CancellationError.self) { try task.exception() }
    }
  }

  @Test("TASK-44: a result forced into a pending task is its result; the step that was queued reports that it is done")
  func forcedResult() throws {
    try withLoop { loop in
      let reports = Reports(loop)
      let hasRun = Box(false)
      do {
        let task = try loop.createTask {
          hasRun.value = true
          return "body"
        }
        task.complete("spam")
        #expect(try loop.runUntilComplete(task) == "spam")
        #expect(reports.contexts.count == 1)
        #expect("\(try #require(reports.contexts.first?.error))".contains("already done"))
        #expect(reports.contexts.first?.error is Asyncio.InvalidStateError)
      }
      #expect(!hasRun.value)
      #expect(reports.contexts.count == 1)
    }
  }

  @Test("TASK-45: finished tasks leave nothing behind")
  func finishedTasksAreReleased() throws {
    struct Weak {
      weak var object: AnyObject?
    }
    try withLoop { loop in
      var references: [Weak] = []
      for number in 0..<100 {
        let task = try loop.createTask {
          try await Asyncio.sleep(.milliseconds(1))
          return number
        }
        references.append(Weak(object: task))
        #expect(try loop.runUntilComplete(task) == number)
      }
      #expect(references.allSatisfy { $0.object == nil })
      #expect(loop.hostCount == 0)
      expectNoObjects(loop.debugCounters)
    }
  }
  @Test("A task may be the last that holds its loop")
  func outlivesLoop() throws {
    struct Weak {
      weak var object: AnyObject?
    }
    var loop = Weak()
    var task: Asyncio.Task<Int>?
    try withLoop {
      loop.object = $0
      task = try $0.createTask { 1 }
      #expect(try $0.runUntilComplete(task!) == 1)
    }
    #expect(task?.loop === loop.object)
    task = nil
    #expect(loop.object == nil)
  }
}
