import Testing

@testable import AsyncioBridge

@Suite struct TaskDescriptionTests {
  /// Where the line after the caller's is.
  private func nextLine(_ line: UInt = #line) -> String { "\(#fileID):\(line + 1)" }

  @Test("TASK-08: a task that has not run is described with its state, name, place of creation and callbacks")
  func pending() throws {
    try withLoop { loop in
      let site = nextLine()
      let task = try loop.createTask(name: "TestTask") { "abc" }
      #expect(task.description == "<Task pending name='TestTask' coro=<\(site)>>")
      task.addDoneCallback { _ in }
      let callbacks = task.callbacks.summary?.description ?? ""
      #expect(callbacks.hasPrefix("cb=[<"))
      #expect(task.description == "<Task pending name='TestTask' coro=<\(site)> \(callbacks)>")
      _ = try loop.runUntilComplete(task)
    }
  }

  @Test("TASK-09, TASK-10: a cancelled task is `cancelling` until the loop runs, then `cancelled` without callbacks")
  func cancelling() throws {
    try withLoop { loop in
      let site = nextLine()
      let task = try loop.createTask(name: "TestTask") { "abc" }
      task.addDoneCallback { _ in }
      let callbacks = task.callbacks.summary?.description ?? ""
      task.cancel()
      #expect(task.description == "<Task cancelling name='TestTask' coro=<\(site)> \(callbacks)>")
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(task) }
      #expect(task.description == "<Task cancelled name='TestTask' coro=<\(site) done>>")
    }
  }

  @Test("TASK-11: a finished task is described with its result, or with its error")
  func finished() throws {
    try withLoop { loop in
      let site = nextLine()
      let task = try loop.createTask(name: "TestTask") { "abc" }
      _ = try loop.runUntilComplete(task)
      #expect(task.description == "<Task finished name='TestTask' coro=<\(site) done> result='abc'>")

      let failingSite = nextLine()
      let failing = try loop.createTask(name: "F") { throw ObjectError("E") }
      try loop.runBriefly()
      #expect(failing.description == "<Task finished name='F' coro=<\(failingSite) done> exception=E>")
      #expect(try failing.exception() != nil)
    }
  }

  @Test("TASK-14: while a task waits, its description says for what")
  func waiting() throws {
    try withLoop { loop in
      let future = loop.createFuture(of: Int.self)
      let site = nextLine()
      let task = try loop.createTask(name: "W") { try await future.value }
      #expect(!task.description.contains("wait_for"))
      try loop.runBriefly()
      #expect(future.description == "<Future pending cb=[<wakeup of 'W'>]>")
      #expect(task.description == "<Task pending name='W' coro=<\(site)> wait_for=\(future)>")
      try future.setResult(1)
      #expect(task.description == "<Task pending name='W' coro=<\(site)> wait_for=<Future finished result=1>>")
      _ = try loop.runUntilComplete(task)
      #expect(!task.description.contains("wait_for"))
    }
  }

  @Test("TASK-68, DIFF-04: a waiting task whose future took the cancellation is still `pending`")
  func pendingAfterDeliveredCancellation() throws {
    try withLoop { loop in
      let future = loop.createFuture(of: Int.self)
      let task = try loop.createTask { try await future.value }
      try loop.runBriefly()
      task.cancel()
      #expect(future.isCancelled)
      #expect(task.description.hasPrefix("<Task pending "))
      // The future has no more to cancel: this one is the task's.
      task.cancel()
      #expect(task.description.hasPrefix("<Task cancelling "))
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(task) }
      #expect(task.description.hasPrefix("<Task cancelled "))
    }
  }

  @Test("DIFF-04: in 3.13 a task is `cancelling` until it is done, or has taken the requests back")
  func cancellingByTheCount() throws {
    try withLoop(semantics: .python3_13) { loop in
      let first = loop.createFuture(of: Int.self)
      let second = loop.createFuture(of: Int.self)
      let task = try loop.createTask {
        do { _ = try await first.value } catch is CancellationError {}
        return try await second.value
      }
      try loop.runBriefly()
      #expect(task.description.hasPrefix("<Task pending "))
      task.cancel()
      #expect(first.isCancelled)
      #expect(task.description.hasPrefix("<Task cancelling "))
      try loop.runBriefly()
      #expect(task.waiter === second)
      #expect(task.description.hasPrefix("<Task cancelling "))
      task.uncancel()
      #expect(task.description.hasPrefix("<Task pending "))
      task.cancel()
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(task) }
      #expect(task.description.hasPrefix("<Task cancelled "))
    }
  }

  @Test("TASK-35: in debug mode a task tells where it was created, by all the ways to create one")
  func creationSite() throws {
    try withLoop(debug: true) { loop in
      let site = nextLine()
      let first = try loop.createTask {}
      #expect(first.description.hasSuffix("created at \(site)>"))

      let initialiserSite = nextLine()
      let second = try Asyncio.Task(loop: loop) {}
      #expect(second.description.hasSuffix("created at \(initialiserSite)>"))

      let coroutineSite = nextLine()
      let third = try Asyncio.ensureFuture(Asyncio.Coroutine {}, loop: loop)
      #expect(third.description.hasSuffix("created at \(coroutineSite)>"))

      let site4 = Box("")
      let main = try loop.createTask { () -> String in
        site4.value = nextLine()
        let fourth = Asyncio.createTask {}
        try await fourth.value
        return "\(fourth)"
      }
      #expect(try loop.runUntilComplete(main).hasSuffix("created at \(site4.value)>"))

      loop.isDebug = false
      #expect(!first.description.contains("created at"))
    }
  }
}
