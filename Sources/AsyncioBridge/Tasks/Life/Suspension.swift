/// How far a wait has come without suspending.
@usableFromInline
enum Suspension: Equatable {
  case isOver
  /// The task's next step is arranged for, and it has to suspend until then. Which task that is can't be asked again: it may
  /// have come back from a foreign await with this.
  case mustSuspend(TaskRef)
  /// The body is abandoned, and is not to wait for anything.
  case isRefused(TaskRef)
  /// The caller is no task of the running loop.
  case isGuest

  /// Makes the caller wait until `future` is done, as far as that needs no suspension; nil: until it is its turn again, a
  /// bare `yield` in Python. A task of the running loop runs what is ready itself, until its own next step comes up.
  ///
  /// What waits without suspending is no async function, since each of those costs a frame. The caller keeps the future.
  @usableFromInline
  static func begin(for future: Unmanaged<Asyncio.AnyFuture>?) throws -> Suspension {
    guard let running = ThreadState.current.pointee.runningLoop else {
      throw future?.takeUnretainedValue().loop.isClosed == true
        ? Asyncio.cancellation : Asyncio.RuntimeError.noRunningLoop
    }
    return try running._withUnsafeGuaranteedRef { loop in
      guard let core = loop.callingCore() else { return .isGuest }
      if core.pointee.isAbandoned { return .isRefused(core) }
      if let future {
        future._withUnsafeGuaranteedRef { loop.arrangeStep(of: core, after: $0) }
        if !loop.drive(core) { return .mustSuspend(core) }
      } else if !loop.passTurn() {
        if let task = loop.keeper(of: core) { loop.makeReady(.step(task)) }
        if !loop.drive(core) { return .mustSuspend(core) }
      }
      try core.throwIfInterrupted(future?.takeUnretainedValue())
      return .isOver
    }
  }

  /// Waits for the rest of the time. Inlined, since each async function costs a frame.
  @inlinable
  @inline(__always)
  nonisolated(nonsending) func goOn(for future: Asyncio.AnyFuture?) async throws {
    if case .mustSuspend(let core) = self {
      var isParked = false
      await withUnsafeContinuation { isParked = core.park($0) }
      if isParked { return try core.endWait(for: future) }
    }
    try await goOnWithoutParking(for: future)
  }

  @usableFromInline
  nonisolated(nonsending) func goOnWithoutParking(for future: Asyncio.AnyFuture?) async throws {
    let loop = try Asyncio.EventLoop.runningOrThrow()
    switch self {
    case .isOver: break
    case .mustSuspend(let core): try await loop.suspendChild(of: core, until: future)
    case .isRefused(let core): try await loop.refuseToWait(core)
    case .isGuest: try await loop.waitAsGuest(for: future)
    }
  }
}

extension Asyncio.EventLoop {
  /// Makes the task's next step come when `future` is done, or at once, to fail, if it can't wait for that.
  @inline(__always)
  fileprivate func arrangeStep(of core: TaskRef, after future: Asyncio.AnyFuture) {
    // A body whose task is gone is abandoned and does not come here.
    guard let task = keeper(of: core) else { return }
    if future.belongs(to: self), future.core != core {
      future.add(.step(task))
      core.pointee.waiter = .passUnretained(future)
      if core.pointee.mustCancel, let task = core.task { passOnCancellation(core, task, future) }
    } else {
      refuse(core, task, future)
    }
  }

  @inline(never)
  private func passOnCancellation(_ core: TaskRef, _ task: Asyncio.AnyFuture, _ future: Asyncio.AnyFuture) {
    if future.cancel(message: task.cancelMessage) { core.pointee.mustCancel = false }
  }

  /// Arranges for a step at once that fails.
  @inline(never)
  private func refuse(_ core: TaskRef, _ owned: consuming Owned<Asyncio.AnyFuture>, _ future: Asyncio.AnyFuture) {
    let task = owned.object
    core.pointee.pendingError =
      future === task
      ? Asyncio.RuntimeError("Task cannot await on itself: \(task)")
      : Asyncio.RuntimeError("Task \(task) got Future \(future) attached to a different loop")
    makeReady(.step(owned))
  }

  /// An abandoned body gets nothing but cancellations, so that it unwinds. One that goes on for ever in spite of them
  /// is left behind where it is: there is no way to end it.
  fileprivate nonisolated(nonsending) func refuseToWait(_ core: TaskRef) async throws {
    core.pointee.refusedAwaits += 1
    if core.pointee.refusedAwaits > 100 {
      callExceptionHandler(
        Asyncio.ExceptionContext(
          message: "Task ignored that its loop was closed, and goes on awaiting: its body is left suspended for ever",
          taskName: core.pointee.name
        )
      )
      abandonSuspended(core)
      await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
    }
    throw Asyncio.cancellation
  }
}
