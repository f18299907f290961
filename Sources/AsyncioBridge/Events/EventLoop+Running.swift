import Synchronization

extension Asyncio.EventLoop {
  // MARK: Running

  /// Runs the loop until ``stop()`` is called. `loop.run_forever()`.
  /// - Throws: ``Asyncio/RuntimeError`` if the loop is closed or running, or another loop runs on this thread; a
  ///   ``Asyncio/BaseError`` that leaves a task or callback; on a virtual clock ``Asyncio/DeadlockError`` when nothing is left
  ///   to do; ``Asyncio/TurnLimitError``.
  @available(*, noasync, message: "this blocks the thread: use 'try await Asyncio.run' from async code")
  public func runForever() throws {
    try checkCanRun()
    try whileRunning {
      isRunning = true
      defer {
        isRunning = false
        state.isStopping = false
      }
      repeat {
        try beginTurn()
        while state.leftInTurn > 0 {
          runNextEntry()
          if state.escapingError != nil { try throwEscapingError() }
        }
      } while !state.isStopping
    }
  }

  private func checkCanRun() throws {
    try checkNotClosed()
    if isRunning { throw Asyncio.RuntimeError("This event loop is already running") }
    if Asyncio.EventLoop.running != nil {
      throw Asyncio.RuntimeError("Cannot run the event loop while another loop is running")
    }
  }

  /// Runs the loop until `future` is done, and returns its value. `loop.run_until_complete()`.
  ///
  /// The turn in which the future's callbacks are called is run to its end.
  /// - Throws: what the future failed with; ``Asyncio/RuntimeError`` if the loop is stopped before, and what
  ///   ``runForever()`` throws; ``Asyncio/DeadlockError``, in real time too, if nothing is left to wake the loop;
  ///   ``Asyncio/ValueError`` if the future belongs to another loop.
  @available(*, noasync, message: "this blocks the thread: use 'try await Asyncio.run' from async code")
  public func runUntilComplete<Value>(_ future: Asyncio.Future<Value>) throws -> Value {
    try Asyncio.checkLoop(of: future, is: self)
    return try runUntilComplete(future, isOwn: false)
  }

  /// Runs the loop until `body`, as a task of its own, is done, and returns its result. `loop.run_until_complete()`.
  /// - Throws: what the body throws, and what ``runUntilComplete(_:)`` throws.
  @available(*, noasync, message: "this blocks the thread: use 'try await Asyncio.run' from async code")
  public func runUntilComplete<Value>(
    name: String? = nil,
    fileID: StaticString = #fileID,
    line: UInt = #line,
    _ body: nonisolated(nonsending) @escaping () async throws -> Value
  ) throws -> Value {
    // Before there is a task, which would run although nobody waits for it.
    try checkCanRun()
    let task = try createTask(name: name, fileID: fileID, line: line, body)
    task.core?.pointee.reportsDestruction = false
    return try runUntilComplete(task, isOwn: true)
  }

  private func runUntilComplete<Value>(_ future: Asyncio.Future<Value>, isOwn: Bool) throws -> Value {
    let observer = StopWhenDone()
    future.add(.observer(observer))
    let outer = mainFuture
    mainFuture = future
    defer {
      mainFuture = outer
      future.remove(observer)
    }
    do {
      try runForever()
    } catch {
      // The error of a task that nobody else can see leaves here, or is replaced by what left the loop.
      if isOwn { future.hasUnretrievedError = false }
      throw error
    }
    guard future.isDone else { throw Asyncio.RuntimeError("Event loop stopped before Future completed.") }
    return try future.result()
  }

  /// Runs the loop until nothing is ready and no timer is set. For loops on a virtual clock.
  ///
  /// asyncio has no such method: its loops block when they are idle.
  /// - Throws: what ``runForever()`` throws, except for ``Asyncio/DeadlockError``, which is how this ends.
  @available(*, noasync, message: "this blocks the thread: use 'try await Asyncio.run' from async code")
  public func runUntilIdle() throws {
    do { try runForever() } catch is Asyncio.DeadlockError {}
  }

  /// Makes the run method return at the end of the current turn. `loop.stop()`.
  ///
  /// Callbacks of the current turn still run; what they schedule stays for the next run of the loop.
  public func stop() { state.isStopping = true }

  // MARK: A turn

