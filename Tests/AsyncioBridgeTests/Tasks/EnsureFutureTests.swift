import Testing

@testable import AsyncioBridge

@Suite struct EnsureFutureTests {
  @Test(
    "ENSURE-01, ENSURE-02, BIND-07: a coroutine becomes a new task of the loop that is given, or of the running one"
  )
  func coroutine() throws {
    try withLoop { loop in
      let given = try Asyncio.ensureFuture(Asyncio.Coroutine(name: "N") { "ok" }, loop: loop)
      #expect(given is Asyncio.Task<String>)
      #expect((given as? Asyncio.Task<String>)?.name == "N")
      #expect(given.loop === loop)
      #expect(!given.isDone)
      #expect(try loop.runUntilComplete(given) == "ok")
      #expect(given.isDone)
      #expect(try given.result() == "ok")

      try withLoop { second in
        try loop.runUntilComplete {
          let ofRunning = try Asyncio.ensureFuture(Asyncio.Coroutine { 1 })
          let ofSecond = try Asyncio.ensureFuture(Asyncio.Coroutine { 2 }, loop: second)
          #expect(ofRunning.loop === loop)
          #expect(ofSecond.loop === second)
          #expect(try await ofRunning.value == 1)
          #expect(!ofSecond.isDone)
          ofSecond.cancel()
        }
        try second.runBriefly()
      }
    }
  }

  @Test("a closed loop takes no coroutine")
  func closedLoop() throws {
    let loop = EventLoop(clock: .virtual)
    try loop.close()
    #expect(throws: Asyncio.RuntimeError.self) { try Asyncio.ensureFuture(Asyncio.Coroutine {}, loop: loop) }
  }

  @Test("ENSURE-03, ENSURE-05: a future is returned as it is, done or not, with its own loop named or none")
  func future() throws {
    try withLoop { loop in
      let future = loop.createFuture(of: String.self)
      #expect(try Asyncio.ensureFuture(future) === future)
      #expect(try Asyncio.ensureFuture(future, loop: loop) === future)
      try future.setResult("ok")
      #expect(try Asyncio.ensureFuture(future) === future)
      #expect(try Asyncio.ensureFuture(future, loop: loop) === future)
    }
  }

  @Test("ENSURE-06: a task is returned as it is, with its own loop named or none")
  func task() throws {
    try withLoop { loop in
      let task = try loop.createTask { "ok" }
      #expect(try Asyncio.ensureFuture(task) === task)
      #expect(try Asyncio.ensureFuture(task, loop: loop) === task)
      #expect(try loop.runUntilComplete(task) == "ok")
      #expect(try Asyncio.ensureFuture(task) === task)
    }
  }

  @Test("ENSURE-04, ENSURE-07, ENSURE-08: a future or task of another loop is refused, with an error that says so")
  func otherLoop() throws {
    try withLoop { other in
      try withLoop { loop in
        let task = try loop.createTask {}
        for future in [loop.createFuture(of: Void.self), task] {
          let error = #expect(throws: Asyncio.ValueError.self) { try Asyncio.ensureFuture(future, loop: other) }
          #expect(
            error?.message == "The future belongs to a different loop than the one that is to wait for it"
          )
        }
        try loop.runUntilComplete(task)
      }
    }
  }

  /// Something of the user's own that can be awaited: its task asks it for its value.
  private final class Question: Asyncio.Awaitable {
    func answer() async throws -> String {
      try await Asyncio.sleep(.milliseconds(1))
      return "ok"
    }

    func ensureFuture(on loop: Asyncio.EventLoop?) throws -> Asyncio.Future<String> {
      try Asyncio.ensureFuture(Asyncio.Coroutine { try await self.answer() }, loop: loop)
    }
  }

  @Test("ENSURE-09, BIND-08: another awaitable is wrapped in a task, and delivers its value")
  func awaitable() throws {
    try withLoop { loop in
      let future = try Asyncio.ensureFuture(Question(), loop: loop)
      #expect(future is Asyncio.Task<String>)
      #expect(try loop.runUntilComplete(future) == "ok")
      #expect(try loop.runUntilComplete { try await Asyncio.gather(Question(), Question()).value } == ("ok", "ok"))
    }
  }

  @Test("ENSURE-11: a future of the user's own type is returned as it is")
  func customFuture() throws {
    final class Custom: Asyncio.Future<Int> {}
    try withLoop { loop in
      let future = Custom(loop: loop)
      let ensured = [try Asyncio.ensureFuture(future), try Asyncio.ensureFuture(future, loop: loop)]
      #expect(ensured[0] === future)
      #expect(ensured[1] === future)
    }
  }
}
