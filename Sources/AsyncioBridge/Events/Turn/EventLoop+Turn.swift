import Synchronization

extension Asyncio.EventLoop {
  /// Waits until there is something to run, and fixes which entries this turn runs.
  func beginTurn() throws {
    if beginTurnWithoutWaiting() { return }
    state.turnCount &+= 1
    if let turnLimit, turnCount > turnLimit { throw Asyncio.TurnLimitError(limit: turnLimit) }
    dropCancelledTimers()
    if state.ready.isEmpty, !state.isStopping { try waitForWork() }
    if !state.timers.isEmpty { takeDueTimers() }
    state.leftInTurn = state.ready.count
  }

  /// Fixes which entries the next turn runs. Returns false if the turn has to be waited for, or the loop is to stop.
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

  /// Whether another turn may begin without a return to the run method.
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
    // Released outside of the queue's own code: contexts may hold objects whose deinitialisers use the loop.
    if state.timers.hasTooManyCancelled { _ = state.timers.takeCancelled() }
    while let timer = state.timers.takeFirstIfCancelled() { _ = consume timer }
  }

  /// Moves the items that other threads have handed in to the ready queue.
  @inline(never)
  func takePosted() {
    // This may happen within a step, but none of it is the running task's doing.
    let current = state.currentCore
    state.currentCore = nil
    defer { state.currentCore = current }
    mailbox.takeItems(&state.posted)
    let policy = state.isStepwise ? policy : nil
    while !state.posted.isEmpty {
      switch state.posted.removeFirst() {
      case .job(let job, let role):
        policy?.foreignDidArrive(CapturedJob(job, role))
        accept(job, role)
      case .sleep(let sleep):
        policy?.foreignDidArrive(nil)
        accept(sleep)
      case .call(let call, let number):
        policy?.foreignDidArrive(nil)
        state.ready.append(.handle(PostedHandle(call, number: number, isDebug: isDebug)))
      }
    }
  }

  private func takeDueTimers() {
    if state.isStepwise, let policy { passTime(policy) }
    let now = clock.nowNanoseconds
    while let timer = state.timers.takeFirst(dueAt: now) {
      switch consume timer {
      case .handle(let handle): state.ready.append(.handle(handle))
      case .waiter(let waiter): state.ready.append(.completeWaiter(waiter))
      case .sleep(let sleep): end(sleep)
      }
    }
  }

  /// Nothing is ready. Lets the time pass until the next timer, or until another thread hands in something.
  private func waitForWork() throws {
    if let deadline = state.timers.earliestDeadline, deadline <= timeLimit ?? .max {
      let now = clock.nowNanoseconds
      let nextReport = reportWaitsForMainActor()
      // The exception handler may have scheduled something, or stopped the loop.
      if deadline > now, state.ready.isEmpty, !state.isStopping {
        if wakeIdleWaiter() { return }
        if let virtualTime = clock.virtualTime {
          if let patience = policy?.foreignPatience?.jump, patience > 0 { mailbox.waitForItems(timeout: patience) }
          if !mailbox.hasItems { virtualTime.nanoseconds.store(deadline, ordering: .relaxed) }
        } else {
          mailbox.waitForItems(timeout: min(deadline - now, nextReport ?? Self.longestWait))
        }
      }
    } else {
      if wakeIdleWaiter() { return }
      if let timeLimit { return try spendTime(until: timeLimit) }
      try waitForOtherThreads()
    }
    takePosted()
  }

  /// Lets time go on to the next timer although entries are ready, if the policy wants that.
  private func passTime(_ policy: any SchedulePolicy) {
    guard let virtualTime = clock.virtualTime, !state.ready.isEmpty, let deadline = state.timers.earliestDeadline,
      deadline > clock.nowNanoseconds, policy.passesTime(until: deadline - clock.nowNanoseconds)
    else { return }
    virtualTime.nanoseconds.store(deadline, ordering: .relaxed)
  }

  /// A day, as in asyncio: no system call gets a longer timeout.
  private static var longestWait: Int64 { 24 * 3600 * 1_000_000_000 }

  /// Takes out the turn's next entry. There must be one.
  @inline(__always)
  func takeNextEntry() -> ReadyEntry {
    state.leftInTurn &-= 1
    return state.ready.removeFirst()
  }

  /// Runs the turn's next entry. There must be one.
  @inline(__always)
  func runNextEntry() {
    if state.isStepwise { return runNextEntryStepwise() }
    let entry = takeNextEntry()
    execute(entry)
  }

  @inline(never)
  private func runNextEntryStepwise() {
    guard let policy else { return runTimed(takeNextEntry()) }
    state.ready.moveToFront(policy.choose(among: state.ready, leftInTurn: state.leftInTurn))
    let entry = takeNextEntry()
    policy.willRun(entry)
    if isTimed { runTimed(entry) } else { execute(entry) }
    do { try policy.didRun() } catch { state.escapingError = state.escapingError ?? error }
  }

  /// For a task that drives: runs the library's own entries until the next entry is a step of a task, and returns that
  /// task. Nil if the loop has to wait or to return to its run method, or if the next entry must not run within a task.
  @inline(__always)
  func nextStepWithinTask() -> TaskRef? {
    while state.escapingError == nil {
      if state.leftInTurn == 0, !beginTurnWithoutWaiting() { return nil }
      if let task = state.ready.first.steppedTask {
        // The step of a task that is done gets reported.
        return task.with { $0.state == .pending ? $0.core : nil }
      }
      if !state.ready.first.mayRunWithinTask { return nil }
      runNextEntry()
    }
    return nil
  }

  /// Runs an entry that was taken out of the queue. This is the one place where anything is called.
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

  /// Runs the ready jobs of Swift's runtime, which are nobody's steps, before the run method returns. A default actor's
  /// job would otherwise block the actor until the loop runs again.
  func runChildJobs() {
    state.leftInTurn = 0
    // The number of passes is limited: a child task may give up its turn again and again.
    for _ in 0..<Self.mostPassesOfChildJobs {
      takePosted()
      var jobs = Ring<ReadyEntry>()
      state.ready.removeAll(where: { $0.isChildJob }, to: &jobs)
      if jobs.isEmpty { return }
      policy?.jobsDidLeave()
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
    do {
      try observer.futureDidComplete(future)
    } catch {
      let context = (observer as? DoneCallbackRegistration).map { $0.context ?? Asyncio.Context() }
      callbackDidThrow(error, in: "\(observer)", future: future, context: context)
    }
  }

  func callbackDidThrow(
    _ error: any Error,
    in label: String,
    handle: Asyncio.Handle? = nil,
    future: Asyncio.AnyFuture? = nil,
    context: Asyncio.Context? = nil
  ) {
    if error is any Asyncio.BaseError {
      state.escapingError = error
    } else {
      callExceptionHandler(
        Asyncio.ExceptionContext(
          message: "Exception in callback \(label)",
          error: error,
          future: future,
          handle: handle,
          subjectsContext: context
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

  /// Puts an entry behind everything that is ready, including items that other threads have handed in by now.
  @inline(__always)
  func makeReady(_ entry: consuming ReadyEntry) {
    if mailbox.hasItems { takePosted() }
    state.ready.append(entry)
  }

  @inline(__always)
  func schedule(stepOf task: Unretained<Asyncio.AnyFuture>) { makeReady(.step(Owned(task))) }

  /// Schedules a callback of a completed future.
  func schedule(_ callback: consuming FutureCallback, for future: Asyncio.AnyFuture) {
    if isClosed { return }
    switch consume callback {
    case .step(let task): makeReady(.step(task))
    case .notify(let observer): makeReady(.notify(.init(observer: observer, future: Owned(future))))
    case .completeWaiter(let waiter): makeReady(.completeWaiter(waiter))
    }
  }
}
