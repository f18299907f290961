/// Who is who in a schedule. Swift tasks have numbers in the order in which they appear; the loop itself is 0.
///
/// Addresses differ from run to run, and are used again; so nothing but the numbers leaves this.
final class Entities {
  private struct Identity: Hashable {
    let job: JobID
    let id: UInt32

    init(_ task: UnownedJob, knowsLayout: Bool) {
      job = JobID(task)
      id = knowsLayout ? JobLayout.id(task) : JobLayout.describedID(task) ?? 0
    }
  }

  private let knowsLayout = JobLayout.isAsExpected
  private var numbers: [Identity: Int] = [:]
  /// Who caused the jobs that are no tasks, as an actor's.
  private var causes: [JobID: Int] = [:]
  private var entryCounts: [Int] = [0]

  func number(of task: UnownedJob) -> Int {
    let identity = Identity(task, knowsLayout: knowsLayout)
    if let known = numbers[identity] { return known }
    entryCounts.append(0)
    let new = entryCounts.count - 1
    numbers[identity] = new
    return new
  }

  func number(of entry: borrowing ReadyEntry) -> Int {
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

  func number(of job: CapturedJob) -> Int {
    if isTask(job) { return number(of: job.job) }
    return causes[JobID(job.job)] ?? 0
  }

  /// A job of the runtime has been enqueued by whoever runs.
  func didEnqueue(_ job: CapturedJob, by running: Int) {
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

  func willRun(_ entity: Int) { entryCounts[entity] += 1 }
}
