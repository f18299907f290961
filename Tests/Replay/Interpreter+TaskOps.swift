import AsyncioBridge

extension Interpreter {
  /// Runs a body in the current task, which gets the name of `slot` if it has none yet.
  func runBody(_ number: Int, slot: String? = nil) async throws -> Value {
    if let slot { bindCurrentTask(to: slot) }
    log("begin b\(number)")
    do {
      let value = try await run(scenario.bodies[number], handling: nil) ?? .null
      log("end b\(number) = \(value)")
      return value
    } catch {
      log("end b\(number) ! \(errorName(error))")
      throw error
    }
  }

  /// Runs ops one after the other.
  /// - Parameter handled: the error of the innermost `except` clause around them.
  /// - Returns: the body's value if it is to return; nil if it goes on.
  func run(_ ops: [Scenario.Op], handling handled: (any Error)?) async throws -> Value? {
    for op in ops {
      if let value = try await run(op, handling: handled) { return value }
    }
    return nil
  }

  private func run(_ op: Scenario.Op, handling handled: (any Error)?) async throws -> Value? {
    switch op {
    case .sync(let op): try run(op)

    case .return(let value): return value
    case .reraise: if let handled { throw handled }
    case .repeat(let count, let ops):
      for _ in 0..<count {
        if let value = try await run(ops, handling: handled) { return value }
      }
    case .try(let ops, let clauses, let finally):
      return try await runTry(ops, clauses, finally, handling: handled)
    case .with(let lock, let ops): return try await runWith(lock, ops, handling: handled)
    case .call(let body): try await logOutcome("call b\(body)") { try await runBody(body) }
    case .told: log("told \(currentTask?.cancellationMessage ?? "None")")
    case .timeout(let name, let deadline, let ops):
      return try await runTimeout(name, deadline, ops, handling: handled)
    case .taskGroup(let name, let ops): return try await runGroup(name, ops, handling: handled)

    case .sleep(let delay, let value):
      try await logOutcome("sleep \(delay)") { try await Asyncio.sleep(.milliseconds(delay), result: value) }
    case .await(let slot):
      if let future = slots[slot] {
        try await logOutcome("await \(slot)") { try await future.value }
      } else {
        log("await \(slot) unbound")
      }
    case .awaitSelf:
      if let task = currentTask { try await logOutcome("await_self") { try await task.value } }
    case .cancelSelf(let message):
      if let task = currentTask { logOutcome("cancel_self") { .bool(task.cancel(message: message)) } }
    case .wait(let slots, let timeout, let returnWhen): try await runWait(slots, timeout, returnWhen)
    case .waitFor(let argument, let timeout): try await runWaitFor(argument, timeout)
    case .asCompleted(let slots, let timeout, let onError): try await runAsCompleted(slots, timeout, onError)
    case .completed(let slots, let timeout, let first):
      try await runCompleted(slots, timeout, first, handling: handled)

    case .put(let queue, let item):
      try await logOutcome("put \(queue) \(item)") { try await queues[queue]!.put(item) }
    case .get(let queue): try await logOutcome("get \(queue)") { .integer(try await queues[queue]!.get()) }
    case .join(let queue): try await logOutcome("join \(queue)") { try await queues[queue]!.join() }
    case .acquire(let lock):
      try await logSuccess("acquire \(lock)") { try await locks[lock]!.acquire() }
    case .eventWait(let event):
      try await logSuccess("event_wait \(event)") { try await events[event]!.wait() }
    case .barrierWait(let barrier):
      try await logOutcome("barrier_wait \(barrier)") { .integer(try await barriers[barrier]!.wait()) }
    case .barrierReset(let barrier):
      try await logOutcome("barrier_reset \(barrier)") { try await barriers[barrier]!.reset() }
    case .barrierAbort(let barrier):
      try await logOutcome("barrier_abort \(barrier)") { try await barriers[barrier]!.abort() }
    case .conditionWait(let condition):
      try await logSuccess("cond_wait \(condition)") { try await conditions[condition]!.wait() }
    case .conditionWaitFor(let condition, let variable, let least):
      try await logOutcome("cond_wait_for \(condition) \(variable)>=\(least)") {
        .bool(try await conditions[condition]!.waitFor { variables[variable, default: 0] >= least })
      }
    }
    return nil
  }

