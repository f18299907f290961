import Testing

@testable import AsyncioBridge

/// A look at how a future has ended, which changes nothing.
@Suite struct FutureOutcomeTests {
  @Test("the outcome is nil, a value, an error or a cancellation")
  func outcomes() throws {
    try withLoop { loop in
      let futures = (0..<4).map { _ in loop.createFuture(of: Int.self) }
      try futures[1].setResult(1)
      try futures[2].setException(TestError())
      futures[3].cancel()
      #expect(futures[0].outcome == nil)
      #expect(try futures[1].outcome?.get() == 1)
      #expect(throws: TestError()) { try futures[2].outcome?.get() }
      #expect(throws: CancellationError.self) { try futures[3].outcome?.get() }
      _ = try futures[2].exception()
    }
  }

  @Test("an error that was only looked at is reported when the future goes", arguments: [false, true])
  func unretrieved(isRead: Bool) throws {
    try withLoop { loop in
      let reports = Reports(loop)
      var future: Asyncio.Future<Int>? = loop.createFuture(of: Int.self)
      try future?.setException(TestError())
      #expect(throws: TestError()) { try future?.outcome?.get() }
      if isRead { _ = try future?.exception() }
      future = nil
      #expect(reports.messages == (isRead ? [] : ["Future exception was never retrieved"]))
    }
  }

  @Test("a look does not hand on the message of a cancellation")
  func message() throws {
    try runOnLoop { loop in
      let future = loop.createFuture(of: Int.self)
      future.cancel(message: "no longer wanted")
      let task = Asyncio.createTask { _ = future.outcome }
      try await task.value
      #expect(task.cancellationMessage == nil)
    }
  }
}
