import Testing

@testable import AsyncioBridge

/// What the exception handler is told of pending tasks that go away, and of errors that nobody read.
@Suite struct DestructionReportTests {
  private static let destroyed = "Task was destroyed but it is pending!"
  private static let unretrieved = "Future exception was never retrieved"

  // MARK: Pending tasks

  @Test("LOG-01, LOG-02, LOG-04: a blocked task is listed until its loop is closed, which reports it once and ends it")
  func blockedTask() throws {
    let loop = EventLoop(clock: .virtual)
    let reports = Reports(loop)
    let future = loop.createFuture(of: Void.self)
    var unwound = false
    weak var weakTask: Asyncio.Task<Void>?
    do {
      let task = try loop.createTask(name: "blocked") {
        defer { unwound = true }
        try await future.value
      }
      weakTask = task
    }
    #expect(Asyncio.allTasks(loop).map(\.name) == ["blocked"])
    try loop.runBriefly()
    // Nobody but the future that it waits for keeps the task now.
    #expect(Asyncio.allTasks(loop).map(\.name) == ["blocked"])
    #expect(weakTask != nil)
    #expect(reports.messages == [])
    try loop.close()
    #expect(reports.messages == [Self.destroyed])
    #expect(reports.contexts[0].taskName == "blocked")
    #expect(reports.contexts[0].subject?.contains("name='blocked'") == true)
    #expect(reports.contexts[0].subject?.contains("pending") == true)
    #expect(Asyncio.allTasks(loop).isEmpty)
    #expect(unwound)
  }

  @Test(
    "LOG-02: a task whose only reference was the first step that its closed loop drops is reported, and never starts"
  )
  func unstartedTask() throws {
    let loop = EventLoop(clock: .virtual)
    let reports = Reports(loop)
    var started = false
    weak var weakTask: Asyncio.Task<Void>?
    do { weakTask = try loop.createTask(name: "unstarted") { started = true } }
    #expect(weakTask != nil)
    try loop.close()
    #expect(weakTask == nil)
    #expect(reports.messages == [Self.destroyed])
    #expect(reports.contexts[0].taskName == "unstarted")
    #expect(!started)
    expectNoObjects(loop.debugCounters)
  }

  @Test(
    "a task that goes while its loop is open can't close it, nor can the handler that is told: that would wait for itself"
  )
  func closingFromWithin() throws {
    let loop = EventLoop(clock: .virtual)
    var errors: [String] = []
    func tryToClose() { do { try loop.close() } catch { errors.append("\(type(of: error))") } }
    loop.exceptionHandler = { _, _ in tryToClose() }
    let future = loop.createFuture(of: Void.self)
    do {
      _ = try loop.createTask {
        defer { tryToClose() }
        try await future.value
      }
    }
    try loop.runBriefly()
    // What nothing but a fault of the library's could do: the only reference to the task goes.
    future.callbacks = CallbackList()
    #expect(errors == ["RuntimeError", "RuntimeError"])
    #expect(!loop.isClosed)
    #expect(loop.debugCounters.hosts == 0 || !DebugCounters.areKept)
    try loop.close()
    // The loop keeps the handler, which keeps the loop.
    loop.exceptionHandler = nil
  }

  @Test("LOG-03: the report tells where the task was created, in debug mode the task's description as well")
  func creationSite() throws {
    let loop = EventLoop(clock: .virtual, debug: true)
    let reports = Reports(loop)
    let future = loop.createFuture(of: Void.self)
    try loop.createTask { try await future.value }
    let place = "AsyncioBridgeTests/DestructionReportTests.swift:\(#line - 1)"
    try loop.runBriefly()
    try loop.close()
    #expect(reports.messages == [Self.destroyed])
    #expect(reports.contexts[0].creationSite == place)
    #expect(reports.contexts[0].subject?.contains("created at \(place)") == true)
    #expect(reports.contexts[0].description.contains("created at: \(place)"))
  }

  @Test("LOG-05: where the first step of a task can't be scheduled there is no task, and nothing to report")
  func closedLoop() throws {
    let loop = EventLoop(clock: .virtual)
    let reports = Reports(loop)
    try loop.close()
    var started = false
    #expect(throws: Asyncio.RuntimeError.self) { try loop.createTask { started = true } }
    #expect(throws: Asyncio.RuntimeError.self) { try Asyncio.Task(loop: loop) { started = true } }
    #expect(!started)
    #expect(reports.messages == [])
    #expect(Asyncio.allTasks(loop).isEmpty)
    expectNoObjects(loop.debugCounters)
  }

