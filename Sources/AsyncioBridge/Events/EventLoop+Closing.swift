extension Asyncio.EventLoop {
  /// Closes the loop, which then runs nothing any more. `loop.close()`. Closing a closed loop does nothing.
  ///
  /// Tasks that are still pending are reported ("Task was destroyed but it is pending!") and their bodies are unwound:
  /// the await in which a body is suspended, and every later one, throws `CancellationError`. Foreign operations are
  /// cancelled and joined; bodies in a foreign await are waited for too. The default executor is told to take no more
  /// work, and is not waited for. `close()` does not return while a child task (`async let`, task group) continues in
  /// spite of its cancellations.
  ///
  /// The loop releases the callbacks of futures that are still pending.
  /// - Throws: ``Asyncio/RuntimeError`` if the loop is running, or if the caller is a body being unwound, which
  ///   `close()` would wait for.
  public func close() throws {
    checkThread()
    if isRunning {
      throw Asyncio.RuntimeError("Cannot close a running event loop: stop it first", code: .loopIsRunning)
    }
    if isClosed { return }
    if state.unwindingDepth > 0 {
      throw Asyncio.RuntimeError("Cannot close an event loop from a task that is being destroyed: close it afterwards")
    }
    tearDown()
  }

  func tearDown() {
    isClosed = true
    var jobs = dropScheduled()
    executor?.shutdown()
    executor = nil
    for task in pendingTasks {
      guard let core = task.core, task.state == .pending else { continue }
      if core.record.reportsDestruction { reportDestruction(of: task, core) }
      unwind(core)
    }
    whileRunning {
      for child in waitingChildren { child.abandon() }
      while !jobs.isEmpty { execute(jobs.removeFirst()) }
      if isExplored { joinHostsOrAbandon() } else { joinHosts() }
      endIdleHosts()
    }
    foreignOperations?.cancelAndJoin(patience: slowShutdownDuration) { reportSlowOperations() }
    mailbox.close()
    handOnJobs()
    customTasks = CustomTasks()
    currentCustomTask = nil
    keepingObservers.letGoOthers()
  }

  /// Releases everything that is scheduled, except the runtime's jobs, which are returned: they must be run, or their
  /// Swift tasks would leak.
  private func dropScheduled() -> Ring<ReadyEntry> {
    var calls = mailbox.stopTakingCalls()
    var entries = Ring<ReadyEntry>()
    var jobs = Ring<ReadyEntry>()
    while !state.ready.isEmpty {
      let entry = state.ready.removeFirst()
      if entry.isJob { jobs.append(entry) } else { entries.append(entry) }
    }
    var timers = state.timers.takeAll()
    let futures = (futuresCompletedElsewhere, futuresAwaitedElsewhere)
    futuresCompletedElsewhere = [:]
    futuresAwaitedElsewhere = [:]
    // Their ends are among the timers. Whoever wakes from now on has no timer to cancel.
    hostedSleeps = [:]
    // Released last, since deinitialisers may call the loop, which must then be closed and empty.
    entries.forEach { entry in
      switch entry {
      case .handle(let handle): handle.dropAction()
      default: break
      }
    }
    timers.forEach { timer in
      switch timer {
      case .handle(let handle): handle.dropAction()
      case .waiter: break
      case .sleep(let sleep): sleep.takeEnd().map { jobs.append(.childJob($0)) }
      }
    }
    calls.removeAll()
    timers.removeAll()
    entries.removeAll()
    withExtendedLifetime(futures) {}
    return jobs
  }

  /// The last jobs may have enqueued others, as an actor's method does by starting a task of its own. Nobody waits for
  /// these jobs, and they run as jobs that arrive after the close do.
  private func handOnJobs() {
    while !state.ready.isEmpty {
      let entry = state.ready.removeFirst()
      switch consume entry {
      case .childJob(let job): mailbox.enqueue(job.job, job.role)
      default: break
      }
    }
  }

  /// Runs what the bodies still have to do, until all bodies have ended.
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

  /// Runs what bodies still have to do, on a loop that is explored: nothing will come from elsewhere, and a body may go
  /// on without end. Bodies that have not ended after so many entries are abandoned, and so are the jobs that are left.
  private func joinHostsOrAbandon() {
    var entryCount = 0
    while hostCount > 0, entryCount < Self.mostEntriesAfterClose {
      takePosted()
      if state.ready.isEmpty { break }
      execute(state.ready.removeFirst())
      entryCount += 1
    }
    mailbox.abandon()
    if hostCount > 0 { abandonAllSuspended() }
    state.ready.removeAll()
  }

  private static var mostEntriesAfterClose: Int { 10_000 }

  /// The last reference to a task has gone. A pending task is reported, and its body is unwound.
  func taskDidGo(_ task: Asyncio.AnyFuture, _ core: TaskRef) {
    core.record.task = nil
    state.unwindingDepth += 1
    if task.state == .pending, core.record.reportsDestruction { reportDestruction(of: task, core) }
    if !core.hasEnded { unwind(core) }
    state.unwindingDepth -= 1
  }

  private func reportDestruction(of task: Asyncio.AnyFuture, _ core: TaskRef) {
    core.record.reportsDestruction = false
    callExceptionHandler(
      Asyncio.ExceptionContext(
        message: "Task was destroyed but it is pending!",
        subject: .future(FutureSummary(of: task)),
        taskName: core.record.name,
        site: task.site,
        subjectsContext: core.requireContext()
      )
    )
  }

  func checkNotClosed() throws {
    if isClosed { throw Asyncio.RuntimeError.loopIsClosed }
  }
}
