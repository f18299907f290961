import AsyncioBridge
import AsyncioTesting
import Testing

/// Explorations, and code that has nothing to do with them, at the same time.
@Suite struct BystanderTests {
  @Test("ten explorations and a hundred ordinary programs at once don't notice each other", arguments: 0..<10)
  func apart(_ round: Int) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<10 {
        group.addTask {
          try await Asyncio.explore(Asyncio.Exploration(schedules: 20, time: nil, leaks: .fail)) {
            try await explored()
          }
        }
      }
      for _ in 0..<100 { group.addTask { try await ordinary() } }
      try await group.waitForAll()
    }
  }
}

@Sendable private func explored() async throws {
  let start = ContinuousClock.now
  try await Task {
    try check(isExplored, "a task has left the loop")
    try await Task.sleep(for: .seconds(60))
  }.value
  try await Task.detached { try await MainActor.run { try check(isExplored, "the main actor has left the loop") } }
    .value
  try check(ContinuousClock.now - start == .seconds(60), "time is not virtual")
}

@Sendable private func ordinary() async throws {
  let start = ContinuousClock.now
  try await Task {
    try check(!isExplored, "a foreign task was caught")
    try await Task.sleep(for: .milliseconds(1))
  }.value
  try await Task.detached { try await MainActor.run { try check(!isExplored, "the main actor was caught") } }.value
  try check(ContinuousClock.now - start >= .milliseconds(1), "time has not passed")
  await MainActor.run { MainActor.assertIsolated() }
}

private var isExplored: Bool { Asyncio.EventLoop.running() != nil }
