import AsyncioBridge
import AsyncioTesting
import Testing

@Suite struct DepartureTests {
  @Test("a task that leaves the loop for Swift's pool is counted")
  @available(macOS 26.0, iOS 26.0, tvOS 26.0, watchOS 26.0, visionOS 26.0, *)
  func immediate() async throws {
    let exploration = Asyncio.Exploration(schedules: 5, time: nil, foreignPatience: .seconds(600))
    let result = try await Asyncio.explore(exploration) {
      let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
      let reader = Task.immediate { await stream.first { _ in true } }
      continuation.yield(1)
      #expect(await reader.value == 1)
    }
    #if os(Linux)
      #expect(result.departures >= 5)
      #expect(result.description.contains("times a task went on in Swift's pool"))
    #endif
  }

  @Test("what stays is not")
  func staying() async throws {
    let result = try await Asyncio.explore(Asyncio.Exploration(schedules: 50, time: nil)) {
      await Task { await Task.yield() }.value
      try await Task.detached { try await Task.sleep(for: .seconds(1)) }.value
    }
    #expect(result.departures == 0)
  }
}
