extension Asyncio.EventLoop {
  /// Runs what follows under a schedule.
  package func follow(_ schedule: Schedule) { policy = schedule }

  /// Whether a schedule decides what runs next.
  package var isExplored: Bool { policy is Schedule }
}
