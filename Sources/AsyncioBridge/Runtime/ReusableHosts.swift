/// A Swift task of a loop that reuses its hosts: it runs the body of one task after another.
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
  var continuation: ParkedContinuation?
  /// Identifies the Swift task among the jobs that are enqueued on the loop.
  var jobID = JobID.none
  var swiftTask: _Concurrency.Task<Void, any Error>?
  /// Swift's own flag has been set by a cancellation in a foreign await: no other body is to see that.
  var isCancelled = false
  /// The Swift task runs nothing any more.
  var hasEnded = false
}

@usableFromInline typealias HostRef = RecordRef<ReusableHost>

extension HostRef {
  @usableFromInline
  func park(_ continuation: ParkedContinuation) { record.continuation = continuation }

  /// Whether the host has been given another body, which can be run by what ran the last.
  @usableFromInline
  var goesOn: Bool {
    guard let invoke = record.invoke, let next = record.core?.record.body.invoke else { return false }
    return next.isSame(as: invoke)
  }
}

extension Asyncio.EventLoop {
  /// Keeps the body of a task for its first step, which it schedules, or takes at once if the loop runs.
  @usableFromInline
  func keep(_ invoke: ErasedBody.Invoke, _ core: TaskRef, eagerly: Bool) {
    core.record.body.invoke = invoke
    begin(core, eagerly: eagerly)
  }

  /// How many hosts are kept that have nothing to do; each takes about a kilobyte.
  private static var mostIdleHosts: Int { 1024 }

  /// Takes the first step of a task on an idle host, or on a new one.
  func beginOnHost(_ core: TaskRef) {
    let host: HostRef
    let job: CapturedJob?
    if let idle = state.idleHosts.popLast(), let continuation = idle.record.continuation {
      host = idle
      host.record.continuation = nil
      job = capture { continuation.resume() }
    } else {
      host = state.hosts.take()
      host.initialize(to: ReusableHost())
      job = capture {
        // Captures nothing, and so needs no memory: what it finds is what the first step of its task has set.
        host.record.swiftTask = _Concurrency.Task<Void, any Error>.detached(executorPreference: taskExecutor) {
          if let host = TaskRef.current.record.host { await Asyncio.EventLoop.runHost(host) }
        }
      }
      if let job { host.record.jobID = JobID(job.job) }
    }
    guard let job else { preconditionFailure("AsyncioBridge: a host enqueued no job") }
    assign(core, to: host)
    run(job, of: core)
  }

  private func assign(_ core: TaskRef, to host: HostRef) {
    core.retain()
    host.record.core = core
    core.record.host = host
    core.record.jobID = host.record.jobID
  }

  /// What a host does all its life. The loop does not go before its hosts have ended.
  private static nonisolated(nonsending) func runHost(_ host: HostRef) async {
    while let invoke = host.record.core?.record.body.invoke {
      host.record.invoke = invoke
      await invoke.run(host)
    }
    host.record.hasEnded = true
  }

  /// Runs the body that a host has been given, and those that it is given later, as long as their results have this type.
  @inlinable
  static nonisolated(nonsending) func runBodies<Value>(of type: Value.Type, on host: HostRef) async {
    repeat {
      guard let core = host.record.core else { return }
      do { core.end(with: try await core.takeBody(of: Value.self).run()) } catch { core.end(throwing: error) }
      if finishBody(on: host) { unsafe await withUnsafeContinuation { host.park(unsafe ParkedContinuation($0)) } }
    } while host.goesOn
  }

  /// The body on a host has ended. Gives it another, if one is next on the loop. Returns whether it is to park instead, and
  /// be idle; else it ends.
  @usableFromInline
  static func finishBody(on host: HostRef) -> Bool {
    guard let core = host.record.core else { preconditionFailure("AsyncioBridge: an idle host ends a body") }
    return core.onLoop { loop in
      // An abandoned body is unwound in the midst of something else, and one that starts eagerly has its creator waiting.
      let mayGoOn = loop.mayDrive && !core.record.isAbandoned
      loop.finish(core, on: host)
      if host.record.isCancelled || loop.isClosed || mayGoOn && loop.takeNextBody(host) { return false }
      if loop.state.idleHosts.count == mostIdleHosts { return false }
      loop.state.idleHosts.append(host)
      return true
    }
  }

  private func finish(_ core: TaskRef, on host: HostRef) {
    core.record.context = thread?.record.context.take()
    core.record.host = nil
    host.record.core = nil
    state.currentCore = nil
    core.release()
    host.record.task = nil
  }

  /// Gives a host that is done with one body the next that is to begin, if that comes next on the loop: the host does
  /// by itself what the loop's run method would do. Without it `gather` costs 73 % more on kept hosts
  /// (`Benchmarks/check-costs`).
  private func takeNextBody(_ host: HostRef) -> Bool {
    guard let core = nextStepWithinTask(), core.isUnstarted, let thread else { return false }
    let entry = takeNextEntry()
    switch consume entry {
    case .step(let task): host.record.task = consume task
    default: preconditionFailure("AsyncioBridge: the next entry is no step")
    }
    core.record.phase = .running
    assign(core, to: host)
    state.currentCore = core
    thread.record.context = core.record.context.take()
    return true
  }

  /// After a step on a host: what has become of the task that the host ran last, which need not be the one that it
  /// began with.
  func stepDidEnd(on host: HostRef, _ context: consuming Asyncio.Context?) {
    if let core = host.record.core {
      stepDidEnd(core, context)
      host.record.task = nil
    } else if host.record.hasEnded {
      host.deinitialize()
      state.hosts.giveBack(host)
    }
  }

  /// Ends the hosts that are idle. The loop is closed, and nothing will run on them any more.
  func endIdleHosts() {
    while let host = state.idleHosts.popLast() {
      guard let continuation = host.record.continuation else { continue }
      host.record.continuation = nil
      if let job = capture({ continuation.resume() }) { run(job) }
      stepDidEnd(on: host, nil)
    }
  }
}
