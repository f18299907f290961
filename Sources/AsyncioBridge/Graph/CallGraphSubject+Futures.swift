// What the call graph shows of futures and of those who wait for them. Overrides are in the classes.

extension Asyncio.AnyFuture: CallGraphSubject {
  /// The facts about a plain future. Its observers and its timer show whether the future belongs to the library.
  final func plainCallGraphFacts(for capture: CallGraphCapture) -> CallGraphFacts {
    var facts = CallGraphFacts(.future)
    facts.state = callGraphState
    facts.site = site.isLibrary ? nil : site
    if let task = asTask {
      facts.kind = .task
      facts.name = task.name
      return facts
    }
    if site.isLibrary, let deadline = capture.deadlines[ObjectIdentifier(self)] {
      facts.kind = .sleep
      facts.details = capture.timeLeft(until: deadline)
    }
    callbacks.forEach { callback in
      let role: CallGraphRole
      switch callback {
      case .notify(let observer): role = observer.object.callGraphRole
      default: return
      }
      switch role {
      case .passingOn(let inner):
        facts.kind = .shield
        facts.site = nil
        if !inner.isDone { facts.awaits = [inner] }
      case .fromElsewhere: facts.kind = .elsewhere
      case .awaiting, .none: break
      }
    }
    return facts
  }

  final var callGraphState: Asyncio.CallGraph.Node.State {
    switch state {
    case .pending: .waiting
    case .finished: .finished
    case .cancelled: .cancelled
    }
  }
}

extension TaskRef {
  /// The facts about a task that runs a body.
  func callGraphFacts(of task: Asyncio.AnyFuture, for capture: CallGraphCapture) -> CallGraphFacts {
    var facts = CallGraphFacts(.task)
    facts.name = record.name
    facts.site = task.site
    if task.isDone {
      facts.state = task.callGraphState
    } else if self == capture.runningCore || isRunning {
      facts.state = .running
    } else if isForeign {
      facts.state = .foreign
    } else if let waiter, !waiter.isDone {
      facts.awaits = [waiter]
    } else {
      facts.state = .ready
    }
    if record.mustCancel { facts.details.append("cancelling") }
    facts.details += capture.timeLeft(of: self)
    return facts
  }
}

extension ChildWaiter: CallGraphSubject {
  func callGraphFacts(for capture: CallGraphCapture) -> CallGraphFacts {
    var facts = CallGraphFacts(.child)
    if future.isDone { facts.state = .ready } else { facts.awaits = [future] }
    return facts
  }
}
