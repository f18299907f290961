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
}
