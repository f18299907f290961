// How a body waits: it arranges for its task's next step, drives the loop until that step comes up, and suspends if it
// must.

/// How far a wait has come without suspending.
@usableFromInline
enum Suspension: Equatable {
  case isOver
  /// The task's next step is arranged for, and the task has to suspend until then. The task is a payload because it
  /// can't be determined again: arranging may have ended its foreign await.
  case mustSuspend(TaskRef)
  /// The body is abandoned, and must not wait for anything.
  case isAbandoned(TaskRef)
  /// The caller is not a task of the running loop, but a child of one, or code of an actor.
  case isChild

  /// Makes the caller wait until `future` is done, as far as that needs no suspension. Nil is a wait for the caller's
  /// next turn, a bare `yield` in Python. A task of the running loop runs ready entries itself, until its own next step
  /// comes up.
  ///
  /// Waiting without suspension happens outside of async functions, each of which costs a frame. The caller keeps the
  /// future.
  @usableFromInline
  static func begin(for future: Unretained<Asyncio.AnyFuture>?) throws -> Suspension {
    guard let running = ThreadState.current.record.runningLoop else {
      throw future?.object.loop.isClosed == true ? Asyncio.cancellation : Asyncio.RuntimeError.noRunningLoop
    }
    return try running.with { loop in
      if future == nil, loop.passTurn() { return .isOver }
      guard let core = loop.waitingCore() else { return .isChild }
      if core.record.isAbandoned { return .isAbandoned(core) }
      if let future {
        future.with { loop.arrangeStep(of: core, after: $0) }
      } else if let task = loop.takeKeeper(of: core) {
        loop.makeReady(.step(task))
      }
      if !loop.drive(core) { return .mustSuspend(core) }
      try core.throwIfInterrupted(future?.object)
      return .isOver
    }
  }

  /// Waits for the rest of the time. Inlined, since each async function costs a frame.
  @inlinable
  @inline(__always)
  nonisolated(nonsending) func finishWaiting(for future: Asyncio.AnyFuture?) async throws {
    if case .mustSuspend(let core) = self {
      // The core keeps the continuation until the next step resumes it.
      unsafe await withUnsafeContinuation { core.park(unsafe ParkedContinuation($0)) }
      return try core.endWait(for: future)
    }
    try await finishWithoutParking(for: future)
  }

  @usableFromInline
  nonisolated(nonsending) func finishWithoutParking(for future: Asyncio.AnyFuture?) async throws {
    let loop = try Asyncio.EventLoop.runningOrThrow()
    switch self {
    case .isOver: break
    case .mustSuspend: break
    case .isAbandoned(let core): try await loop.cancelAwait(ofAbandoned: core)
    case .isChild: try await loop.waitAsChild(for: future)
    }
  }
}

extension TaskRef {
  /// The body suspends, and its next step resumes it.
  @usableFromInline
  func park(_ continuation: ParkedContinuation) {
    #if DEBUG
      precondition(
        continuation.jobID == record.jobID && isRunning,
        "AsyncioBridge: task '\(record.name)' suspends on a Swift task that is not its host"
      )
    #endif
    record.phase = .parked(continuation)
    checkInvariants()
  }
}

extension Asyncio.EventLoop {
  // MARK: Arranging

  /// The task whose body is about to wait; nil for a child task. A child begun within its parent's step
  /// (`Task.immediate`, `addImmediateTask`) differs from its parent in nothing but its Swift task.
  @inline(__always)
  func waitingCore() -> TaskRef? {
    if state.runsActorJob { return identifyCaller() }
    guard let core = state.currentCore, JobID.current == core.record.jobID else { return nil }
    return core
  }