  // MARK: Control flow

  private func outcome(of ops: [Scenario.Op], handling handled: (any Error)?) async -> Result<Value?, any Error> {
    do { return .success(try await run(ops, handling: handled)) } catch { return .failure(error) }
  }

  private func runTry(
    _ ops: [Scenario.Op],
    _ clauses: [Scenario.ExceptClause],
    _ finally: [Scenario.Op],
    handling handled: (any Error)?
  ) async throws -> Value? {
    var outcome = await outcome(of: ops, handling: handled)
    // A body that is abandoned just ends.
    if case .failure(let error) = outcome, !isOver, let clause = clauses.first(where: { $0.kind.matches(error) }) {
      log("caught \(errorName(error))")
      outcome = await self.outcome(of: clause.ops, handling: error)
    }
    if !isOver { _ = try await run(finally, handling: handled) }
    return try outcome.get()
  }

  private func runWith(_ lock: String, _ ops: [Scenario.Op], handling handled: (any Error)?) async throws -> Value? {
    try await logOutcome("enter \(lock)") { try await locks[lock]!.acquire() }
    let outcome = await outcome(of: ops, handling: handled)
    if !isOver { try await logOutcome("exit \(lock)") { () async throws -> Void in try locks[lock]!.release() } }
    return try outcome.get()
  }

  // MARK: Combinators

  private func runWait(_ names: [String], _ timeout: Int?, _ returnWhen: Scenario.ReturnWhen) async throws {
    let bound = names.filter { slots[$0] != nil }
    let futures = bound.compactMap { slots[$0] }
    do {
      let (done, pending) = try await Asyncio.wait(
        futures,
        timeout: timeout.map { .milliseconds($0) },
        returnWhen: returnWhen.libraryValue
      )
      var seen = Set<String>()
      let entries = zip(bound, futures).filter { seen.insert($0.0).inserted }
      func list(_ set: Set<Future>) -> String {
        entries.filter { set.contains($0.1) }.map(\.0).joined(separator: ", ")
      }
      log("wait \(returnWhen.rawValue) done=[\(list(done))] pending=[\(list(pending))]")
    } catch {
      log("wait \(returnWhen.rawValue) ! \(errorName(error))")
      throw error
    }
  }

  private func runWaitFor(_ argument: Scenario.Argument, _ timeout: Int?) async throws {
    let description = "wait_for \(argument.name) \(timeout.map(String.init) ?? "None")"
    let duration = timeout.map { Duration.milliseconds($0) }
    switch argument {
    case .slot(let name):
      guard let future = slots[name] else { return log("\(description) unbound") }
      try await logOutcome(description) { try await Asyncio.waitFor(future, timeout: duration) }
    case .body(let number, let slot):
      try await logOutcome(description) {
        try await Asyncio.waitFor(timeout: duration) { try await self.runBody(number, slot: slot) }
      }
    }
  }

  private func runAsCompleted(_ names: [String], _ timeout: Int?, _ onError: Scenario.OnError) async throws {
    // Of the futures that are done already only the first is kept: the order of several is undefined in Python.
    let futures = names.compactMap { slots[$0] }
    let firstDone = futures.first(where: \.isDone)
    let kept = futures.filter { !$0.isDone || $0 === firstDone }

    let completed = Asyncio.asCompleted(kept, timeout: timeout.map { .milliseconds($0) })
    completions.append(completed)
    var number = 0
    while true {
      do {
        guard let future = try await completed.next() else { return }
        log("as_completed \(number) = \(try future.result())")
      } catch {
        log("as_completed \(number) ! \(errorName(error))")
        if onError == .stop || isOver { throw error }
      }
      number += 1
    }
  }
}

extension Scenario.ReturnWhen {
  fileprivate var libraryValue: Asyncio.ReturnWhen {
    switch self {
    case .firstCompleted: .firstCompleted
    case .firstException: .firstException
    case .allCompleted: .allCompleted
    }
  }
}
