public import AsyncioBridge

extension Asyncio {
  /// A body fails under a schedule.
  public struct ScheduleFailure: Error, Sendable, CustomStringConvertible {
    /// The schedule as text, for a replay: ``explore(_:replaying:failures:_:)``, or the environment's
    /// `ASYNCIO_SCHEDULE`.
    public let schedule: String
    /// What went wrong.
    public let failure: String
    /// Who ran when.
    public let table: String
    /// How many schedules had been tried when it was found, itself included; 0 for a replay.
    public let schedules: Int
    /// How it was found.
    let circumstances: String

    /// All of it.
    public var description: String { "fails under schedule \(schedule) (\(circumstances))\n\(failure)\n\(table)" }
  }

  /// A schedule can't be replayed.
  public struct ReplayError: Error, Sendable, CustomStringConvertible {
    /// Why, and what to do.
    public let description: String
  }
}
