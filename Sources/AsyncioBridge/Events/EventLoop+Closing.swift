extension Asyncio.EventLoop {
  /// Closes the loop: it will run nothing any more. `loop.close()`. Closing it again does nothing.
  ///
  /// Tasks that are still pending are reported ("Task was destroyed but it is pending!"), and their bodies are
  /// unwound: the await they are suspended in, and every later one, throws `CancellationError`. Foreign operations are
  /// cancelled and waited for; so are bodies that are in an await of something else. The default executor is told to
  /// take no more work, and not waited for. This does not return while a child task (`async let`, task group) goes on in
  /// spite of its cancellations.
  ///
  /// What never was done is released: the loop lets go of the callbacks of futures that are pending.
  /// - Throws: ``Asyncio/RuntimeError`` if the loop is running.
  public func close() throws {
    if isRunning { throw Asyncio.RuntimeError("Cannot close a running event loop") }
    if isClosed { return }
    tearDown()
  }

  func tearDown() {
    isClosed = true
    var jobs = dropScheduled()
    executor?.shutdown()
    executor = nil
    for task in pendingTasks {
      guard let core = task.core, task.state == .pending else { continue }
      if core.pointee.reportsDestruction { reportDestruction(of: task, core) }
      unwind(core)
    }
    whileRunning {
      for guest in waitingChildren { guest.abandon() }
      while !jobs.isEmpty { execute(jobs.removeFirst()) }
      joinHosts()
      endIdleHosts()
    }
    foreignOperations?.cancelAndJoin(patience: slowShutdownDuration) { reportSlowOperations() }
    mailbox.close()
    customTasks = []
    currentCustomTask = nil
    keepingObservers.letGoOthers()
  }

  /// Lets go of everything that is scheduled, and returns the runtime's jobs among it: those must be run, or their Swift
  /// tasks would leak.
  private func dropScheduled() -> Ring<ReadyEntry> {
    let calls = mailbox.refuseCalls()
    var entries = Ring<ReadyEntry>()
    var jobs = Ring<ReadyEntry>()
    while !state.ready.isEmpty {
      let entry = state.ready.removeFirst()
      if entry.isJob { jobs.append(entry) } else { entries.append(entry) }
    }
    let timers = state.timers.takeAll()
    let futures = (futuresCompletedElsewhere, futuresAwaitedElsewhere)
    futuresCompletedElsewhere = [:]
    futuresAwaitedElsewhere = [:]
    // Only now: what goes may have deinitialisers that call the loop, which has to find itself closed and empty.
    entries.forEach { entry in
      switch entry {
      case .handle(let handle): handle.dropAction()
      default: break
      }
    }
    for case .handle(let handle) in timers.map(\.timer) { handle.takeUnretainedValue().dropAction() }
    for entry in timers { entry.timer.release() }
    _ = consume entries
    withExtendedLifetime((futures, calls)) {}
    return jobs
  }

  /// Runs what bodies still have to do until all have ended.
  private func joinHosts() {
    var patience = GracePeriod(slowShutdownDuration)
    while hostCount > 0 {
      takePosted()
      if state.ready.isEmpty {
        mailbox.waitForItems(timeout: patience.nanosecondsLeft)
        if patience.ends() { reportSlowBodies() }
      } else {
        execute(state.ready.removeFirst())
      }
    }
  }

  func reportDestruction(of task: Asyncio.AnyFuture, _ core: TaskRef) {
    core.pointee.reportsDestruction = false
    callExceptionHandler(
      Asyncio.ExceptionContext(
        message: "Task was destroyed but it is pending!",
        subject: task.describe(),
        taskName: core.pointee.name,
        site: task.site
      )
    )
  }

  func checkNotClosed() throws {
    if isClosed { throw Asyncio.RuntimeError.loopIsClosed }
  }
}
