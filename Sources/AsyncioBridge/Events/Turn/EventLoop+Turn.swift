import Synchronization

extension Asyncio.EventLoop {
  /// Waits until there is something to run, and determines which entries this turn runs.
  func beginTurn() throws {
    if beginTurnWithoutWaiting() { return }
    state.turnCount &+= 1
    if let turnLimit, turnCount > turnLimit { throw Asyncio.TurnLimitError(limit: turnLimit) }
    dropCancelledTimers()
    if state.ready.isEmpty, !state.isStopping { try waitForWork() }
    if !state.timers.isEmpty { takeDueTimers() }
    state.leftInTurn = state.ready.count
  }

  /// Determines which entries the next turn runs. False if it has to be waited for, or the loop is to stop.
  @inline(__always)
  func beginTurnWithoutWaiting() -> Bool {
    if mailbox.hasItems { takePosted() }
    if state.ready.isEmpty || !mayBeginTurn { return false }
    state.turnCount &+= 1
    if !state.timers.isEmpty {
      dropCancelledTimers()
      takeDueTimers()
    }
    state.leftInTurn = state.ready.count
    return true
  }

  /// Whether there may be another turn without a return to the run method.
  @inline(__always)
  var mayBeginTurn: Bool {
    if state.isStopping { return false }
    guard let turnLimit = state.turnLimit else { return true }
    return state.turnCount < turnLimit
  }

  @inline(__always)
  private func dropCancelledTimers() {
    if state.timers.cancelledCount > 0 { dropSomeCancelledTimers() }
  }

  @inline(never)
  private func dropSomeCancelledTimers() {
    // Let go of outside of the queue's own code: their contexts may hold objects whose deinitialisers use the loop.
    if state.timers.hasTooManyCancelled { _ = state.timers.takeCancelled() }
    while let timer = state.timers.takeFirstIfCancelled() { _ = consume timer }
  }

  /// Makes ready what other threads have handed in.
  @inline(never)
  func takePosted() {
    // Within a step too; none of it is the doing of the task that runs.
    let current = state.currentCore
    state.currentCore = nil
    defer { state.currentCore = current }
    mailbox.takeItems(&state.posted)
    while !state.posted.isEmpty {
      switch state.posted.removeFirst() {
      case .job(let job, let role): accept(job, role)
      case .call(let call, let number):
        state.ready.append(.handle(PostedHandle(call, number: number, isDebug: isDebug)))
      }
    }
  }

  private func takeDueTimers() {
    let now = clock.nowNanoseconds
    while let timer = state.timers.takeFirst(dueAt: now) {
      switch consume timer {
      case .handle(let handle): state.ready.append(.handle(handle))
      case .waiter(let waiter): state.ready.append(.completeWaiter(waiter))
      }
    }
  }

  /// Nothing is ready: lets the time pass until the next timer or until another thread hands in something.
  private func waitForWork() throws {
    if let deadline = state.timers.earliestDeadline {
      let now = clock.nowNanoseconds
      let nextReport = reportWaitsForMainActor()
      // The exception handler may have scheduled something, or stopped the loop.
      if deadline > now, state.ready.isEmpty, !state.isStopping {
        if let virtualTime = clock.virtualTime {
          virtualTime.nanoseconds.store(deadline, ordering: .relaxed)
        } else {
          mailbox.waitForItems(timeout: min(deadline - now, nextReport ?? Self.longestWait))
        }
      }
    } else {
      try waitForOtherThreads()
    }
    takePosted()
  }

  /// A day, as in asyncio: no system call is given a longer timeout.
  private static var longestWait: Int64 { 24 * 3600 * 1_000_000_000 }

  /// Takes out the next entry of the turn, of which there must be one.
  @inline(__always)
  func takeNextEntry() -> ReadyEntry {
    state.leftInTurn &-= 1
    return state.ready.removeFirst()
  }

  /// Runs the next entry of the turn, of which there must be one.
  @inline(__always)
  func runNextEntry() {
    let entry = takeNextEntry()
    if state.isTimed { runTimed(entry) } else { execute(entry) }
  }

