import AsyncioBridge
import Testing

extension DocSnippetTests {
  @Test("Cancellation in two worlds, a foreign await is told twice")
  func toldTwice() async throws {
    let printed = Printed()
    // Blocks its thread while Swift's pool works for it.
    try await onOwnThread {
      func print(_ items: Any...) { printed.add(items) }
      try Asyncio.run {
        let loop = Asyncio.EventLoop.running()!
        let body = Asyncio.createTask {
          do { try await Task.sleep(for: .seconds(3600)) } catch { print("told, flag set:", Task.isCancelled) }
          do { try await Asyncio.sleep(.seconds(3600)) } catch { print("told again by the loop") }
          try await Asyncio.sleep(.milliseconds(1))
          return "the loop's awaits work"
        }
        try loop.callLater(.milliseconds(5)) { body.cancel() }
        print(try await body.value)
      }
      // told, flag set: true
      // told again by the loop
      // the loop's awaits work
    }
    #expect(printed.lines == ["told, flag set: true", "told again by the loop", "the loop's awaits work"])
  }

  @Test("Cancellation in two worlds, children are cancelled with their parent")
  func cancelledChildren() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    try Asyncio.run(clock: .virtual) {
      let body = Asyncio.createTask {
        async let child: Void = {
          let inner = Asyncio.createTask { try await Asyncio.sleep(.seconds(60)) }
          do { try await inner.value } catch { print("child:", inner.isCancelled) }  // child: true
        }()
        await child
      }
      try await Asyncio.sleep(.seconds(1))
      body.cancel()
      _ = try await Asyncio.wait([body])
      print("body:", body.isCancelled)  // body: true
    }
    #expect(printed.lines == ["child: true", "body: true"])
  }

  @Test("Cancellation in two worlds, a foreign operation as a future is cancelled alone")
  func operationAsFuture() async throws {
    let printed = Printed()
    // Blocks its thread while Swift's pool works for it.
    try await onOwnThread {
      func print(_ items: Any...) { printed.add(items) }
      try Asyncio.run {
        let loop = Asyncio.EventLoop.running()!
        let body = Asyncio.createTask {
          let nap = Asyncio.ensureFuture(operation: { try await Task.sleep(for: .seconds(3600)) })
          do { try await nap.value } catch is CancellationError { print(Task.isCancelled) }  // false
          for attempt in 1...2 {
            let slow = Asyncio.ensureFuture(operation: { try await Task.sleep(for: .seconds(3600)) })
            do {
              try await Asyncio.waitFor(slow, timeout: .milliseconds(5))
            } catch is Asyncio.TimeoutError {
              print("attempt \(attempt), cancelled: \(slow.isCancelled)")
            }
          }
          return "awake"
        }
        try loop.callLater(.milliseconds(5)) { body.cancel() }
        print(try await body.value, body.isCancelled)
      }
      // false
      // attempt 1, cancelled: true
      // attempt 2, cancelled: true
      // awake false
    }
    #expect(printed.lines == ["false", "attempt 1, cancelled: true", "attempt 2, cancelled: true", "awake false"])
  }

  @Test("Cancellation in two worlds, cancelling who awaits a run cancels the body")
  func cancelledRun() async throws {
    let printed = Printed()
    @Sendable func print(_ items: Any...) { printed.add(items) }
    let began = Asyncio.Promise<Void>()
    let caller = Task {
      try await Asyncio.run {
        began.resolve(.success(()))
        do {
          try await Asyncio.sleep(.seconds(3600))
        } catch is CancellationError {
          try await Asyncio.sleep(.milliseconds(1))  // works: nothing is poisoned
          print("cleaned up")
          throw CancellationError()
        }
      }
    }
    try await began.future.value
    caller.cancel()
    print(await caller.result)
    // cleaned up
    // failure(Swift.CancellationError())
    #expect(printed.lines == ["cleaned up", "failure(Swift.CancellationError())"])
  }

  @Test("Cancellation in two worlds, what does not end is reported")
  func slowEnd() async throws {
    let printed = Printed()
    // Blocks its thread while Swift's pool works for it.
    try await onOwnThread {
      func print(_ items: Any...) { printed.add(items) }
      let loop = Asyncio.EventLoop()
      loop.slowShutdownDuration = .milliseconds(20)
      let answer = Asyncio.Promise<Void>()
      loop.exceptionHandler = { _, report in
        print(report.taskName!, "-", report.message.prefix(30))
        if report.message.hasPrefix("Task was cancelled") { answer.resolve(.success(())) }
      }
      try loop.createTask(name: "stubborn") {
        // Ignores its cancellation.
        await withCheckedContinuation { continuation in answer.future.addDoneCallback { _ in continuation.resume() } }
      }
      try loop.runUntilComplete { try await Asyncio.sleep(.zero) }
      try loop.close()
      // stubborn - Task was destroyed but it is p
      // stubborn - Task was cancelled and goes on
    }
    #expect(
      printed.lines == ["stubborn - Task was destroyed but it is p", "stubborn - Task was cancelled and goes on"]
    )
  }
}
