import Testing

@testable import AsyncioBridge

/// The setting itself. What the versions do otherwise is shown where the thing is shown.
@Suite struct SemanticsTests {
  @Test("a loop follows 3.8 unless it is told otherwise, however it is made")
  func byDefault() async throws {
    #expect(EventLoop().semantics == .python3_8)
    #expect(try followedByDefault() == [.python3_8, .python3_8])
    #expect(try await Asyncio.run { EventLoop.running()?.semantics } == .python3_8)
  }

  @Test("each way to make a loop takes the version that it is to follow", arguments: Asyncio.Semantics.all)
  func told(_ semantics: Asyncio.Semantics) async throws {
    #expect(EventLoop(semantics: semantics).semantics == semantics)
    #expect(try followedByRunners(semantics) == [semantics, semantics, semantics, semantics])
    #expect(try await Asyncio.run(semantics: semantics) { EventLoop.running()?.semantics } == semantics)
  }

  @Test("a version is described by its number, and equal to itself only")
  func versions() {
    #expect(Asyncio.Semantics.all.map(\.description) == ["3.8", "3.13"])
    #expect(Set(Asyncio.Semantics.all).count == 2)
  }

  @Test("loops of both versions are side by side, each with its rules")
  func sideBySide() throws {
    let isDone = try Asyncio.Semantics.all.map { semantics in
      try runOnLoop(semantics: semantics) { loop in
        let future = loop.createFuture(of: Int.self)
        try future.setResult(1)
        return try Asyncio.gather([future]).isDone
      }
    }
    #expect(isDone == [false, true])
  }
}

private func followedByDefault() throws -> [Asyncio.Semantics?] {
  [
    try Asyncio.run { EventLoop.running()?.semantics },
    try Asyncio.withRunner { runner in try runner.run { EventLoop.running()?.semantics } },
  ]
}

private func followedByRunners(_ semantics: Asyncio.Semantics) throws -> [Asyncio.Semantics?] {
  [
    try Asyncio.run(semantics: semantics) { EventLoop.running()?.semantics },
    try Asyncio.run(semantics: semantics, handlingInterrupt: false) { EventLoop.running()?.semantics },
    try Asyncio.withRunner(semantics: semantics) { runner in try runner.run { EventLoop.running()?.semantics } },
    try Asyncio.run(loopFactory: { EventLoop(semantics: semantics) }) { EventLoop.running()?.semantics },
  ]
}
