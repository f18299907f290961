import AsyncioBridge
import Testing

/// A future that is never done keeps nothing of what waits for it once the loop is closed.
@Suite struct AbandonedWaitTests {
  struct Wait: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let start: @Sendable (EventLoop, Asyncio.Future<Int>) throws -> Void

    init(_ description: String, _ start: @escaping @Sendable (EventLoop, Asyncio.Future<Int>) throws -> Void) {
      testDescription = description
      self.start = start
    }
  }

  static let waits = [
    Wait("gather") { _, future in _ = try Asyncio.gather(future, Asyncio.Coroutine { 1 }) },
    Wait("gather that has failed early") { loop, future in
      let failed = loop.createFuture(of: Int.self)
      try failed.setException(TestError())
      let gathering = try Asyncio.gather(failed, future)
      gathering.addDoneCallback { _ = try? $0.exception() }
    },
    Wait("awaited gather") { _, future in
      Asyncio.createTask { try await Asyncio.gather(returningErrors: future, future).value }
    },
    Wait("shield") { _, future in _ = Asyncio.shield(future) },
    Wait("awaited shield") { _, future in
      Asyncio.createTask { try await Asyncio.waitFor(Asyncio.shield(future), timeout: .seconds(5)) }
    },
    Wait("wait") { _, future in
      Asyncio.createTask { _ = try await Asyncio.wait([future], timeout: .seconds(5)) }
    },
    Wait("asCompleted") { _, future in
      Asyncio.createTask { for try await _ in Asyncio.asCompleted([future]) {} }
    },
    Wait("asCompleted that has timed out") { _, future in
      Asyncio.createTask {
        do { for try await _ in Asyncio.asCompleted([future], timeout: .milliseconds(1)) {} } catch {}
      }
    },
    Wait("asCompleted within its time") { _, future in
      Asyncio.createTask { for try await _ in Asyncio.asCompleted([future], timeout: .seconds(5)) {} }
    },
    Wait("timer that knows its own handle") { loop, future in
      let handle = Box<Asyncio.Handle?>(nil)
      handle.value = try loop.callLater(.milliseconds(1)) { if !future.isDone { handle.value?.cancel() } }
    },
    Wait("timer that is not due, and knows its own handle") { loop, future in
      let handle = Box<Asyncio.Handle?>(nil)
      handle.value = try loop.callLater(.seconds(5)) { if !future.isDone { handle.value?.cancel() } }
    },
  ]

  @Test("An unfinished wait goes away with its loop", arguments: waits)
  func abandon(_ wait: Wait) throws {
    struct Weak {
      weak var object: AnyObject?
    }
    var references: [Weak] = []
    try withLoop { loop in
      loop.exceptionHandler = { _, _ in }
      try loop.runUntilComplete {
        let future = loop.createFuture(of: Int.self)
        references = [Weak(object: loop), Weak(object: future)]
        try wait.start(loop, future)
        try await Asyncio.sleep(.milliseconds(10))
      }
    }
    #expect(references.count == 2)
    #expect(references.allSatisfy { $0.object == nil })
  }
}
