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

  /// An entry that ran.
  package struct Step: Sendable {
    /// Who ran: 0 for the loop itself.
    package let entity: Int
    package let what: String
    /// Whether another would have been next first in, first out.
    package let isDeviation: Bool
  }

  /// More entries have run than may.
  package struct StepLimitError: Error {
    package let limit: Int
  }

  /// How many ready entries are looked at for a choice.
  private static let window = 64

  private var settings: Settings
  private var planned: [Int: Deviation.Kind] = [:]
  private var random: SeededNumbers
  private var changes: Set<Int> = []

  /// Where this schedule has departed from first in, first out.
  package private(set) var deviations: [Deviation] = []
  /// How many candidates each choice had.
  package private(set) var candidateCounts: [Int] = []
  package private(set) var stepCount = 0
  package private(set) var steps: [Step] = []
  /// A digest of who ran.
  package private(set) var digest = Digest()
  /// Whether other threads have handed in anything.
  package private(set) var hadForeignArrivals = false
  package private(set) var names: [Int: String] = [:]
  /// What the code that ran has found wrong, where it could not throw.
  package private(set) var complaints: [String] = []
  /// What was to be true in some schedule, and whether it was in this one.
  package private(set) var hopes: [String: Bool] = [:]

  // Who is who.
  private struct Identity: Hashable {
    let job: JobID
    let id: UInt32
  }
  private var entities: [Identity: Int] = [:]
  /// Who caused the jobs that are no tasks.
  private var causes: [JobID: Int] = [:]
  private var running = 0
  private var entriesOf: [Int] = [0]
  private var priorities: [Int: Int] = [:]
  private var lowestPriority = 0
  /// Those that are delayed, in order.
  private var delayed: [Int: Int] = [:]

  private var candidates: [(offset: Int, entity: Int)] = []
  private var chosenIsDeviation = false

  package init(_ settings: Settings) {
    self.settings = settings
    switch settings.strategy {
    case .following(let list):
      random = SeededNumbers(seed: 0)
      for deviation in list { planned[deviation.choice] = deviation.kind }
    case .random(let seed): random = SeededNumbers(seed: seed)
    case .pos(let seed): random = SeededNumbers(seed: seed)
    case .pct(let seed, let count, let choices):
      random = SeededNumbers(seed: seed)
      for _ in 0..<count { changes.insert(Int.random(in: 0..<max(choices, 1), using: &random)) }
    }
    candidates.reserveCapacity(Self.window)
  }

  // MARK: Choosing

  func choose(among ready: borrowing Ring<ReadyEntry>, leftInTurn: Int) -> Int {
    chosenIsDeviation = false
    if ready.count == 1 || settings.level == .timing { return 0 }
    collectCandidates(ready)
    if candidates.count == 1 { return candidates[0].offset }
    let choice = candidateCounts.count
    candidateCounts.append(candidates.count)
    let pick = pick(at: choice)
    return candidates[pick].offset
  }

  private func collectCandidates(_ ready: borrowing Ring<ReadyEntry>) {
    candidates.removeAll(keepingCapacity: true)
    var offset = 0
    var hasOwn = false
    _ = ready.contains { entry in
      if entry.isJob || (settings.level == .any && entry.steppedTask != nil) || !hasOwn {
        if !entry.isJob { hasOwn = true }
        candidates.append((offset, entity(of: entry)))
      }
      offset += 1
      return offset == Self.window
    }
  }

  /// Which candidate is next.
  private func pick(at choice: Int) -> Int {
    switch settings.strategy {
    case .following:
      switch planned[choice] {
      case .pick(let index)?: return deviate(choice, to: min(index, candidates.count - 1))
      case .delay?:
        delayed[candidates[leastDelayed()].entity] = delayed.count + 1
        deviations.append(Deviation(choice, .delay))
        chosenIsDeviation = true
      case nil: break
      }
      return leastDelayed()
    case .random: return deviate(choice, to: Int.random(in: 0..<candidates.count, using: &random))
    case .pos(let seed):
      let highest = first(where: >) { entity in
        let count = entity < entriesOf.count ? entriesOf[entity] : 0
        var numbers = SeededNumbers(seed: seed &+ UInt64(entity) &* 0x1_0000_01B3 &+ UInt64(count) &* 0x9E37_79B9)
        return Int(truncatingIfNeeded: numbers.next() >> 1)
      }
      return deviate(choice, to: highest)
    case .pct:
      let highest = first(where: >) { priority($0) }
      guard changes.contains(choice) else { return deviate(choice, to: highest) }
      lowestPriority -= 1
      priorities[candidates[highest].entity] = lowestPriority
      return deviate(choice, to: first(where: >) { priority($0) })
    }
  }

  private func deviate(_ choice: Int, to index: Int) -> Int {
    if index != 0 {
      deviations.append(Deviation(choice, .pick(index)))
      chosenIsDeviation = true
    }
    return index
  }

  private func leastDelayed() -> Int { delayed.isEmpty ? 0 : first(where: <) { delayed[$0] ?? 0 } }

  /// The first of the candidates whose value no other's precedes.
  private func first(where precedes: (Int, Int) -> Bool, by value: (Int) -> Int) -> Int {
    var found = 0
    var best = value(candidates[0].entity)
    for index in candidates.indices.dropFirst() {
      let own = value(candidates[index].entity)
      if precedes(own, best) { (found, best) = (index, own) }
    }
    return found
  }

  private func priority(_ entity: Int) -> Int {
    if let known = priorities[entity] { return known }
    let new = Int(random.next() >> 2) + 1
    priorities[entity] = new
    return new
  }

  func passesTime(until delay: Int64) -> Bool {
    if delay > settings.lateness { return false }
    let choice = candidateCounts.count
    candidateCounts.append(2)
    let isLate =
      switch settings.strategy {
      // To delay what is ready, and to pick the timer, are the same.
      case .following: planned[choice] != nil
      case .random, .pos, .pct: random.next() % 4 == 0
      }
    if isLate { deviations.append(Deviation(choice, .pick(1))) }
    return isLate
  }

  // MARK: What runs

  func willRun(_ entry: borrowing ReadyEntry) {
    running = entity(of: entry)
    stepCount += 1
    while entriesOf.count <= running { entriesOf.append(0) }
    entriesOf[running] += 1
    digest.add(running)
    if settings.keepsSteps {
      if names[running] == nil, let name = entry.taskName { names[running] = name }
      steps.append(Step(entity: running, what: entry.action, isDeviation: chosenIsDeviation))
    }
  }

  func didRun() throws {
    running = 0
    if stepCount >= settings.stepLimit { throw StepLimitError(limit: settings.stepLimit) }
  }

  // MARK: Who is who

  func didEnqueue(_ job: CapturedJob) {
    if job.role != .sleepEnd, JobLayout.isTask(job.job) {
      _ = entity(of: job.job)
    } else {
      causes[JobID(job.job)] = running
    }
  }

  private func entity(of task: UnownedJob) -> Int {
    let identity = Identity(job: JobID(task), id: JobLayout.id(task))
    if let known = entities[identity] { return known }
    let new = entities.count + 1
    entities[identity] = new
    return new
  }

  private func entity(of entry: borrowing ReadyEntry) -> Int {
    switch entry {
    case .step(let task):
      guard let core = task.with({ $0.core }), core.record.jobID != .none else { return 0 }
      return entity(of: core.record.jobID.job)
    case .foreignAwaitEnded(let step): return entity(of: step.owned.task.record.jobID.job)
    case .childJob(let job):
      if job.role == .sleepEnd || !JobLayout.isTask(job.job) { return causes[JobID(job.job)] ?? 0 }
      return entity(of: job.job)
    case .handle: return 0
    case .notify: return 0
    case .completeWaiter: return 0
    }
  }

  var adoptsStrays: Bool { settings.adoptsStrays }

  // MARK: What the code that runs tells

  /// The schedule under which the calling code runs; nil outside of an exploration.
  package static var current: Schedule? { Asyncio.EventLoop.running()?.policy as? Schedule }

  package func complain(_ text: String) { complaints.append(text) }

  package func hope(_ name: String, _ isFulfilled: Bool) { hopes.merge([name: isFulfilled]) { $0 || $1 } }

  // MARK: Other threads

  /// Nothing more is expected from other threads.
  package func loseDeadlockPatience() { settings.deadlockPatience = 0 }

  func foreignDidArrive() { hadForeignArrivals = true }

  var foreignPatience: (jump: Int64, deadlock: Int64)? {
    (hadForeignArrivals ? settings.jumpPatience : 0, settings.deadlockPatience)
  }
}

extension ReadyEntry {
  /// The name of the asyncio task that it steps.
  fileprivate var taskName: String? {
    switch self {
    case .step(let task): task.with { $0.core?.record.name }
    case .foreignAwaitEnded(let step): step.owned.task.record.name
    default: nil
    }
  }

  /// What it does, for who reads a schedule.
  fileprivate var action: String {
    switch self {
    case .step: "runs"
    case .foreignAwaitEnded: "goes on"
    case .childJob(let job):
      if job.role == .sleepEnd {
        "sleep ends"
      } else if let actor = JobLayout.actorType(job.job) {
        "enters \(actor)"
      } else if job.role == .serial {
        "on the main actor"
      } else {
        "runs"
      }
    case .handle: "callback"
    case .notify: "done callback"
    case .completeWaiter: "wait ends"
    }
  }
}
