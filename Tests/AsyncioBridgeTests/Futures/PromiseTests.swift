import AsyncioBridge
import Testing

/// The write end of a future for any thread.
@Suite struct PromiseTests {
  @Test("who has the promise ends the future, once")
  func resolve() throws {
    let promise = Asyncio.Promise<Int>()
    #expect(!promise.future.isDone)
    #expect(promise.resolve(.success(1)))
    #expect(!promise.resolve(.success(2)))
    #expect(try promise.future.outcome?.get() == 1)
  }

  @Test("the future of a promise that has gone is cancelled, begun or not", arguments: [false, true])
  func dropped(hasBegun: Bool) {
    var promise: Asyncio.Promise<Int>? = Asyncio.Promise()
    let future = promise?.future
    if hasBegun { #expect(promise?.setRunning() == true) }
    promise = nil
    #expect(future?.isCancelled == true)
  }

  @Test("work that nobody wants any more is not begun")
  func cancelled() {
    let promise = Asyncio.Promise<Int>()
    #expect(promise.future.cancel())
    #expect(!promise.setRunning())
    #expect(!promise.resolve(.success(1)))
  }

  @Test("a task waits for what another thread will say")
  func awaited() throws {
    let value = try Asyncio.run {
      let answer = Asyncio.Promise<Int>()
      let asker = Asyncio.createTask { try await Asyncio.wrapFuture(answer.future).value }
      try await Asyncio.toThread { _ = answer.resolve(.success(42)) }
      return try await asker.value
    }
    #expect(value == 42)
  }
}
