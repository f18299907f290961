import AsyncioBridge
import AsyncioTesting
import Testing

/// The failure that an exploration finds.
func foundFailure(
  _ exploration: Asyncio.Exploration = Asyncio.Exploration(time: nil),
  replaying schedule: String? = nil,
  sourceLocation: SourceLocation = #_sourceLocation,
  _ body: @escaping @Sendable () async throws -> Void
) async throws -> Asyncio.ScheduleFailure {
  let failure = await #expect(throws: Asyncio.ScheduleFailure.self, sourceLocation: sourceLocation) {
    try await Asyncio.explore(exploration, replaying: schedule, body)
  }
  return try #require(failure, sourceLocation: sourceLocation)
}
