import Testing

@testable import AsyncioBridge

/// What the library's errors tell a program, and a reader.
@Suite struct ExceptionTests {
  @Test("errors are compared by what they say and by their code")
  func equality() {
    #expect(Asyncio.ValueError("no") == Asyncio.ValueError("no"))
    #expect(Asyncio.ValueError("no") != Asyncio.ValueError("no", code: .noFutures))
    #expect(Asyncio.RuntimeError("no") != Asyncio.RuntimeError("yes"))
    #expect(Asyncio.RuntimeError("no").code == .other)
    #expect(throws: Asyncio.QueueEmpty()) { throw Asyncio.QueueEmpty() }
  }

  @Test("a RuntimeError says by its code what it is about")
  func runtimeErrors() throws {
    func code(_ body: () throws -> Void) -> Asyncio.RuntimeError.Code? {
      do { try body() } catch { return (error as? Asyncio.RuntimeError)?.code }
      return nil
    }
    try withLoop { loop in
      #expect(code { try Asyncio.Lock(loop: loop).release() } == .notAcquired)
      #expect(code { try Asyncio.Condition(loop: loop).notify() } == .notAcquired)
      try loop.callSoon {
        #expect(code { try loop.close() } == .loopIsRunning)
        #expect(code { try loop.runForever() } == .loopIsRunning)
        #expect(code { try Asyncio.run {} } == .loopIsRunning)
      }
      try loop.runUntilIdle()
      let future = loop.createFuture(of: Void.self)
      try loop.callSoon { loop.stop() }
      #expect(code { try loop.runUntilComplete(future) } == .loopWasStopped)
      try loop.close()
      #expect(code { try loop.callSoon {} } == .loopIsClosed)
      #expect(code { try loop.createTask {} } == .loopIsClosed)
    }
    let runner = Asyncio.Runner()
    try runner.run {}
    try runner.close()
    #expect(code { try runner.run {} } == .isShutDown)
  }

  @Test("so do those that come of waiting, and a ValueError too")
  func waiting() throws {
    let other = EventLoop(clock: .virtual)
    try runOnLoop { _ in
      func error(_ body: () async throws -> Void) async -> any Error {
        await errorThrown(by: body) ?? TestError()
      }
      let foreign = other.createFuture(of: Int.self)
      #expect((await error { _ = try await foreign.value } as? Asyncio.RuntimeError)?.code == .wrongLoop)
      #expect((await error { _ = try await Asyncio.wait([foreign]) } as? Asyncio.ValueError)?.code == .wrongLoop)
      let none: [Asyncio.Future<Int>] = []
      #expect((await error { _ = try await Asyncio.wait(none) } as? Asyncio.ValueError)?.code == .noFutures)
      let group = try await Asyncio.withTaskGroup { group in group }
      #expect((await error { try group.createTask {} } as? Asyncio.RuntimeError)?.code == .scopeHasEnded)
      let queue = Asyncio.Queue<Int>()
      #expect((await error { try queue.taskDone() } as? Asyncio.ValueError)?.code == .tooManyReleases)
    }
    try other.close()
  }

  @Test("a TimeoutError says what took too long, and how long it had")
  func timeouts() throws {
    let errors = try runOnLoop { loop in
      let task = Asyncio.createTask(name: "fetch") { try await Asyncio.sleep(.seconds(60)) }
      let idle = loop.createFuture(of: Void.self)
      return [
        await errorThrown { try await Asyncio.waitFor(task, timeout: .seconds(5)) },
        await errorThrown { try await Asyncio.waitFor(idle, timeout: .seconds(-1)) },
        await errorThrown {
          try await Asyncio.createTask(name: "caller") {
            try await Asyncio.timeout(.seconds(2)) { timeout in
              try timeout.reschedule(loop.time.advanced(by: .seconds(3)))
              try await Asyncio.sleep(.seconds(60))
            }
          }.value
        },
        await errorThrown {
          for try await _ in Asyncio.asCompleted([loop.createFuture(of: Void.self)], timeout: .seconds(4)) {}
        },
      ].map { $0.map { "\($0)" } }
    }
    #expect(
      errors == [
        "TimeoutError: waitFor of task 'fetch' took more than 5.0 seconds",
        "TimeoutError: waitFor took more than -1.0 seconds",
        "TimeoutError: timeout of task 'caller' took more than 3.0 seconds",
        "TimeoutError: asCompleted took more than 4.0 seconds",
      ]
    )
  }

  @Test("a TimeoutError of a blocking wait, and one of your own")
  func otherTimeouts() {
    let future = Asyncio.Promise<Int>()
    let error = #expect(throws: Asyncio.TimeoutError.self) { try future.future.result(timeout: .milliseconds(1)) }
    #expect(error?.description == "TimeoutError: result took more than 0.001 seconds")
    #expect("\(Asyncio.TimeoutError())" == "TimeoutError")
    #expect("\(Asyncio.TimeoutError("handshake"))" == "TimeoutError: handshake took too long")
    #expect(Asyncio.TimeoutError("handshake", timeout: .seconds(1)).timeout == .seconds(1))
  }
}
