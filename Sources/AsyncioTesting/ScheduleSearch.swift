import AsyncioBridge

/// Looks for a schedule under which a body fails.
struct ScheduleSearch {
  private let exploration: Asyncio.Exploration
  private let issues: () -> [String]
  private let progress: ScheduleProgress
  private let body: ScheduleRun.Body
  private let isNested = Explorer.isExploring

  private(set) var result = Asyncio.Exploration.Result()
  private(set) var failed: ScheduleRun?
  private var digests: Set<Digest> = []
  private var hopes: [String: Bool] = [:]
  private var hadForeignArrivals = false
  private var confirmedDeadlock = false
  /// Of ``shrinkingSteps``.
  private var stepsLeft = 0
  private let start = ContinuousClock.now

  @available(*, noasync)
  init(
    _ exploration: Asyncio.Exploration,
    progress: ScheduleProgress,
    issues: @escaping () -> [String],
    _ body: @escaping ScheduleRun.Body
  ) {
    self.exploration = exploration
    self.progress = progress
    self.issues = issues
    self.body = body
    if exploration.adopting { result.reach = StrayTasks.reach }
  }

  private var isOver: Bool {
    if failed != nil || result.schedules >= exploration.schedules { return true }
    guard let time = exploration.time else { return false }
    return ContinuousClock.now - start >= time
  }

  /// Tries schedules until one fails, or as many as may have been tried.
  mutating func search() {
    tryAll()
    result.distinct = digests.count
    result.neverTrue = hopes.filter { !$0.value }.map(\.key).sorted()
  }

  private mutating func tryAll() {
    let fifo = run(.following([]))
    if isOver { return }
    let choices = fifo.candidateCounts.count
    switch exploration.search {
    case .fifo: break
    case .delays(let bound): tryDelays(after: fifo, upTo: bound, schedules: exploration.schedules)
    case .random: trySeeds { .random(seed: $0) }
    case .pos: trySeeds { .pos(seed: $0) }
    case .pct(let changes): trySeeds { .pct(seed: $0, changes: changes, choices: choices) }
    case .standard:
      tryDelays(after: fifo, upTo: 2, schedules: exploration.schedules / 4)
      trySeeds { $0 % 2 == 0 ? .random(seed: $0) : .pos(seed: $0) }
    }
  }

  private mutating func trySeeds(_ strategy: (UInt64) -> Strategy) {
    var seed = exploration.seed
    while !isOver {
      run(strategy(seed))
      seed &+= 1
    }
  }

  /// All schedules with one delay, then all with two, and so on: one alternative for each choice.
  private mutating func tryDelays(after fifo: ScheduleRun, upTo bound: Int, schedules limit: Int) {
    result.exhaustedDelays = 0
    var bases: [(deviations: [Deviation], choices: Int)] = [([], fifo.candidateCounts.count)]
    for delays in stride(from: 1, through: bound, by: 1) {
      var next: [(deviations: [Deviation], choices: Int)] = []
      for base in bases {
        let first = base.deviations.last.map { $0.choice + 1 } ?? 0
        for choice in first..<max(first, base.choices) {
          if isOver || result.schedules >= limit { return }
          let deviations = base.deviations + [Deviation(choice, .delay)]
          let run = run(.following(deviations))
          next.append((deviations, run.candidateCounts.count))
        }
      }
      result.exhaustedDelays = delays
      bases = next
    }
  }

  // MARK: One schedule

  @discardableResult
  private mutating func run(_ strategy: Strategy) -> ScheduleRun {
    let run = repeated(strategy)
    result.schedules += 1
    result.steps += run.stepCount
    result.departures += run.departures.count
    digests.insert(run.digest)
    hopes.merge(run.hopes) { $0 || $1 }
    if run.failure != nil, failed == nil { failed = run }
    return run
  }

