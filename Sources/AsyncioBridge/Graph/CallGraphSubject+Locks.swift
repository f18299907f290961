// What the call graph shows of locks and queues. They are only asked while somebody waits for them.

extension Asyncio.Lock: CallGraphSubject {
  func callGraphFacts(for capture: CallGraphCapture) -> CallGraphFacts {
    var facts = CallGraphFacts(.lock)
    facts.details = describeDetails(isLocked ? "locked" : "unlocked", waiterCount)
    guard isLocked, let holder else { return facts }
    if let task = capture.task(number: holder) {
      facts.awaits = [task]
    } else {
      facts.details.append("held by a task that has ended")
    }
    return facts
  }
}

extension Asyncio.Event: CallGraphSubject {
  func callGraphFacts(for capture: CallGraphCapture) -> CallGraphFacts {
    var facts = CallGraphFacts(.event)
    facts.details = describeDetails(isSet ? "set" : "unset", waiterCount)
    return facts
  }
}

extension Asyncio.Condition: CallGraphSubject {
  func callGraphFacts(for capture: CallGraphCapture) -> CallGraphFacts {
    var facts = CallGraphFacts(.condition)
    facts.details = describeDetails(isLocked ? "locked" : "unlocked", waiterCount)
    return facts
  }
}

extension Asyncio.Semaphore: CallGraphSubject {
  func callGraphFacts(for capture: CallGraphCapture) -> CallGraphFacts {
    var facts = CallGraphFacts(.semaphore)
    facts.details = describeDetails("value:\(value)", waiterCount)
    return facts
  }
}

extension Asyncio.Barrier: CallGraphSubject {
  func callGraphFacts(for capture: CallGraphCapture) -> CallGraphFacts {
    var facts = CallGraphFacts(.barrier)
    facts.details = [state.rawValue, "waiters:\(waitingCount)/\(parties)"]
    return facts
  }
}

extension Asyncio.Queue: CallGraphSubject {
  func callGraphFacts(for capture: CallGraphCapture) -> CallGraphFacts {
    if let source = callGraphSource { return source.callGraphFacts(for: capture) }
    var facts = CallGraphFacts(.queue)
    let waiting = waiterCounts
    if maxsize > 0 { facts.details.append("maxsize:\(maxsize)") }
    facts.details.append("items:\(qsize)")
    if waiting.getters > 0 { facts.details.append("getters:\(waiting.getters)") }
    if waiting.putters > 0 { facts.details.append("putters:\(waiting.putters)") }
    if joinerCount > 0 { facts.details.append("joiners:\(joinerCount)") }
    return facts
  }
}

private func describeDetails(_ state: String, _ waiters: Int) -> [String] {
  waiters == 0 ? [state] : [state, "waiters:\(waiters)"]
}
