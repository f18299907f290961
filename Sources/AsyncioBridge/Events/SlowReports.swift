// Reports of what keeps a loop from everything else: in debug mode as in asyncio, and on request with the task and its
// place of creation.

extension Asyncio.EventLoop {
  var isTimed: Bool { isDebug || slowStepDuration != nil || slowTurnDuration != nil }

  func updateIsStepwise() { state.isStepwise = isTimed || policy != nil }

  func runTimed(_ entry: consuming ReadyEntry) {
    let start = monotonicNanoseconds()
    if slowTurnDuration != nil, turnTimes.turn != turnCount { beginTiming(turnThatBegan: start) }
    execute(entry)
    let end = monotonicNanoseconds()
    let duration = Duration.nanoseconds(end - start)
    // Only reported entries are described, since a description runs the code of everything it shows, results included.
    if let slowStepDuration, duration >= slowStepDuration {
      report("A \(entry.kindDescription) took \(duration)", entry.subject)
    } else if isDebug, duration >= slowCallbackDuration {
      logger("Executing \(entry.description) took \(duration)")
    }
    if slowTurnDuration != nil, turnTimes.turn == turnCount { addToTurn(entry, duration, end) }
  }

  private func beginTiming(turnThatBegan start: Int64) {
    // An error may have ended the turn before. Its objects are released after the change.
    let previous = turnTimes
    turnTimes = TurnTimes(turn: turnCount, start: start)
    withExtendedLifetime(previous) {}
  }

  private func addToTurn(_ entry: borrowing ReadyEntry, _ duration: Duration, _ end: Int64) {
    turnTimes.count += 1
    if turnTimes.longest.map({ duration > $0.duration }) ?? true {
      let previous = turnTimes.longest
      turnTimes.longest = (duration, entry.kindDescription, entry.subject)
      withExtendedLifetime(previous) {}
    }
    guard state.leftInTurn == 0, let slowTurnDuration else { return }
    let times = turnTimes
    turnTimes = TurnTimes()
    let total = Duration.nanoseconds(end - times.start)
    if total >= slowTurnDuration, let (duration, kind, subject) = times.longest {
      report(
        "A turn of the loop took \(total) for \(times.count) in all; the longest, a \(kind), took \(duration)",
        subject
      )
    }
  }

  private func report(_ message: String, _ subject: ReadyEntry.Subject) {
    callExceptionHandler(Asyncio.ExceptionContext(message: message, future: subject.future, handle: subject.handle))
  }
}

/// The times of a turn.
struct TurnTimes {
  /// The turn's number; there is no turn -1.
  var turn = -1
  var start: Int64 = 0
  /// How many entries have run.
  var count = 0
  var longest: (duration: Duration, kind: String, subject: ReadyEntry.Subject)?
}

extension ReadyEntry {
  /// The subject of a report.
  typealias Subject = (future: Asyncio.AnyFuture?, handle: Asyncio.Handle?)

  /// The entry's name in reports of slow callbacks.
  var description: String {
    switch self {
    case .step(let task): "step of \(task.object)"
    case .handle(let handle): "\(handle)"
    case .completeWaiter(let waiter): "completion of \(waiter.object)"
    case .notify(let notification): "\(notification.observer.object) of \(notification.future.object)"
    case .foreignAwaitEnded(let step): "step of '\(step.owned.task.record.name)'"
    case .childJob: "a child task's job"
    }
  }

  fileprivate var kindDescription: String {
    switch self {
    case .step: "step of a task"
    case .foreignAwaitEnded: "step of a task"
    case .handle: "callback"
    case .completeWaiter: "end of a wait"
    case .notify: "done-callback of a future"
    case .childJob: "child task's job"
    }
  }

  fileprivate var subject: Subject {
    switch self {
    case .step(let task): (task.object, nil)
    case .handle(let handle): (nil, handle)
    case .completeWaiter(let waiter): (waiter.object, nil)
    case .notify(let notification): (notification.future.object, nil)
    case .foreignAwaitEnded(let step): (step.owned.task.task, nil)
    case .childJob: (nil, nil)
    }
  }
}
