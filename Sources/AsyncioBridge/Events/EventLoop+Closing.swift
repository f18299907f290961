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
  /// - Throws: ``Asyncio/RuntimeError`` if the loop is running, or from the code of a body that is being unwound, for which
  ///   this would wait.
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
      joinHosts()
      endIdleHosts()
    }
    foreignOperations?.cancelAndJoin(patience: slowShutdownDuration) { reportSlowOperations() }
    mailbox.close()
    handOnJobs()
    customTasks = CustomTasks()
    currentCustomTask = nil
    keepingObservers.letGoOthers()
  }

  /// Lets go of everything that is scheduled, and returns the runtime's jobs among it: those must be run, or their Swift
  /// tasks would leak.
  private func dropScheduled() -> Ring<ReadyEntry> {
    var calls = mailbox.refuseCalls()
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
    // Only now: what goes may have deinitialisers that call the loop, which has to find itself closed and empty.
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
      }
    }
    calls.removeAll()
    timers.removeAll()
    entries.removeAll()
    withExtendedLifetime(futures) {}
    return jobs
  }

  /// The last jobs may have enqueued others, as an actor's method does that starts a task of its own: nobody waits for them,
  /// and they are run as those are that come later.
  private func handOnJobs() {
    while !state.ready.isEmpty {
      let entry = state.ready.removeFirst()
      switch consume entry {
      case .childJob(let job): mailbox.enqueue(job.job, job.role)
      default: break
      }
    }
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

  /// The last reference to a task has gone. If the task is pending that is reported, and its body is unwound.
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
        site: task.site
      )
    )
  }

  func checkNotClosed() throws {
    if isClosed { throw Asyncio.RuntimeError.loopIsClosed }
  }
}
