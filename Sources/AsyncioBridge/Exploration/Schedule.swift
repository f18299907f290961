/// One run of a loop under a strategy: makes the choices, and keeps what it has chosen.
///
/// A *choice* is a moment at which more than one entry may be next: each job of Swift's runtime may be, and the first
/// of all other entries (at the level `any`: each step of a task). Nothing in it depends on an address or on real time.
package final class Schedule: SchedulePolicy {
  /// What a run is given.
  package struct Settings: Sendable {
    package var strategy: Strategy
    package var level: Level
    /// By how much, in nanoseconds, timers may be taken for due before what is ready.
    package var lateness: Int64
    /// How many entries may run.
    package var stepLimit: Int
    /// See ``SchedulePolicy/foreignPatience``, in nanoseconds.
    package var jumpPatience, deadlockPatience: Int64
    /// Whether to keep who ran.
    package var keepsSteps: Bool
    /// Whether Swift tasks and main-actor code that start on the loop's thread are to stay there.
    package var adoptsStrays: Bool

    package init(
      strategy: Strategy,
      level: Level,
      lateness: Int64,
      stepLimit: Int,
      jumpPatience: Int64,
      deadlockPatience: Int64,
      keepsSteps: Bool,
      adoptsStrays: Bool
    ) {
      self.strategy = strategy
      self.level = level
      self.lateness = lateness
      self.stepLimit = stepLimit
      self.jumpPatience = jumpPatience
      self.deadlockPatience = deadlockPatience
      self.keepsSteps = keepsSteps
      self.adoptsStrays = adoptsStrays
    }
  }

  /// More entries have run than may.
  package struct StepLimitError: Error {
    package let limit: Int
  }

  /// Called before code goes on to the main actor, which is the loop then.
  package var willUseMainActor: (() -> Void)?
  private var settings: Settings
  private let progress: ScheduleProgress?
  private var chooser: Chooser
  private let entities = Entities()
  private var candidates = Candidates()
  /// Who runs, or is about to.
  private var running = 0
  /// Who could have run.
  private var others: Set<Int> = []
  /// How the entry that is about to run departs from first in, first out.
  private var departure: Departure?
  /// In which step the runtime's jobs were enqueued.
  private var origins: [JobID: Int] = [:]

  /// Where this schedule has departed from first in, first out.
  package private(set) var deviations: [Deviation] = []
  /// How many candidates each choice had.
  package private(set) var candidateCounts: [Int] = []
  package private(set) var stepCount = 0
  package private(set) var steps: [Step] = []
  /// A digest of who ran.
  package private(set) var digest = Digest()
  package private(set) var names: [Int: String] = [:]
  /// Whether other threads have handed in anything.
  package private(set) var hadForeignArrivals = false
  /// What other threads have handed in.
  package private(set) var arrivals: [Arrival] = []
  /// How often a task has gone on in Swift's pool.
  package private(set) var departureCount = 0
  /// What the code that ran has found wrong, where it could not throw.
  package private(set) var complaints: [String] = []
  /// What was to be true in some schedule, and whether it was in this one.
  package private(set) var hopes: [String: Bool] = [:]

  package init(_ settings: Settings, progress: ScheduleProgress? = nil) {
    self.settings = settings
    self.progress = progress
    chooser = Chooser(settings.strategy)
  }

  // MARK: Choosing

  func choose(among ready: borrowing Ring<ReadyEntry>, leftInTurn: Int) -> Int {
    if settings.level == .timing {
      running = entities.number(of: ready.first)
      return 0
    }
    candidates.update(from: ready, settings.level, entities)
    let offset = candidates.count == 1 ? 0 : choose()
    running = candidates.entity(at: offset)
    if settings.keepsSteps { others = Set(candidates.entities) }
    candidates.remove(at: offset)
    return offset
  }

  /// Chooses one of several candidates.
  private func choose() -> Int {
    let choice = candidateCounts.count
    candidateCounts.append(candidates.count)
    let chosen = chooser.choose(at: choice, among: candidates, entities)
    if let deviation = chosen.deviation {
      depart(deviation, .insteadOf(candidates.entity(at: candidates.offset(of: chosen.passedOver))))
    }
    return candidates.offset(of: chosen.index)
  }

  func jobsDidLeave() { candidates.forget() }

  private func depart(_ deviation: Deviation, _ departure: Departure) {
    deviations.append(deviation)
    self.departure = departure
  }

  func passesTime(until delay: Int64) -> Bool {
    if delay > settings.lateness { return false }
    let choice = candidateCounts.count
    candidateCounts.append(2)
    let isLate = chooser.passesTime(at: choice)
    if isLate { depart(Deviation(choice, .pick(1)), .timePassed) }
    return isLate
  }

  // MARK: What runs

  func willRun(_ entry: borrowing ReadyEntry) {
    entities.willRun(running)
    digest.add(running)
    if settings.keepsSteps { keep(entry) }
    departure = nil
    stepCount += 1
    progress?.willRun(running)
  }

  private func keep(_ entry: borrowing ReadyEntry) {
    if names[running] == nil, let name = entry.taskName { names[running] = name }
    steps.append(
      Step(
        entity: running,
        what: entry.action,
        departure: departure,
        others: others.subtracting([running]).sorted(),
        cause: entry.job.flatMap { origins.removeValue(forKey: JobID($0)) }
      )
    )
  }

  func didRun() throws {
    running = 0
    progress?.didRun()
    if stepCount >= settings.stepLimit { throw StepLimitError(limit: settings.stepLimit) }
  }

  func didEnqueue(_ job: CapturedJob) {
    entities.didEnqueue(job, by: running)
    if settings.keepsSteps, stepCount > 0 { origins[JobID(job.job)] = stepCount - 1 }
  }

  var adoptsStrays: Bool { settings.adoptsStrays }

  // MARK: What the code that runs tells

  /// The schedule under which the calling code runs; nil outside of an exploration.
  package static var current: Schedule? { Asyncio.EventLoop.running()?.policy as? Schedule }

  package func complain(_ text: String) { complaints.append(text) }

  package func hope(_ name: String, _ isFulfilled: Bool) { hopes.merge([name: isFulfilled]) { $0 || $1 } }

  /// No more than so many entries may run from now on.
  package func limitSteps(to count: Int) { settings.stepLimit = min(settings.stepLimit, stepCount + count) }

  // MARK: Other threads

  /// Nothing more is expected from other threads.
  package func loseDeadlockPatience() { settings.deadlockPatience = 0 }

  func foreignDidArrive(_ job: CapturedJob?) {
    hadForeignArrivals = true
    if settings.keepsSteps {
      arrivals.append(Arrival(entity: job.map { entities.number(of: $0) } ?? 0, stepCount: stepCount))
    }
  }

  /// A task has been handed to Swift's pool by what runs on the loop.
  func taskDidLeave() { departureCount += 1 }

  var foreignPatience: (jump: Int64, deadlock: Int64)? {
    (hadForeignArrivals ? settings.jumpPatience : 0, settings.deadlockPatience)
  }
}
