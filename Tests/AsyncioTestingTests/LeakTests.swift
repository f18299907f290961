import AsyncioBridge
import AsyncioTesting
import Testing

@Suite struct LeakTests {
  /// Starts tasks that are suspended for ever, and does not wait for them.
  @Sendable private static func leavesTasks() async {
    for _ in 0..<2 { Task { await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in } } }
  }

  @Test("tasks that are left suspended are a failure, if that is asked for")
  func strays() async throws {
    let found = try await foundFailure(Asyncio.Exploration(leaks: .fail)) { await Self.leavesTasks() }
    #expect(
      found.failure
        == "2 of the tasks that Task {} has started are suspended, and nothing is left that could resume them"
    )
    try await Asyncio.explore(Asyncio.Exploration(schedules: 20)) { await Self.leavesTasks() }
  }

  @Test("tasks that end are no leak, whether anybody waits for them or not")
  func ended() async throws {
    let result = try await Asyncio.explore(Asyncio.Exploration(schedules: 200, time: nil, leaks: .fail)) {
      Task { await Task.yield() }
      Task.detached { try await Task.sleep(for: .seconds(1)) }
      await Task { @MainActor in }.value
      let kept = Task { 1 }
      withExtendedLifetime(kept) {}
    }
    #expect(result.schedules == 200)
  }

  @Test("a deadlock tells how many such tasks are suspended")
  func deadlock() async throws {
    let found = try await foundFailure {
      await Self.leavesTasks()
      await Task { await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in } }.value
    }
    #expect(found.failure.hasPrefix("deadlock"))
    #expect(found.failure.hasSuffix("3 of the tasks that Task {} has started are suspended too"))
  }
}