  /// Waits until there is something to run, and determines which entries this turn runs.
  private func beginTurn() throws {
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
  private func takePosted() {
    // Within a step too; none of it is the doing of the task that runs.
    let current = state.currentCore
    state.currentCore = nil
    defer { state.currentCore = current }
    mailbox.takeItems(&state.posted)
    while !state.posted.isEmpty {
      switch state.posted.removeFirst() {
      case .job(let job, let role): accept(job, role)
      case .call(let call, let number):
        state.ready.append(.handle(.passRetained(PostedHandle(call, number: number, isDebug: isDebug))))
      }
    }
  }

  private func takeDueTimers() {
    let now = clock.nowNanoseconds
    while let timer = state.timers.takeFirst(dueAt: now) {
      switch timer {
      case .handle(let handle): state.ready.append(.handle(.fromOpaque(handle.toOpaque())))
      case .waiter(let waiter): state.ready.append(.complete(waiter))
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

  /// Runs an entry that has been taken out of the queue, and releases it.
  func execute(_ entry: ReadyEntry) {
    switch entry {
    case .step(let task):
      task._withUnsafeGuaranteedRef { step($0) }
      task.drop()
    case .handle(let handle):
      handle._withUnsafeGuaranteedRef { run($0) }
      handle.release()
    case .complete(let waiter):
      waiter._withUnsafeGuaranteedRef { $0.completeIfPending() }
      waiter.drop()
    case .notify(let observer, let future):
      observer._withUnsafeGuaranteedRef { observer in
        future._withUnsafeGuaranteedRef { future in notify(observer, future) }
      }
      entry.release()
    case .resume(let core, let job):
      resumeForeign(core, job)
      core.release()
    case .job(let job): runGuest(job)
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

  private func throwEscapingError() throws {
    guard let error = state.escapingError else { return }
    state.escapingError = nil
    throw error
  }

  // MARK: Scheduling

  /// Puts an entry behind all that is ready, what other threads have handed in by now included.
  @inline(__always)
  func makeReady(_ entry: ReadyEntry) {
    if mailbox.hasItems { takePosted() }
    state.ready.append(entry)
  }

  @inline(__always)
  func schedule(stepOf task: Unmanaged<Asyncio.AnyFuture>) { makeReady(.step(task.hold())) }

  /// Schedules what a completed future has to call.
  func schedule(_ callback: FutureCallback, for future: Asyncio.AnyFuture) {
    if isClosed { return callback.release() }
    switch callback {
    case .step(let task): makeReady(.step(task))
    case .notify(let observer): makeReady(.notify(observer, .passUnretained(future).hold()))
    case .complete(let waiter): makeReady(.complete(waiter))
    }
  }

  // MARK: Closing

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
    let jobs = dropScheduled()
    executor?.shutdown()
    executor = nil
    for task in pendingTasks {
      guard let core = task.core, task.state == .pending else { continue }
      if core.pointee.reportsDestruction { reportDestruction(of: task, core) }
      unwind(core)
    }
    whileRunning {
      for guest in guests { guest.abandon() }
      for job in jobs { execute(job) }
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
  private func dropScheduled() -> [ReadyEntry] {
    let calls = mailbox.refuseCalls()
    var entries: [ReadyEntry] = []
    var jobs: [ReadyEntry] = []
    while !state.ready.isEmpty {
      let entry = state.ready.removeFirst()
      switch entry {
      case .resume, .job: jobs.append(entry)
      default: entries.append(entry)
      }
    }
    let timers = state.timers.takeAll()
    let futures = (outstanding, exported)
    outstanding = [:]
    exported = [:]
    // Only now: what goes may have deinitialisers that call the loop, which has to find itself closed and empty.
    for case .handle(let handle) in entries { handle.takeUnretainedValue().dropAction() }
    for case .handle(let handle) in timers.map(\.timer) { handle.takeUnretainedValue().dropAction() }
    for entry in entries { entry.release() }
    for entry in timers { entry.timer.release() }
    withExtendedLifetime((futures, calls)) {}
    return jobs
  }

  /// Runs what bodies still have to do until all have ended.
  private func joinHosts() {
    var patience = Patience(slowShutdownDuration)
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

  func reportDestruction(of task: Asyncio.AnyFuture, _ core: CorePointer) {
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

/// Stops the loop when the future is done that it runs for.
private final class StopWhenDone: FutureObserver {
  override func futureDidComplete(_ future: Asyncio.AnyFuture) {
    if !future.isCancelled {
      future.hasUnretrievedError = false
      // It has left the loop already.
      if future.error is any Asyncio.BaseError { return }
    }
    future.loop.stop()
  }
}

extension Asyncio.RuntimeError {
  static var loopIsClosed: Self { Self("Event loop is closed") }
  static var noRunningLoop: Self {
    Self("no running event loop: call this from a task or callback of an Asyncio.EventLoop, as within Asyncio.run")
  }
}
