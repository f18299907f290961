import AsyncioBridge

/// A thread that tells of a step that does not end: one that blocks the thread, on a lock or a semaphore that another
/// task of the schedule would have to release. Nobody else can run meanwhile, and nothing can end it from here.
final class StepWatch: Sendable {
  let progress = ScheduleProgress()
  private let limit: Duration
  private let report: @Sendable (String) -> Void
  private let ended = ThreadEvent()

  /// - Parameters:
  ///   - limit: how long a step may take, in real time. One that takes twice as long is noticed in any case.
  ///   - report: called once for each such step, on the thread that watches.
  init(limit: Duration, report: @escaping @Sendable (String) -> Void) {
    self.limit = limit
    self.report = report
  }

  /// Watches while `body` runs.
  func watch<Value>(_ body: () throws -> Value) rethrows -> Value {
    startThread { self.run() }
    defer { ended.set() }
    return try body()
  }

  private func run() {
    var last: ScheduleProgress.Step?
    var reported: ScheduleProgress.Step?
    while !ended.wait(timeout: limit) {
      let running = progress.running
      if let running, running == last, running != reported {
        report(
          """
          \(running.entity == 0 ? "a callback" : "task \(running.entity)") has kept its thread for \(limit), and no \
          other task can run: does it block, as on a lock or a semaphore that another task holds?
          """
        )
        reported = running
      }
      last = running
    }
  }
}
