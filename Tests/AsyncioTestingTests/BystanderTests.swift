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

  @Test("an actor that an exploration uses too starts tasks where whoever calls it is")
  func sharedActor() async throws {
    let service = Service()
    async let result = Asyncio.explore(Asyncio.Exploration(schedules: 500, time: nil)) {
      for _ in 0..<20 { try check(await service.start().value, "an explored task has left the loop") }
    }
    var caught = 0
    for _ in 0..<2000 where await service.start().value { caught += 1 }
    #expect(caught == 0)
    #expect(try await result.schedules == 500)
  }

  @Test("two explorations don't have the main actor at once")
  func mainActor() async throws {
    let inside = Shared(0)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<3 {
        group.addTask {
          try await Asyncio.explore(Asyncio.Exploration(schedules: 200, time: nil)) {
            try await MainActor.run {
              inside.withLock { $0 += 1 }
              defer { inside.withLock { $0 -= 1 } }
              for _ in 0..<100 { try check(inside.current == 1, "two at once") }
            }
          }
        }
      }
      try await group.waitForAll()
    }
  }

  @Test("an exploration in an explored body does not wait for the main actor", .timeLimit(.minutes(1)))
  func nestedMainActor() async throws {
    try await Asyncio.explore(Asyncio.Exploration(schedules: 2, time: nil)) {
      await MainActor.run {}
      try await Asyncio.explore(Asyncio.Exploration(schedules: 2, time: nil)) { await MainActor.run {} }
    }
  }

  /// Whichever thread serves an actor serves all that wait for it.
  private actor Service {
    /// Whether a task that is started here runs on an exploring loop.
    func start() -> Task<Bool, Never> { Task.detached { isExplored } }
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