  /// For a task that runs the loop itself: runs the library's own entries until the next is a step of a task, and returns
  /// that task. Nil if the loop has to wait or to return to its run method, or what is next must not run within a task.
  @inline(__always)
  func nextStepWithinTask() -> TaskRef? {
    while state.escapingError == nil {
      if state.leftInTurn == 0, !beginTurnWithoutWaiting() { return nil }
      if let task = state.ready.first.steppedTask {
        // The step of one that is done is reported.
        return task.with { $0.state == .pending ? $0.core : nil }
      }
      if !state.ready.first.mayRunWithinTask { return nil }
      runNextEntry()
    }
    return nil
  }

  /// Runs an entry that has been taken out of the queue: the one place where anything is called.
  @inline(__always)
  func execute(_ entry: borrowing ReadyEntry) {
    switch entry {
    case .step(let task): task.with { step($0) }
    case .handle(let handle): run(handle)
    case .completeWaiter(let waiter): waiter.with { $0.completeIfPending() }
    case .notify(let notification):
      notification.observer.with { observer in notification.future.with { notify(observer, $0) } }
    case .foreignAwaitEnded(let step): resumeForeign(step.owned.task, step.job)
    case .childJob(let job): runChildJob(job)
    }
  }

  /// Runs the jobs of Swift's runtime that are there, which are nobody's step, before the loop is left to itself. That of a
  /// default actor would otherwise keep the actor from everybody until the loop runs again.
  func runChildJobs() {
    state.leftInTurn = 0
    // Not for as long as there are any: a child task may give up its turn again and again.
    for _ in 0..<Self.mostPassesOfChildJobs {
      takePosted()
      var jobs = Ring<ReadyEntry>()
      state.ready.removeAll(where: { $0.isChildJob }, to: &jobs)
      if jobs.isEmpty { return }
      while !jobs.isEmpty { execute(jobs.removeFirst()) }
    }
  }

  private static var mostPassesOfChildJobs: Int { 100 }

  @inline(__always)
  private func run(_ handle: Asyncio.Handle) {
    if handle.wasCancelled { return }
    guard let thread else { preconditionFailure("AsyncioBridge: a callback outside of the loop's code") }
    do {
      try handle.run(on: thread)
    } catch {
      callbackDidThrow(error, in: "\(handle)", handle: handle)
    }
  }

  @inline(__always)
  private func notify(_ observer: FutureObserver, _ future: Asyncio.AnyFuture) {
    do { try observer.futureDidComplete(future) } catch { callbackDidThrow(error, in: "\(observer)", future: future) }
  }

  func callbackDidThrow(
    _ error: any Error,
    in label: String,
    handle: Asyncio.Handle? = nil,
    future: Asyncio.AnyFuture? = nil
  ) {
    if error is any Asyncio.BaseError {
      state.escapingError = error
    } else {
      callExceptionHandler(
        Asyncio.ExceptionContext(
          message: "Exception in callback \(label)",
          error: error,
          future: future,
          handle: handle
        )
      )
    }
  }

  func throwEscapingError() throws {
    guard let error = state.escapingError else { return }
    state.escapingError = nil
    throw error
  }

  // MARK: Scheduling

  /// Puts an entry behind all that is ready, what other threads have handed in by now included.
  @inline(__always)
  func makeReady(_ entry: consuming ReadyEntry) {
    if mailbox.hasItems { takePosted() }
    state.ready.append(entry)
  }

  @inline(__always)
  func schedule(stepOf task: Unretained<Asyncio.AnyFuture>) { makeReady(.step(Owned(task))) }

  /// Schedules what a completed future has to call.
  func schedule(_ callback: consuming FutureCallback, for future: Asyncio.AnyFuture) {
    if isClosed { return }
    switch consume callback {
    case .step(let task): makeReady(.step(task))
    case .notify(let observer): makeReady(.notify(.init(observer: observer, future: Owned(future))))
    case .completeWaiter(let waiter): makeReady(.completeWaiter(waiter))
    }
  }
}
