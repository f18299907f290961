extension Asyncio.EventLoop {
  /// Runs what follows under a schedule.
  package func follow(_ schedule: Schedule) { policy = schedule }

  /// Whether a schedule decides what runs next.
  package var isExplored: Bool { policy is Schedule }

  /// Whether Swift tasks and main-actor code that start on the loop's thread are to stay there.
  var adoptsStrays: Bool { (policy as? Schedule)?.adoptsStrays == true }
}

/// For the probe of what the library takes for granted of jobs.
package enum ExploredJobs {
  /// Whether a Swift task's job is laid out as expected.
  package static func layoutIsAsExpected(for job: UnownedJob) -> Bool { JobLayout.isAsExpected(for: job) }
}
