// A task that is about to suspend runs the loop itself, on its own stack, until its own next step comes up: then it need
// not suspend at all. This saves most of what a step costs, and changes nothing about the order of what runs.

extension Asyncio.EventLoop {
  /// How many tasks may drive the loop at a time, each on the stack of the one before.
  static var deepestDrive: Int { 4 }

  /// Runs what is ready, for a task that has arranged for its own next step, until that step is next.
  ///
  /// - Returns: true if it is: the caller goes on as the step. False if the caller must really suspend: the loop has
  ///   to wait or to return to its run method; what is next is code of the user's that must not run within a task (its
  ///   task-locals and its Swift task would be the driver's); or it is the step of a task that drives further down on the
  ///   stack.
  @inline(__always)
  func drive(_ core: TaskRef) -> Bool {
    mayDrive && driveNow(core)
  }

  /// For a task that gives up a turn: begins and ends that turn if nothing at all can have a part in it.
  @inline(__always)
  func passTurn() -> Bool {
    guard state.ready.isEmpty, state.timers.isEmpty, !mailbox.hasItems, mayDrive, mayBeginTurn,
      state.escapingError == nil
    else { return false }
    state.turnCount &+= 1
    return true
  }

  /// Whether a task may take entries of the ready queue at all.
  @inline(__always)
  var mayDrive: Bool { state.driveDepth < Self.deepestDrive && !state.isTimed && !state.runsActorJob }

  private func driveNow(_ core: TaskRef) -> Bool {
    let current = state.currentCore
    state.currentCore = nil
    state.driveDepth &+= 1
    core.pointee.isDriving = true
    defer {
      core.pointee.isDriving = false
      state.driveDepth &-= 1
      state.currentCore = current
    }
    while state.escapingError == nil {
      if state.leftInTurn == 0, !beginTurnWithoutWaiting() { return false }
      let next: TaskRef?
      switch state.ready.first {
      case .step(let task):
        let core = task.with { $0.core.unsafelyUnwrapped }
        if core.pointee.isDriving, task.with({ $0.state != .pending }) { return false }
        next = core
      case let entry:
        if !entry.mayRunWithinTask { return false }
        next = nil
      }
      if next == core {
        state.leftInTurn &-= 1
        core.pointee.waiter = nil
        // Whoever runs the driver's first step keeps the task.
        _ = state.ready.removeFirst()
        return true
      }
      if let next, next.pointee.isDriving { return false }
      runNextEntry()
    }
    return false
  }
}
