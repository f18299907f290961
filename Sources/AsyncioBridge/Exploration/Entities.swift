/// Who is who in a schedule. Swift tasks have numbers in the order in which they appear; the loop itself is 0.
///
/// Addresses differ from run to run, and are used again; so nothing but the numbers leaves this.
struct Entities {
  private struct Identity: Hashable {
    let job: JobID
    let id: UInt32

    init(_ task: UnownedJob, knowsLayout: Bool) {
      job = JobID(task)
      id = knowsLayout ? JobLayout.id(task) : JobLayout.describedID(task) ?? 0
    }
  }

  private struct Known {
    let identity: Identity
    let number: Int
  }

  private let knowsLayout = JobLayout.isAsExpected
  private var numbers: [Identity: Int] = [:]
  /// The numbers that were looked up last, each at the place that its identity gives it. Its share: with each look-up
  /// hashed, schedules take 8 % more instructions (`explore-bench 100` less `explore-bench 20`, under valgrind).
  private var recent: [Known?] = Array(repeating: nil, count: Self.recentCount)
  private static var recentCount: Int { 64 }

  /// Who caused the jobs that are no tasks, as an actor's.
  private var causes: [JobID: Int] = [:]
  private var entryCounts: [Int] = [0]

  mutating func number(of task: UnownedJob) -> Int {
    let identity = Identity(task, knowsLayout: knowsLayout)
    let place = Int(identity.id % UInt32(Self.recentCount))
    if let known = recent[place], known.identity == identity { return known.number }
    let number = lookUp(identity)
    recent[place] = Known(identity: identity, number: number)
    return number
  }

  private mutating func lookUp(_ identity: Identity) -> Int {
    if let known = numbers[identity] { return known }
    entryCounts.append(0)
    let new = entryCounts.count - 1
    numbers[identity] = new
    return new
  }

  mutating func number(of entry: borrowing ReadyEntry) -> Int {
    switch entry {
    case .step(let task):
      guard let core = task.with({ $0.core }), core.record.jobID != .none else { return 0 }
      return number(of: core.record.jobID.job)
    case .foreignAwaitEnded(let step): return number(of: step.owned.task.record.jobID.job)
    case .childJob(let job): return number(of: job)
    case .handle: return 0
    case .notify: return 0
    case .completeWaiter: return 0
    }
  }

  mutating func number(of job: CapturedJob) -> Int {
    if isTask(job) { return number(of: job.job) }
    return causes[JobID(job.job)] ?? 0
  }

  /// A job of the runtime has been enqueued by whoever runs.
  mutating func didEnqueue(_ job: CapturedJob, by running: Int) {
    if isTask(job) {
      _ = number(of: job.job)
    } else {
      causes[JobID(job.job)] = running
    }
  }

  /// Whether it is a Swift task that runs, and not a job of the runtime's own or of an actor; which can't be told
  /// without the layout of jobs.
  private func isTask(_ job: CapturedJob) -> Bool {
    job.role != .sleepEnd && (!knowsLayout || JobLayout.isTask(job.job))
  }

  /// How many entries of it have run.
  func entryCount(of entity: Int) -> Int { entryCounts[entity] }

  mutating func willRun(_ entity: Int) { entryCounts[entity] += 1 }
}
