import Testing

@testable import AsyncioBridge

@Suite struct DoneCallbackTests {
  @Test("a callback for one type of value is refused by a future with another, and reported", .pinsOrder)
  func otherType() throws {
    try withLoop { loop in
      let reports = Reports(loop)
      let values = Box<[Int]>([])
      let number = loop.createFuture(of: Int.self)
      let text = loop.createFuture(of: String.self)
      let other = loop.createFuture(of: Int.self)
      let callback = number.addDoneCallback { values.value.append(try $0.result()) }
      text.addDoneCallback(callback)
      other.addDoneCallback(callback)
      try number.setResult(1)
      try text.setResult("a text that is longer than a word of the machine")
      try other.setResult(2)
      try loop.runBriefly()
      #expect(values.value == [1, 2])
      let error = try #require(reports.contexts.first?.error as? Asyncio.ValueError)
      #expect(error.message.contains("Future<Int>"))
      #expect(reports.contexts.count == 1)
    }
  }
}