  /// Runs a schedule; a deadlock, the first time, with patience: other threads may be about to hand in something.
  private mutating func repeated(_ strategy: Strategy) -> ScheduleRun {
    let run = once(strategy)
    guard case .deadlock = run.failure, !confirmedDeadlock else { return run }
    let again = once(strategy, deadlockPatience: confirmingPatience)
    if case .deadlock = again.failure { confirmedDeadlock = true }
    return again
  }

  /// How long, in real time, a first deadlock is waited for something that ends it.
  var confirmingPatience: Duration { max(.seconds(1), exploration.foreignPatience) }

  mutating func once(
    _ strategy: Strategy,
    deadlockPatience: Duration? = nil,
    keepsSteps: Bool = false
  ) -> ScheduleRun {
    let patience = exploration.foreignPatience.nanosecondsRoundedUp
    let settings = Schedule.Settings(
      strategy: strategy,
      level: Level(exploration.level),
      lateness: exploration.lateness.nanosecondsRoundedUp,
      stepLimit: exploration.stepLimit,
      jumpPatience: patience,
      deadlockPatience: deadlockPatience?.nanosecondsRoundedUp ?? (hadForeignArrivals ? patience : 0),
      keepsSteps: keepsSteps,
      adoptsStrays: exploration.adopting
    )
    let run = ScheduleRun(
      settings,
      semantics: exploration.semantics,
      isNested: isNested,
      leaks: exploration.leaks,
      progress: progress,
      issues: issues,
      body
    )
    if run.hadForeignArrivals { hadForeignArrivals = true }
    return run
  }

  // MARK: Shrinking

  /// How many entries may run in all for a shorter list, two to four seconds' worth in a debug build. It is no time,
  /// lest what is found depends on the machine.
  private static var shrinkingSteps: Int { 1_000_000 }
  /// What a run costs beside its entries, in entries.
  private static var stepsOfRun: Int { 50 }

  /// The failed schedule with as few deviations as can be found.
  mutating func shrink(_ deviations: [Deviation]) -> [Deviation] {
    var shortest = deviations
    stepsLeft = Self.shrinkingSteps
    // Halves, quarters, and so on down to single deviations are left out.
    var size = max(shortest.count / 2, 1)
    while !shortest.isEmpty, stepsLeft > 0 {
      var start = 0
      var hasShrunk = false
      while start < shortest.count {
        var shorter = shortest
        shorter.removeSubrange(start..<min(start + size, shorter.count))
        if let made = failing(shorter), made.count < shortest.count {
          shortest = made
          hasShrunk = true
        } else {
          start += size
        }
      }
      if size == 1, !hasShrunk { break }
      if !hasShrunk { size = max(size / 2, 1) }
    }
    if shortest.count > 1, let delays = delays(insteadOf: shortest) { return delays }
    return shortest
  }

  /// A delay says more than several picks: the one or two that do instead of them.
  private mutating func delays(insteadOf deviations: [Deviation]) -> [Deviation]? {
    let choices = 0..<min(once(.following([])).candidateCounts.count, 300)
    for choice in choices {
      let list = [Deviation(choice, .delay)]
      if failing(list) != nil { return list }
    }
    if deviations.count == 2 { return nil }
    for first in choices {
      for second in choices where second > first {
        let list = [Deviation(first, .delay), Deviation(second, .delay)]
        if failing(list) != nil { return list }
      }
    }
    return nil
  }

  /// Where the schedule that follows a list departs from first in, first out, if it fails; nil too when enough has been
  /// tried.
  private mutating func failing(_ list: [Deviation]) -> [Deviation]? {
    if stepsLeft <= 0 { return nil }
    let run = once(.following(list))
    stepsLeft -= run.stepCount + Self.stepsOfRun
    return run.failure == nil ? nil : run.deviations
  }
}

extension Level {
  init(_ level: Asyncio.Exploration.Level) {
    switch level {
    case .timing: self = .timing
    case .ready: self = .ready
    case .any: self = .any
    }
  }
}
