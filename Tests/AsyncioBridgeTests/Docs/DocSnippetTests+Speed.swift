import Testing

@testable import AsyncioBridge

extension DocSnippetTests {
  @Test("Speed: a loop that keeps its hosts")
  func keptHosts() throws {
    let squares = try Asyncio.run(loopFactory: { Asyncio.EventLoop(reusesHosts: true) }) {
      try await Asyncio.gather((1...100_000).map { n in Asyncio.createTask { n * n } }).value
    }
    #expect(squares.count == 100_000)
    #expect(squares.last == 10_000_000_000)
  }

  private enum Request {
    @TaskLocal static var id = 0
  }

  @Test("Speed: a loop that keeps its hosts, with task-locals")
  func inheritedLocals() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    try Asyncio.run(loopFactory: { Asyncio.EventLoop(reusesHosts: true, inheriting: Request.$id) }) {
      let task = Request.$id.withValue(7) { Asyncio.createTask { Request.id } }
      print(try await task.value)  // 7
    }
    #expect(printed.lines == ["7"])
  }
}
