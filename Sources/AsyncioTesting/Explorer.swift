import AsyncioBridge

/// An exploration, or a replay, from its beginning to what is reported.
struct Explorer {
  /// Whether the code that asks is explored.
  @TaskLocal static var isExploring = false

  private let exploration: Asyncio.Exploration
  private let replayed: String?
  private let test: String?
  private let watch: StepWatch
  private let issues: () -> [String]

  /// - Parameters:
  ///   - test: what is explored, for whoever reads of it.
  ///   - issues: what has been recorded since it was last asked.
  init(
    _ exploration: Asyncio.Exploration,
    replaying schedule: String?,
    test: String? = nil,
    issues: @escaping () -> [String]
  ) {
    self.exploration = exploration
    replayed = schedule
    self.test = test
    self.issues = issues
    watch = StepWatch(limit: .seconds(5)) { text in
      writeToStandardError("AsyncioTesting: \(test.map { $0 + ": " } ?? "")\(text)")
    }
  }

  @available(*, noasync)
  func run(_ body: @escaping ScheduleRun.Body) throws -> Asyncio.Exploration.Result {
    if exploration.adopting { _ = Self.warning }
    var search = ScheduleSearch(exploration, progress: watch.progress, issues: issues, body)
    return try Self.$isExploring.withValue(true) {
      try watch.watch { try replayed.map { try replay($0, &search) } ?? explore(&search) }
    }
  }

  /// Tells, once, what this build can't control.
  private static let warning: Void = {
    let missing = StrayTasks.reach.missing
    if missing.isEmpty { return }
    writeToStandardError("AsyncioTesting: this build can't control: \(missing.joined(separator: ", "))")
  }()

  private static let warningOfDepartures: Void = writeToStandardError(
    """
    AsyncioTesting: a task under exploration went on in Swift's pool, where nothing controls it: Task.immediate, or a \
    task executor of its own? Result.departures counts how often.
    """
  )

  @available(*, noasync)
  private func explore(_ search: inout ScheduleSearch) throws -> Asyncio.Exploration.Result {
    search.search()
    if search.result.departures > 0 { _ = Self.warningOfDepartures }
    guard let failed = search.failed else { return search.result }
    let deviations = search.shrink(failed.deviations)
    let last = search.once(.following(deviations), keepsSteps: true)
    let again = search.once(.following(deviations))
    let comparison =
      if again.digest == last.digest {
        "replayed alike"
      } else {
        "a replay differed: \(last.interleaving.arrivalsText ?? "something outside of the loop has a part in it")"
      }
    throw failure(
      last.failure == nil ? failed : last,
      search.result.schedules,
      "\(Self.count(last.deviations.count)), found as schedule \(search.result.schedules); \(comparison)\(last.departures)"
    )
  }

  @available(*, noasync)
  private func replay(_ text: String, _ search: inout ScheduleSearch) throws -> Asyncio.Exploration.Result {
    guard let schedule = ScheduleText(text) else {
      throw Asyncio.ReplayError(description: "'\(text)' is no schedule: one looks like x1-4d,9:2-3fa2, or x1-fifo")
    }
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
    var failure = Asyncio.ScheduleFailure(
      schedule: "\(run.text)",
      failure: run.failure.map { "\($0)" } ?? "",
      schedules: schedules,
      circumstances: circumstances,
      interleaving: run.interleaving
    )
    if let pages = exploration.pages { failure.writePage(of: test, in: pages) }
    return failure
  }

  private static func count(_ deviations: Int) -> String {
    switch deviations {
    case 0: "first in, first out"
    case 1: "1 deviation"
    default: "\(deviations) deviations"
    }
  }
}
