import Foundation
import Testing

@testable import AsyncioBridge

@Suite struct ExceptionHandlerTests {
  // MARK: The default handler

  @Test("EXC-01: a callback that throws is logged with its error, and the loop goes on")
  func throwingCallbackIsLogged() throws {
    try withLoop { loop in
      let reports = Reports(loop, handlesErrors: false)
      try loop.callSoon { throw TestError(name: "spam") }
      let went = Box(false)
      try loop.callSoon { went.value = true }
      try loop.runBriefly()
      try #require(reports.logged.count == 1)
      #expect(reports.logged[0].hasPrefix("Exception in callback <Handle at "))
      #expect(reports.logged[0].contains("exception: TestError(name: \"spam\")"))
      #expect(went.value)
    }
  }

  @Test("EXC-02: a timer's callback that throws is logged with its error, and the loop goes on")
  func throwingTimerIsLogged() throws {
    try withLoop { loop in
      let reports = Reports(loop, handlesErrors: false)
      try loop.callLater(.seconds(1)) { throw TestError(name: "spam") }
      let went = Box(false)
      try loop.callLater(.seconds(2)) { went.value = true }
      try loop.runUntilIdle()
      try #require(reports.logged.count == 1)
      #expect(reports.logged[0].hasPrefix("Exception in callback <TimerHandle "))
      #expect(reports.logged[0].contains("exception: TestError(name: \"spam\")"))
      #expect(went.value)
    }
  }

