import AsyncioBridge
import AsyncioTesting
import Testing

@Suite(.serialized) struct KnownBugTests {
  @Test(
    "a bug is found in time; what is found has a short text, and a hundred replays are alike",
    arguments: KnownBug.all
  )
  func finds(_ bug: KnownBug) async throws {
    let found = try await #require(throws: Asyncio.ScheduleFailure.self) {
      try await Asyncio.explore(Asyncio.Exploration(schedules: 3000, time: nil), bug.body)
    }
    #expect(found.schedules <= bug.schedules)
    #expect(found.schedule.count <= 40)
    #expect(found.description.contains("replayed alike"))
    // Beside each other: each replay of a hang waits a while for other threads.
    try await withThrowingTaskGroup { group in
      for _ in 0..<100 {
        group.addTask {
          let again = try await #require(throws: Asyncio.ScheduleFailure.self) {
            try await Asyncio.explore(replaying: found.schedule, bug.body)
          }
          #expect(again.schedule == found.schedule)
          #expect(again.table == found.table)
          #expect(again.failure == found.failure)
        }
      }
      try await group.waitForAll()
    }
  }

  @Test("a bug's mended twin is silent", arguments: KnownBug.all)
  func twins(_ bug: KnownBug) async throws {
    let result = try await Asyncio.explore(Asyncio.Exploration(schedules: 2000, time: nil), bug.mended)
    #expect(result.distinct > 1)
  }
}