  /// Schedules the task's next step for when `future` is done. If the task can't wait for `future`, the step comes at
  /// once and fails.
  @inline(__always)
  fileprivate func arrangeStep(of core: TaskRef, after future: Asyncio.AnyFuture) {
    // A body whose task is gone is abandoned, and does not come here.
    guard let task = takeKeeper(of: core) else { return }
    if future.belongs(to: self), future.core != core {
      future.add(.step(task))
      core.record.waiter = Unretained(future)
      if core.record.mustCancel, let task = core.task { passOnCancellation(core, task, future) }
    } else {
      failNextStep(of: core, task, awaiting: future)
    }
  }

  @inline(never)
  private func passOnCancellation(_ core: TaskRef, _ task: Asyncio.AnyFuture, _ future: Asyncio.AnyFuture) {
    if future.cancel(message: task.cancelMessage) { core.record.mustCancel = false }
  }

  /// Schedules a step at once that fails.
  @inline(never)
  private func failNextStep(
    of core: TaskRef,
    _ owned: consuming Owned<Asyncio.AnyFuture>,
    awaiting future: Asyncio.AnyFuture
  ) {
    let task = owned.object
    core.record.pendingError =
      future === task
      ? Asyncio.RuntimeError("Task cannot await on itself: \(task)")
      : Asyncio.RuntimeError("Task \(task) got Future \(future) attached to a different loop", code: .wrongLoop)
    makeReady(.step(owned))
  }

  /// The reference that keeps a task while it waits: the keeper of its foreign await, moved on, or a new reference. Nil
  /// if the task is gone.
  @inline(__always)
  fileprivate func takeKeeper(of core: TaskRef) -> Owned<Asyncio.AnyFuture>? {
    if core.isForeign { return foreignAwaitDidEnd(core) }
    return core.record.task.map { Owned($0) }
  }

  // MARK: Driving

  /// How many tasks may drive the loop at a time, each on top of the other's stack.
  static var deepestDrive: Int { 4 }

  /// Runs ready entries for a task that has arranged for its own next step, until that step is next. Driving saves most
  /// of what a step costs, and changes nothing about the order of execution.
  ///
  /// Its share: if no task ever drives, `lock` costs twice as much, `ppqueue` and `ppevent` 38 % more, `spawnawait` 35
  /// %, `queue100` 15 %, and `gather` the same (`Benchmarks/check-costs`).
  ///
  /// - Returns: true if the step is next: the caller continues as the step. False if the caller must really suspend:
  ///   the loop has to wait or to return to its run method; the next entry is user code that must not run within a task
  ///   (its task-locals and its Swift task would be the driver's); or the next entry is the step of a task that drives
  ///   further down on the stack.
  @inline(__always)
  fileprivate func drive(_ core: TaskRef) -> Bool {
    mayDrive && driveNow(core)
  }

  /// For a task that gives up a turn: begins and ends that turn if nothing else can take part in it. Without it
  /// `sleep0` costs 118 % more (`Benchmarks/check-costs`).
  @inline(__always)
  fileprivate func passTurn() -> Bool {
    guard state.ready.isEmpty, state.timers.isEmpty, !mailbox.hasItems, mayDrive, mayBeginTurn,
      state.escapingError == nil, let core = state.currentCore, !core.record.isInterrupted
    else { return false }
    state.turnCount &+= 1
    return true
  }

  /// Whether a task may take entries of the ready queue at all.
  @inline(__always)
  var mayDrive: Bool { state.driveDepth < Self.deepestDrive && !state.isStepwise && !state.runsActorJob }

  private func driveNow(_ core: TaskRef) -> Bool {
    let current = state.currentCore
    state.currentCore = nil
    state.driveDepth &+= 1
    core.record.phase = .driving
    defer {
      core.record.phase = .running
      state.driveDepth &-= 1
      state.currentCore = current
    }
    while let next = nextStepWithinTask() {
      if next == core {
        core.record.waiter = nil
        // The task is kept by whoever runs the driver's first step.
        _ = takeNextEntry()
        return true
      }
      if next.isDriving { return false }
      runNextEntry()
    }
    return false
  }
}
