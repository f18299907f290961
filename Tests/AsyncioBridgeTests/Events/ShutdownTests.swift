import Testing

@testable import AsyncioBridge

/// What does not end when its loop does is waited for, and named.
@Suite struct ShutdownTests {
  @Test("a leftover task that goes on in spite of its cancellation is reported by name, once, and waited for")
  func stubbornTask() throws {
    let (reports, task, creation) = try Asyncio.run {
      let loop = EventLoop.current(nil)
      loop.slowShutdownDuration = .milliseconds(2)
      let reports = Reports(loop)
      let task = Asyncio.createTask(name: "stubborn") {
        // Until it has been reported.
        while reports.contexts.isEmpty { try? await Asyncio.sleep(.milliseconds(1)) }
        return 42
      }
      Asyncio.createTask(name: "obedient") { try await Asyncio.sleep(.seconds(1000)) }
      try await Asyncio.sleep(.zero)
      return (reports, task, task.site.description)
    }
    #expect(reports.messages == ["Task was cancelled and goes on: the end of the run waits for it"])
    #expect(reports.contexts.first?.taskName == "stubborn")
    #expect(reports.contexts.first?.creationSite == creation)
    #expect(try task.result() == 42)
  }

  @Test("leftover tasks that end in time are not reported, and the end of a run waits no longer than for them")
  func obedientTasks() throws {
    let (loop, reports) = try Asyncio.run {
      let loop = EventLoop.current(nil)
      let reports = Reports(loop)
      Asyncio.createTask {
        do { try await Asyncio.sleep(.seconds(1000)) } catch is CancellationError {
          try await Asyncio.sleep(.milliseconds(1))
        }
      }
      try await Asyncio.sleep(.zero)
      return (loop, reports)
    }
    #expect(reports.messages == [])
    #expect(loop.timers.isEmpty)
  }

  @Test("a body that keeps a loop from closing, in an await that ignores its cancellation, is reported by name")
  func foreignAwait() async throws {
    let (messages, names, order) = try await onOwnThread {
      let loop = EventLoop()
      loop.slowShutdownDuration = .milliseconds(2)
      let order = Journal<String>()
      var messages: [String] = []
      var names: [String?] = []
      let reported = ThreadEvent()
      loop.exceptionHandler = { _, report in
        messages.append(report.message)
        names.append(report.taskName)
        if report.message.contains("goes on") { reported.set() }
      }
      for name in ["first", "second"] {
        try loop.createTask(name: name) {
          await withCheckedContinuation { continuation in
            startThread {
              _ = reported.wait()
              continuation.resume()
            }
          }
          order.append("ended")
        }
      }
      try loop.runBriefly()
      try loop.close()
      order.append("closed")
      loop.exceptionHandler = nil
      return (messages, names, order.entries)
    }
    let destroyed = "Task was destroyed but it is pending!"
    let goesOn = "Task was cancelled and goes on: its loop waits to be closed for what the task awaits"
    #expect(messages == [destroyed, destroyed, goesOn, goesOn])
    #expect(names == ["first", "second", "first", "second"])
    #expect(order == ["ended", "ended", "closed"])
  }

  @Test("an operation that keeps a loop from closing is reported")
  func operation() async throws {
    let messages = try await onOwnThread {
      let loop = EventLoop()
      loop.slowShutdownDuration = .milliseconds(2)
      var messages: [String] = []
      let reported = ThreadEvent()
      loop.exceptionHandler = { _, report in
        messages.append(report.message)
        reported.set()
      }
      try loop.runUntilComplete {
        _ = Asyncio.ensureFuture(operation: {
          await withCheckedContinuation { continuation in
            startThread {
              _ = reported.wait()
              continuation.resume()
            }
          }
        })
      }
      try loop.close()
      loop.exceptionHandler = nil
      return messages
    }
    #expect(
      messages == [
        "An operation of ensureFuture(operation:) was cancelled and goes on: its loop waits to be closed for it"
      ]
    )
  }

  @Test("leaving run cancels, joins and reports all there is: tasks, operations, errors, blocking work")
  func everything() async throws {
    let order = Journal<String>()
    let reports = try await onOwnThread {
      let executor = RecordingExecutor(order)
      let reports = try Asyncio.run {
        let loop = EventLoop.current(nil)
        loop.setDefaultExecutor(executor)
        let reports = Reports(loop)
        let begun = Asyncio.ConcurrentFuture<Void>()
        _ = Asyncio.ensureFuture(operation: {
          begun.resolve(.success(()))
          try? await Task.sleep(for: .seconds(1000))
          order.append("operation ended")
        })
        Asyncio.createTask {
          defer { order.append("task ended") }
          try await Asyncio.sleep(.seconds(1000))
        }
        Asyncio.createTask(name: "failed") { throw TestError() }
        try await Asyncio.toThread { order.append("work") }
        try await Asyncio.wrapFuture(begun).value
        order.append("body ended")
        return reports
      }
      return reports.contexts.map { "\($0.message) \($0.taskName ?? "")" }
    }
    #expect(reports == ["Task exception was never retrieved failed"])
    #expect(order.entries == ["work", "body ended", "task ended", "executor shut down", "operation ended"])
  }
}

/// Runs work on new threads, and tells when it is shut down.
private final class RecordingExecutor: Asyncio.Executor {
  private let order: Journal<String>
  init(_ order: Journal<String>) { self.order = order }
  func execute(_ work: @escaping @Sendable () -> Void) { startThread(work) }
  func shutdown() { order.append("executor shut down") }
}