  // MARK: Errors that nobody read

  /// Runs `use` with a failed future of a new loop, lets go of it, and returns what was reported.
  private func reports(
    debug: Bool = false,
    _ use: (Asyncio.Future<Int>) throws -> Void = { _ in }
  ) throws -> [Asyncio.ExceptionContext] {
    try withLoop(debug: debug) { loop in
      let reports = Reports(loop)
      try use(loop.createFuture())
      try loop.runBriefly()
      return reports.contexts
    }
  }

  @Test("LOG-08, LOG-09, LOG-10: a future that goes away pending, or with a result, read or not, is not reported")
  func noError() throws {
    #expect(try reports { _ in }.isEmpty)
    #expect(try reports { try $0.setResult(42) }.isEmpty)
    let contexts = try reports {
      try $0.setResult(42)
      let result = try $0.result()
      #expect(result == 42)
    }
    #expect(contexts.isEmpty)
  }

  @Test("LOG-11, LOG-14, LOG-15: an error that nobody read is reported exactly once", arguments: [false, true])
  func unretrievedError(debug: Bool) throws {
    let error = ObjectError("lost")
    let contexts = try reports(debug: debug) { try $0.setException(error) }
    #expect(contexts.count == 1)
    #expect(contexts.first?.message == Self.unretrieved)
    #expect(contexts.first?.description.hasPrefix(Self.unretrieved) == true)
    #expect(contexts.first?.error as? ObjectError === error)
    #expect(contexts.first?.subject?.hasPrefix("<Future finished exception=lost") == true)
  }

  @Test("LOG-12, LOG-13: an error that was read by exception() or thrown by result() is not reported")
  func retrievedError() throws {
    var contexts = try reports {
      try $0.setException(TestError())
      let error = try $0.exception()
      #expect(error is TestError)
    }
    #expect(contexts.isEmpty)
    contexts = try reports { future in
      try future.setException(TestError())
      #expect(throws: TestError.self) { try future.result() }
    }
    #expect(contexts.isEmpty)
  }

  @Test("LOG-06: cancel() on a task that has failed returns false, and its error is not reported")
  func cancelAfterFailure() throws {
    try withLoop { loop in
      let reports = Reports(loop)
      do {
        let task = try loop.createTask { throw TestError() }
        try loop.runBriefly()
        #expect(task.isDone)
        #expect(!task.cancel())
      }
      #expect(reports.messages == [])
      do {
        try loop.createTask(name: "other") { throw TestError() }
        try loop.runBriefly()
      }
      #expect(reports.messages == ["Task exception was never retrieved"])
      #expect(reports.contexts[0].taskName == "other")
    }
  }

  private struct Interrupt: Asyncio.BaseError {}

  @Test("LOG-16: a fatal error of the main body leaves the loop, and nothing is reported besides")
  func fatalError() throws {
    let loop = EventLoop(clock: .virtual)
    let reports = Reports(loop)
    #expect(throws: Interrupt.self) {
      try loop.runUntilComplete {
        try await Asyncio.sleep(.zero)
        throw Interrupt()
      }
    }
    try loop.close()
    #expect(reports.messages == [])
    #expect(reports.logged == [])
    expectNoObjects(loop.debugCounters)
  }

  @Test("LOG-17: a callback on the future, isDone and the description do not count as reading the error")
  func notReading() throws {
    let contexts = try reports { future in
      var calls = 0
      future.addDoneCallback { _ in calls += 1 }
      try future.setException(TestError())
      #expect(future.isDone)
      #expect(!future.isCancelled)
      _ = "\(future)"
      _ = future.debugDescription
      try future.loop.runBriefly()
      #expect(calls == 1)
    }
    #expect(contexts.map(\.message) == [Self.unretrieved])
  }

  @Test("LOG-18: a cancelled future or task is never reported")
  func cancelled() throws {
    let contexts = try reports { future in
      future.cancel()
      let loop = future.loop
      let unstarted = try loop.createTask {}
      unstarted.cancel()
      let blocked = try loop.createTask { try await Asyncio.sleep(.seconds(1)) }
      try loop.runBriefly()
      blocked.cancel()
      try loop.runBriefly()
      #expect(unstarted.isCancelled)
      #expect(blocked.isCancelled)
    }
    #expect(contexts.isEmpty)
  }
}
