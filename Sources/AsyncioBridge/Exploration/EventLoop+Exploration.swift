extension Asyncio.EventLoop {
  /// Runs what follows under a schedule.
  package func follow(_ schedule: Schedule) { policy = schedule }

  /// Whether a schedule decides what runs next.
  var isExplored: Bool { policy is Schedule }
}

/// For the probe of what the library takes for granted of jobs.
package enum ExploredJobs {
  /// Whether a Swift task's job is laid out as expected.
  package static func layoutIsAsExpected(for job: UnownedJob) -> Bool { JobLayout.isAsExpected(for: job) }
}
