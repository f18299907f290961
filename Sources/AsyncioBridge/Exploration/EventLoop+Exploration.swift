extension Asyncio.EventLoop {
  /// Runs what follows under a schedule.
  package func follow(_ schedule: Schedule) { policy = schedule }

  /// Whether a schedule decides what runs next.
  var isExplored: Bool { policy is Schedule }

  /// How many Swift tasks that are no hosts own a reference to the executor of the loop's tasks, which each has until
  /// it ends; and a constant.
  package var strayOwnerCount: Int { referenceCount(taskExecutor) - hostCount }
}

/// For a report of what an exploration can control.
package enum ExploredJobs {
  /// Whether the runtime's jobs are laid out as expected.
  package static var haveKnownLayout: Bool { JobLayout.isAsExpected }
}
