public import AsyncioBridge

extension Asyncio {
  /// Runs a body under many schedules, each time on a new virtual loop, until one fails.
  ///
  /// Unmodified async code runs in it: plain actors, `Task {}`, `async let`, task groups, code of the main actor,
  /// `Task.sleep`, Swift's clocks, streams, and asyncio programs. What the body uses should be made in it: what lies
  /// outside is shared by all schedules. It blocks the thread; async code uses the other form.
  ///
  /// ```swift
  /// try Asyncio.explore {
  ///   let account = Account(balance: 100)
  ///   async let a = account.withdraw(80)
  ///   async let b = account.withdraw(80)
  ///   _ = await (a, b)
  ///   if await account.balance < 0 { throw Overdrawn() }
  /// }
  /// ```
  /// - Parameters:
  ///   - exploration: which schedules are tried, and how long.
  ///   - schedule: a schedule's text: it alone is tried. The environment's `ASYNCIO_SCHEDULE` stands for it.
  ///   - failures: how many failures the test framework has counted (with XCTest, `testRun!.failureCount`): a schedule
  ///     that adds to them has failed.
  ///   - body: what is run.
  /// - Returns: what has been tried.
  /// - Throws: ``ScheduleFailure`` for a schedule under which the body throws, deadlocks, runs without end, or leaves
  ///   something that the exception handler is told of; ``ReplayError`` for a text that is no schedule of this program.
  @available(*, noasync, message: "this blocks the thread: use 'try await Asyncio.explore' from async code")
  @discardableResult
  public static func explore(
    _ exploration: Exploration = Exploration(),
    replaying schedule: String? = nil,
    failures: (() -> Int)? = nil,
    _ body: @escaping @Sendable () async throws -> Void
  ) throws -> Exploration.Result {
    try withoutActuallyEscaping(failures ?? { 0 }) { failures in
      var known = failures()
      return try Explorer(exploration.adjustedByEnvironment(), replaying: schedule ?? Environment.schedule()) {
        let count = failures()
        defer { known = count }
        return count > known ? ["\(count - known) failures were recorded"] : []
      }.run(body)
    }
  }

  /// Runs a body under many schedules, on a thread of its own. See ``explore(_:replaying:failures:_:)``.
  ///
  /// The body has the caller's task-local values. Cancelling the caller does not end it.
  @concurrent
  @discardableResult
  public static func explore(
    _ exploration: Exploration = Exploration(),
    replaying schedule: String? = nil,
    _ body: @escaping @Sendable () async throws -> Void
  ) async throws -> Exploration.Result {
    try await onOwnThread {
      try explore(exploration, replaying: schedule, failures: nil, body)
    }
  }

  /// Runs a body once, first in, first out, in virtual time. It blocks the thread.
  /// - Throws: what the body throws, ``ScheduleFailure`` for all else that ``explore(_:replaying:failures:_:)`` calls
  ///   one.
  @available(*, noasync, message: "this blocks the thread: use 'try await Asyncio.withVirtualTime' from async code")
  public static func withVirtualTime(_ body: @escaping @Sendable () async throws -> Void) throws {
    try explore(Exploration(search: .fifo, schedules: 1, time: nil), replaying: "x1-fifo", failures: nil, body)
  }

  /// Runs a body once, first in, first out, in virtual time, on a thread of its own.
  /// - Throws: as the blocking form.
  @concurrent
  public static func withVirtualTime(_ body: @escaping @Sendable () async throws -> Void) async throws {
    try await onOwnThread { try withVirtualTime(body) }
  }
}

/// An exploration, or a replay, from its beginning to what is reported.
struct Explorer {
  private let exploration: Asyncio.Exploration
  private let replayed: String?
  private let issues: () -> [String]

  /// - Parameter issues: what has been recorded since it was last asked.
  init(_ exploration: Asyncio.Exploration, replaying schedule: String?, issues: @escaping () -> [String]) {
    self.exploration = exploration
    replayed = schedule
    self.issues = issues
  }

  @available(*, noasync)
  func run(_ body: @escaping ScheduleRun.Body) throws -> Asyncio.Exploration.Result {
    if let replayed { return try replay(replayed, body) }
    var search = ScheduleSearch(exploration, issues: issues, body)
    search.search()
    guard let failed = search.failed else { return search.result }
    let deviations = search.shrink(failed.deviations)
    let last = search.once(.following(deviations), keepsSteps: true)
    let again = search.once(.following(deviations))
    let isAlike = again.digest == last.digest
    throw failure(
      last.failure == nil ? failed : last,
      search.result.schedules,
      """
      \(Self.count(last.deviations.count)), found as schedule \(search.result.schedules); \
      \(isAlike ? "replayed alike" : "a replay differed: something outside of the loop has a part in it")
      """
    )
  }

  @available(*, noasync)
  private func replay(_ text: String, _ body: @escaping ScheduleRun.Body) throws -> Asyncio.Exploration.Result {
    guard let schedule = ScheduleText(text) else {
      throw Asyncio.ReplayError(description: "'\(text)' is no schedule: one looks like x1-4d,9:2-3fa2, or x1-fifo")
    }
    var search = ScheduleSearch(exploration, issues: issues, body)
    let run = search.once(
      .following(schedule.deviations),
      deadlockPatience: search.confirmingPatience,
      keepsSteps: true
    )
    if !schedule.fits(candidateCounts: run.candidateCounts) {
      throw Asyncio.ReplayError(
        description: """
          schedule \(text) is of another program, or of another build of this one (debug and release differ): \
          explore again
          """
      )
    }
    if run.failure != nil { throw failure(run, 0, "replayed") }
    return search.result
  }

  private func failure(_ run: ScheduleRun, _ schedules: Int, _ circumstances: String) -> Asyncio.ScheduleFailure {
    Asyncio.ScheduleFailure(
      schedule: "\(run.text)",
      failure: run.failure.map { "\($0)" } ?? "",
      table: "\(run.table)",
      schedules: schedules,
      circumstances: circumstances
    )
  }

  private static func count(_ deviations: Int) -> String {
    switch deviations {
    case 0: "first in, first out"
    case 1: "1 deviation"
    default: "\(deviations) deviations"
    }
  }
}
