/// A Swift task of a loop that reuses its hosts. A reusable host runs the body of one task after another.
///
/// The record lies in raw memory, as cores do, and lives until its Swift task has ended.
@usableFromInline
struct ReusableHost: ~Copyable {
  // Invariants:
  // 1. `core` is the task whose body runs or is parked on the host, and which the host keeps; nil while the host is
  //    idle.
  // 2. `continuation` is set exactly while the host is idle and among the loop's idle hosts.

  @usableFromInline var core: TaskRef?
  /// Runs the bodies, as long as their results have the same type.
  fileprivate var invoke: ErasedBody.Invoke?
  /// The ready entry that began the step, if the host has taken the entry itself. The entry keeps the task.
  var task: Owned<Asyncio.AnyFuture>?
  var continuation: ParkedContinuation?
  /// Identifies the Swift task among the jobs that are enqueued on the loop.
  var jobID = JobID.none
  var swiftTask: _Concurrency.Task<Void, any Error>?
  /// A cancellation in a foreign await has set Swift's own flag, which no other body may see.
  var isCancelled = false
  /// The Swift task runs nothing any more.
  var hasEnded = false
}

@usableFromInline typealias HostRef = RecordRef<ReusableHost>

extension HostRef {
  @usableFromInline
  func park(_ continuation: ParkedContinuation) { record.continuation = continuation }

  /// Whether the host has been given another body whose result has the same type as the last one's.
  @usableFromInline
  var goesOn: Bool {
    guard let invoke = record.invoke, let next = record.core?.record.body.invoke else { return false }
    return next.isSame(as: invoke)
  }
}

extension Asyncio.EventLoop {
  /// Keeps the body of a task for its first step, and schedules the step, or takes it at once if the loop runs.
  @usableFromInline
  func keep(_ invoke: ErasedBody.Invoke, _ core: TaskRef, eagerly: Bool) {
    core.record.body.invoke = invoke
    begin(core, eagerly: eagerly)
  }

  /// How many idle hosts are kept at most. Each takes about a kilobyte.
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
        // The closure captures nothing, and so needs no memory: the host finds its body in what the first step has set.
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

  /// The whole life of a host. The loop outlives its hosts.
  private static nonisolated(nonsending) func runHost(_ host: HostRef) async {
    while let invoke = host.record.core?.record.body.invoke {
      host.record.invoke = invoke
      await invoke.run(host)
    }
    host.record.hasEnded = true
  }

  /// Runs the body that the host has been given, and the bodies given to it later, as long as their results have this
  /// type.
  @inlinable
  static nonisolated(nonsending) func runBodies<Value>(of type: Value.Type, on host: HostRef) async {
    repeat {
      guard let core = host.record.core else { return }
      do { core.end(with: try await core.takeBody(of: Value.self).run()) } catch { core.end(throwing: error) }
      if finishBody(on: host) { unsafe await withUnsafeContinuation { host.park(unsafe ParkedContinuation($0)) } }
    } while host.goesOn
  }

  /// The body on a host has ended. Gives the host the next body, if one is next on the loop. Returns whether the host
  /// is to park and be idle; otherwise it runs that body, or ends.
  @usableFromInline
  static func finishBody(on host: HostRef) -> Bool {
    guard let core = host.record.core else { preconditionFailure("AsyncioBridge: an idle host ends a body") }
    return core.onLoop { loop in
      // An abandoned body is unwound in the middle of something else, and the creator of an eager task is waiting for
      // it.
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

  /// Gives a host that is done with one body the next body to begin, if that is the loop's next entry: the host does
  /// itself what the loop's run method would do. Without it `gather` costs 73 % more with reused hosts
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

  /// A step on a host is over. Records what became of the task that the host ran last, which need not be the task that
  /// the step began with.
  func stepDidEnd(on host: HostRef, _ context: consuming Asyncio.Context?) {
    if let core = host.record.core {
      stepDidEnd(core, context)
      host.record.task = nil
    } else if host.record.hasEnded {
      host.deinitialize()
      state.hosts.giveBack(host)
    }
  }

  /// Ends the idle hosts. The loop is closed, and runs nothing on them any more.
  func endIdleHosts() {
    while let host = state.idleHosts.popLast() {
      guard let continuation = host.record.continuation else { continue }
      host.record.continuation = nil
      if let job = capture({ continuation.resume() }) { run(job) }
      stepDidEnd(on: host, nil)
    }
  }
}
