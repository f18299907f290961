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
    if state.timers.hasTooManyCancelled {
      for entry in state.timers.takeCancelled() { entry.timer.release() }
    }
    while let timer = state.timers.takeFirstIfCancelled() { timer.release() }
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
      switch timer {
      case .handle(let handle): state.ready.append(.handle(handle.takeRetainedValue()))
      case .waiter(let waiter): state.ready.append(.completeWaiter(Owned(adopting: waiter)))
      }
    }
  }

  /// Nothing is ready: lets the time pass until the next timer or until another thread hands in something.
  private func waitForWork() throws {
    if let deadline = state.timers.earliestDeadline {
      let now = clock.nowNanoseconds
      if deadline > now {
        if let virtualTime = clock.virtualTime {
          virtualTime.nanoseconds.store(deadline, ordering: .relaxed)
        } else {
          mailbox.waitForItems(timeout: min(deadline - now, Self.longestWait))
        }
      }
    } else {
      try waitForOtherThreads()
    }
    takePosted()
  }

  /// A day, as in asyncio: no system call is given a longer timeout.
  private static var longestWait: Int64 { 24 * 3600 * 1_000_000_000 }

  /// Runs the next entry of the turn, of which there must be one.
  @inline(__always)
  func runNextEntry() {
    state.leftInTurn &-= 1
    let entry = state.ready.removeFirst()
    if state.isTimed { runTimed(entry) } else { execute(entry) }
  }

  /// Runs an entry that has been taken out of the queue.
  @inline(__always)
  func execute(_ entry: consuming ReadyEntry) {
    switch consume entry {
    case .step(let task): task.with { step($0) }
    case .handle(let handle): run(handle)
    case .completeWaiter(let waiter): waiter.with { $0.completeIfPending() }
    case .notify(let notification):
      notification.observer.with { observer in notification.future.with { notify(observer, $0) } }
    case .foreignAwaitEnded(let step): resumeForeign(step.owned.core, step.job)
    case .childJob(let job): runGuest(job)
    }
  }

  /// For reports, which need the entry afterwards.
  func perform(_ entry: borrowing ReadyEntry) {
    switch entry {
    case .step(let task): task.with { step($0) }
    case .handle(let handle): run(handle)
    case .completeWaiter(let waiter): waiter.with { $0.completeIfPending() }
    case .notify(let notification):
      notification.observer.with { observer in notification.future.with { notify(observer, $0) } }
    case .foreignAwaitEnded(let step): resumeForeign(step.owned.core, step.job)
    case .childJob(let job): runGuest(job)
    }
  }

  @inline(__always)
  private func run(_ handle: Asyncio.Handle) {
    if handle.wasCancelled { return }
    do {
      try handle.run(on: thread.unsafelyUnwrapped)
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
  func schedule(stepOf task: Unmanaged<Asyncio.AnyFuture>) { makeReady(.step(Owned(task))) }

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
