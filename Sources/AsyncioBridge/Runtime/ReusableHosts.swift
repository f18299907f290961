/// A Swift task of a loop that keeps its hosts: it runs the body of one task after another.
///
/// In raw memory, as cores are. It lives until its Swift task has ended.
@usableFromInline
struct ReusableHost: ~Copyable {
  // Invariants:
  // 1. `core` is the task whose body runs, or is parked, on the host, which keeps it; nil when the host is idle.
  // 2. `continuation` is set exactly while the host is idle; it is then among the loop's idle hosts.

  @usableFromInline var core: TaskRef?
  /// What runs the bodies, as long as their results have the same type.
  fileprivate var invoke: ErasedBody.Invoke?
  /// The entry of the ready queue that began the step, if the host has taken it itself: it keeps the task.
  var task: Owned<Asyncio.AnyFuture>?
  var continuation: UnsafeContinuation<Void, Never>?
  /// Identifies the Swift task among the jobs that are enqueued on the loop.
  var jobID = JobID.none
  var swiftTask: _Concurrency.Task<Void, any Error>?
  /// Swift's own flag has been set by a cancellation in a foreign await: no other body is to see that.
  var isCancelled = false
  /// The Swift task runs nothing any more.
  var hasEnded = false
}

@usableFromInline typealias HostPointer = UnsafeMutablePointer<ReusableHost>

extension HostPointer {
  @usableFromInline
  func park(_ continuation: UnsafeContinuation<Void, Never>) { pointee.continuation = continuation }

  /// Whether the host has been given another body, which can be run by what ran the last.
  @usableFromInline
  var goesOn: Bool {
    guard let invoke = pointee.invoke, let next = pointee.core?.pointee.body.invoke else { return false }
    return next.isSame(as: invoke)
  }
}

extension Asyncio.EventLoop {
  /// Keeps the body of a task for its first step, which it schedules, or takes at once if the loop runs.
  @usableFromInline
  func keep(_ invoke: ErasedBody.Invoke, _ core: TaskRef, eagerly: Bool) {
    core.pointee.body.invoke = invoke
    begin(core, eagerly: eagerly)
  }

  /// How many hosts are kept that have nothing to do; each takes about a kilobyte.
  private static var mostIdleHosts: Int { 1024 }

  /// Takes the first step of a task on an idle host, or on a new one.
  func beginOnHost(_ core: TaskRef) {
    let host: HostPointer
    let job: CapturedJob?
    if let idle = state.idleHosts.popLast(), let continuation = idle.pointee.continuation {
      host = idle
      host.pointee.continuation = nil
      job = capture { continuation.resume() }
    } else {
      host = state.hosts.take()
      host.initialize(to: ReusableHost())
      job = capture {
        // Captures nothing, and so needs no memory: what it finds is what the first step of its task has set.
        host.pointee.swiftTask = _Concurrency.Task<Void, any Error>.detached(executorPreference: taskExecutor) {
          await Asyncio.EventLoop.runHost(TaskRef.current.pointee.host.unsafelyUnwrapped)
        }
      }
      if let job { host.pointee.jobID = JobID(job.job) }
    }
    guard let job else { preconditionFailure("AsyncioBridge: a host enqueued no job") }
    assign(core, to: host)
    run(job, of: core)
  }

  private func assign(_ core: TaskRef, to host: HostPointer) {
    core.retain()
    host.pointee.core = core
    core.pointee.host = host
    core.pointee.jobID = host.pointee.jobID
  }

  /// What a host does all its life. The loop does not go before its hosts have ended.
  private static nonisolated(nonsending) func runHost(_ host: HostPointer) async {
    while let invoke = host.pointee.core?.pointee.body.invoke {
      host.pointee.invoke = invoke
      await invoke.run(host)
    }
    host.pointee.hasEnded = true
  }

  /// Runs the body that a host has been given, and those that it is given later, as long as their results have this type.
  @inlinable
  static nonisolated(nonsending) func runBodies<Value>(of type: Value.Type, on host: HostPointer) async {
    repeat {
      let core = host.pointee.core.unsafelyUnwrapped
      do { core.end(with: try await core.takeBody(of: Value.self).run()) } catch { core.end(throwing: error) }
      if finishBody(on: host) { await withUnsafeContinuation { host.park($0) } }
    } while host.goesOn
  }

  /// The body on a host has ended. Gives it another, if one is next on the loop. Returns whether it is to park instead, and
  /// be idle; else it ends.
  @usableFromInline
  static func finishBody(on host: HostPointer) -> Bool {
    let core = host.pointee.core.unsafelyUnwrapped
    return core.pointee.loop._withUnsafeGuaranteedRef { loop in
      // An abandoned body is unwound in the midst of something else, and one that starts eagerly has its creator waiting.
      let mayGoOn = loop.mayDrive && !core.pointee.isAbandoned
      loop.finish(core, on: host)
      if host.pointee.isCancelled || loop.isClosed || mayGoOn && loop.takeNextBody(host) { return false }
      if loop.state.idleHosts.count == mostIdleHosts { return false }
      loop.state.idleHosts.append(host)
      return true
    }
  }

  private func finish(_ core: TaskRef, on host: HostPointer) {
    core.pointee.context = thread.unsafelyUnwrapped.pointee.context.take()
    core.pointee.host = nil
    host.pointee.core = nil
    state.currentCore = nil
    core.release()
    host.pointee.task = nil
  }

  /// Gives a host that is done with one body the next that is to begin, if that comes next on the loop.
  ///
  /// The host does by itself what the loop's run method would do; see `drive(_:)`, which this resembles.
  private func takeNextBody(_ host: HostPointer) -> Bool {
    while state.escapingError == nil {
      if state.leftInTurn == 0, !beginTurnWithoutWaiting() { return false }
      if !state.ready.first.mayRunWithinTask { return false }
      if let core = state.ready.first.steppedCore {
        if !core.pointee.hasBody || core.task?.state != .pending { return false }
        state.leftInTurn &-= 1
        if case .step(let task) = state.ready.removeFirst() { host.pointee.task = consume task }
        core.pointee.waiter = nil
        assign(core, to: host)
        state.currentCore = core
        thread.unsafelyUnwrapped.pointee.context = core.pointee.context.take()
        return true
      }
      runNextEntry()
    }
    return false
  }

  /// After a step on a host: what has become of the task that the host ran last, which need not be the one that it
  /// began with.
  func leave(_ host: HostPointer, _ context: consuming Asyncio.Context?) {
    if let core = host.pointee.core {
      leave(core, context)
      host.pointee.task = nil
    } else if host.pointee.hasEnded {
      host.deinitialize(count: 1)
      state.hosts.giveBack(host)
    }
  }

  /// Ends the hosts that are idle. The loop is closed, and nothing will run on them any more.
  func endIdleHosts() {
    while let host = state.idleHosts.popLast() {
      guard let continuation = host.pointee.continuation else { continue }
      host.pointee.continuation = nil
      if let job = capture({ continuation.resume() }) { run(job) }
      leave(host, nil)
    }
  }
}