  @Test("EXC-15: without a message the log says so; what else is known follows in alphabetical order, one a line")
  func unnamedContext() throws {
    try withLoop { loop in
      let reports = Reports(loop, handlesErrors: false)
      loop.callExceptionHandler(.init(message: ""))
      #expect(reports.logged == ["Unhandled exception in event loop"])

      let task = try loop.createTask(name: "worker") {}
      let line = #line - 1
      loop.callExceptionHandler(.init(message: "", error: TestError(), future: task))
      #expect(
        reports.logged.last == """
          Unhandled exception in event loop
            created at: \(#fileID):\(line)
            exception: TestError(name: "TestError")
            subject: \(task)
            task: worker
          """
      )
      try loop.runUntilComplete(task)
    }
  }

  // MARK: A handler of one's own

  @Test("EXC-04: there is no handler by default; one that is installed can be read, and called")
  func handlerIsKept() throws {
    try withLoop { loop in
      #expect(loop.exceptionHandler == nil)
      let calls = Box(0)
      loop.exceptionHandler = { _, _ in calls.value += 1 }
      let handler = try #require(loop.exceptionHandler)
      try handler(loop, .init(message: "by hand"))
      #expect(calls.value == 1)
    }
  }

  @Test("EXC-05: a callback that throws calls the handler with the loop, the message, the error and the handle")
  func handlerIsCalled() throws {
    try withLoop { loop in
      let calls = Box<[(EventLoop, Asyncio.ExceptionContext)]>([])
      loop.exceptionHandler = { calls.value.append(($0, $1)) }
      loop.logger = { Issue.record("logged: \($0)") }
      let failure = ObjectError()
      let handle = try loop.callSoon { throw failure }
      try loop.runBriefly()
      try #require(calls.value.count == 1)
      let (reporter, context) = calls.value[0]
      #expect(reporter === loop)
      #expect(context.message.hasPrefix("Exception in callback"))
      #expect(context.error as? ObjectError === failure)
      #expect(context.handle === handle)
      #expect(context.future == nil)
      // The loop keeps the handler, which keeps the loop.
      loop.exceptionHandler = nil
    }
  }

  @Test("EXC-06: in debug mode the report tells where the callback was scheduled", arguments: [false, true])
  func creationPlace(_ debug: Bool) throws {
    try withLoop(debug: debug) { loop in
      let reports = Reports(loop)
      try loop.callSoon { throw TestError() }
      let place = "\(#fileID):\(#line - 1)"
      try loop.runBriefly()
      let context = try #require(reports.contexts.first)
      #expect(context.creationSite == place)
      #expect(context.subject == (debug ? "<Handle created at \(place)>" : "<Handle at \(place)>"))
    }
  }

  @Test("EXC-07: without the handler errors are logged again, and the old one is not called any more")
  func handlerIsRemoved() throws {
    try withLoop { loop in
      let reports = Reports(loop)
      try loop.callSoon { throw TestError(name: "first") }
      try loop.runBriefly()
      #expect(reports.contexts.count == 1)
      #expect(reports.logged == [])
      loop.exceptionHandler = nil
      try loop.callSoon { throw TestError(name: "second") }
      try loop.runBriefly()
      #expect(reports.contexts.count == 1)
      #expect(reports.logged.count == 1)
      #expect(reports.logged.first?.contains("second") == true)
    }
  }

  @Test("EXC-08: a handler that throws is itself logged, with what it should have handled, and the loop goes on")
  func brokenHandler() throws {
    try withLoop { loop in
      let reports = Reports(loop)
      loop.exceptionHandler = { _, _ in throw TestError(name: "ham") }
      try loop.callSoon { throw TestError(name: "spam") }
      let went = Box(false)
      try loop.callSoon { went.value = true }
      try loop.runBriefly()
      #expect(reports.logged.count == 1)
      let log = try #require(reports.logged.first)
      #expect(log.hasPrefix("Unhandled error in exception handler, while reporting: Exception in callback"))
      #expect(log.contains("exception: TestError(name: \"ham\")"))
      #expect(went.value)
    }
  }

  @Test(
    "EXC-09: running a handle whose callback throws reports it, by timers and callbacks of other threads too",
    .pinsOrder
  )
  func everyKindOfHandle() throws {
    try withLoop(debug: true) { loop in
      let reports = Reports(loop)
      let soon = try loop.callSoon { throw TestError(name: "soon") }
      let later = try loop.callLater(.zero) { throw TestError(name: "later") }
      try joinThread { [handle = loop.threadsafe] in
        _ = try handle.callSoonThreadsafe { throw TestError(name: "threadsafe") }
      }
      let lines = [#line - 5, #line - 2, #line - 4]
      try loop.runOneTurn()
      #expect(reports.contexts.map { ($0.error as? TestError)?.name } == ["soon", "threadsafe", "later"])
      for context in reports.contexts { #expect(context.message.hasPrefix("Exception in callback ")) }
      #expect(reports.contexts.first?.handle === soon)
      #expect(reports.contexts.last?.handle === later)
      #expect(reports.contexts.map(\.creationSite) == lines.map { "\(#fileID):\($0)" })
    }
  }

  // MARK: Errors that leave the loop

  @Test("EXC-16: an error that ends programs is not handled: thrown by a callback it leaves the loop, which can go on")
  func fatalErrorOfACallback() throws {
    try withLoop { loop in
      let reports = Reports(loop)
      let order = Box<[String]>([])
      try loop.callSoon { order.value.append("before") }
      try loop.callSoon { throw Asyncio.SystemExit(3) }
      try loop.callSoon { order.value.append("after") }
      let error = #expect(throws: Asyncio.SystemExit.self) { try loop.runForever() }
      #expect(error?.code == 3)
      #expect(order.value == ["before"])
      #expect(!loop.isRunning)
      try loop.runOneTurn()
      #expect(order.value == ["before", "after"])
      #expect(reports.contexts.isEmpty)
    }
  }

  @Test("EXC-16: an error that ends programs leaves the loop when the handler throws it, too")
  func fatalErrorOfTheHandler() throws {
    try withLoop { loop in
      let logged = Reports(loop, handlesErrors: false)
      loop.exceptionHandler = { _, _ in throw Asyncio.SystemExit(4) }
      try loop.callSoon { throw TestError() }
      let error = #expect(throws: Asyncio.SystemExit.self) { try loop.runForever() }
      #expect(error?.code == 4)
      #expect(logged.logged == [])
      try loop.runBriefly()
    }
  }

  @Test("EXC-16: an error that ends programs leaves the loop from a task, and is that task's as well")
  func fatalErrorOfATask() throws {
    try withLoop { loop in
      let reports = Reports(loop)
      let task = try loop.createTask { throw Asyncio.SystemExit(5) }
      #expect(throws: Asyncio.SystemExit.self) { try loop.runForever() }
      #expect((try task.exception() as? Asyncio.SystemExit)?.code == 5)
      #expect(reports.contexts.isEmpty)
    }
  }

  // MARK: Debug mode

  @Test("EXC-10: debug mode is set and read")
  func debugMode() throws {
    try withLoop(debug: false) { loop in
      #expect(!loop.isDebug)
      loop.isDebug = true
      #expect(loop.isDebug)
      loop.isDebug = false
      #expect(!loop.isDebug)
    }
  }

  @Test("EXC-11, EXC-12: debug mode is off by default, on by the environment's wish, and as given before all")
  func debugModeOfTheEnvironment() async {
    await #expect(processExitsWith: .success) {
      unsetenv("ASYNCIOBRIDGE_DEBUG")
      #expect(!Environment.isDebug)
      #expect(!EventLoop().isDebug)
      setenv("ASYNCIOBRIDGE_DEBUG", "", 1)
      #expect(!Environment.isDebug)
      #expect(!EventLoop().isDebug)
      setenv("ASYNCIOBRIDGE_DEBUG", "1", 1)
      #expect(Environment.isDebug)
      #expect(EventLoop().isDebug)
      #expect(!EventLoop(debug: false).isDebug)
      unsetenv("ASYNCIOBRIDGE_DEBUG")
      #expect(EventLoop(debug: true).isDebug)
    }
  }

  @Test("EXC-13: in debug mode what takes as long as the limit is logged: callbacks, steps and done-callbacks")
  func slowCallbacks() throws {
    try withLoop(debug: true) { loop in
      let reports = Reports(loop)
      loop.slowCallbackDuration = .zero
      let handle = try loop.callSoon {}
      let label = "\(handle)"
      try loop.runOneTurn()
      #expect(reports.logged.count == 1)
      #expect(reports.logged.first?.hasPrefix("Executing \(label) took ") == true)
      #expect(reports.logged.first?.hasSuffix(" seconds") == true)

      let task = try loop.createTask(name: "worker") {}
      task.addDoneCallback { _ in }
      try loop.runUntilComplete(task)
      #expect(reports.logged.dropFirst().first?.hasPrefix("Executing step of <Task finished name='worker'") == true)
      #expect(reports.logged.contains { $0.contains("of <Task finished name='worker'") })

      let count = reports.logged.count
      loop.slowCallbackDuration = .seconds(3600)
      try loop.runBriefly()
      #expect(reports.logged.count == count)
    }
  }

  @Test("EXC-17: nothing is timed without debug mode; the limit is 0.1 s by default")
  func slowCallbacksWithoutDebugMode() throws {
    try withLoop(debug: false) { loop in
      let reports = Reports(loop)
      #expect(loop.slowCallbackDuration == .milliseconds(100))
      loop.slowCallbackDuration = .zero
      try loop.callSoon {}
      try loop.runBriefly()
      #expect(reports.logged == [])
      loop.isDebug = true
      try loop.callSoon {}
      try loop.runOneTurn()
      #expect(reports.logged.count == 1)
    }
  }
}
