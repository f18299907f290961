extension Schedule {
  /// An entry that ran.
  package struct Step: Sendable {
    /// Who ran: 0 for the loop itself.
    package let entity: Int
    package let what: String
    /// How the schedule departs from first in, first out; nil: it doesn't.
    package let departure: Departure?
    /// Who else could have run.
    package let others: [Int]
    /// The step in which the entry became ready, if that is known.
    package let cause: Int?
  }

  /// How a step departs from first in, first out.
  package enum Departure: Sendable {
    /// This one would have run.
    case insteadOf(Int)
    /// The clock went on to the next timer, although something was ready.
    case timePassed
  }

  /// Something that another thread has handed in.
  package struct Arrival: Sendable {
    /// Who goes on because of it: 0 for a callback.
    package let entity: Int
    /// How many steps had begun.
    package let stepCount: Int
  }
}

extension ReadyEntry {
  /// The name of the asyncio task that it steps.
  var taskName: String? {
    switch self {
    case .step(let task): task.with { $0.core?.record.name }
    case .foreignAwaitEnded(let step): step.owned.task.record.name
    default: nil
    }
  }

  /// What it does, for who reads a schedule.
  var action: String {
    switch self {
    case .step: "runs"
    case .foreignAwaitEnded: "goes on"
    case .childJob(let job):
      if job.role == .sleepEnd {
        "sleep ends"
      } else if JobLayout.isAsExpected, let actor = JobLayout.actorType(job.job) {
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

  /// The runtime's job that it runs.
  var job: UnownedJob? {
    switch self {
    case .childJob(let job): job.job
    case .foreignAwaitEnded(let step): step.job.job
    default: nil
    }
  }
}
