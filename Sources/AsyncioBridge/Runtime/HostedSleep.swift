#if os(Linux)
  @_spi(ExperimentalCustomExecutors) @_spi(ExperimentalScheduling) import _Concurrency
#endif

/// A sleep of Swift's own (`Task.sleep`, `ContinuousClock().sleep`, …) of a Swift task that prefers a virtual loop: a
/// timer of the loop ends it.
///
/// Swift does not say when a sleep is cancelled: the sleeper is simply resumed. So the loop remembers who sleeps.
final class HostedSleep {
  /// What the runtime asks for.
  struct Request: Sendable {
    let sleeper: JobID
    /// The runtime's job that ends the sleep.
    let end: UnownedJob
    let nanoseconds: Int64
  }

  let sleeper: JobID
  private var end: CapturedJob?

  init(_ request: Request) {
    sleeper = request.sleeper
    end = CapturedJob(request.end, .sleepEnd)
  }

  /// Whether its end is on its way, or has been: the timer is none any more.
  var isOver: Bool { end == nil }

  /// The job that ends the sleep. It must be run, even if the sleep was cancelled: nothing else frees its memory.
  func takeEnd() -> CapturedJob? { end.take() }

  /// Runs the job that ends a sleep. It belongs to no executor: with none it resumes the sleeper at once, where with
  /// the loop's it would hop to Swift's pool first.
  static func run(_ end: UnownedJob) {
    unsafe end.runSynchronously(on: unsafeBitCast((UInt(0), UInt(0)), to: UnownedSerialExecutor.self))
  }
}

extension Asyncio.EventLoop {
  /// Sets the timer of a sleep.
  func accept(_ request: HostedSleep.Request) {
    let sleep = HostedSleep(request)
    policy?.didEnqueue(CapturedJob(request.end, .sleepEnd))
    if isClosed { return end(sleep) }
    hostedSleeps[request.sleeper] = sleep
    state.timers.insert(.sleep(sleep), deadline: clock.nowNanoseconds.addingClamped(request.nanoseconds))
  }

  func end(_ sleep: HostedSleep) {
    hostedSleeps[sleep.sleeper] = nil
    if let job = sleep.takeEnd() { state.ready.append(.childJob(job)) }
  }

  /// A job of the Swift task is there: if the task sleeps, the sleep has been cancelled.
  func sleeperDidWake(_ sleeper: JobID) {
    guard let sleep = hostedSleeps[sleeper] else { return }
    end(sleep)
    state.timers.didCancel()
  }
}

#if os(Linux)
  /// What makes Swift's runtime ask the loop for sleeps: interface that may change with the toolchain. Where it is
  /// missing, sleeps go to Swift's pool, and take real time.
  @_spi(ExperimentalScheduling)
  extension LoopTaskExecutor: SchedulingExecutor {
    /// Takes the end of a sleep from Swift's runtime, on the sleeper's thread.
    public func enqueue<C: Clock>(
      _ job: consuming ExecutorJob,
      after delay: C.Duration,
      tolerance: C.Duration?,
      clock: C
    ) {
      if mailbox.isVirtual, let delay = delay as? Duration {
        let sleep = HostedSleep.Request(
          sleeper: .current,
          end: UnownedJob(job),
          nanoseconds: delay.nanosecondsRoundedUp
        )
        mailbox.enqueue(sleep)
      } else if let executor = _Concurrency.Task<Never, Never>.defaultExecutor as? any SchedulingExecutor {
        executor.enqueue(job, after: delay, tolerance: tolerance, clock: clock)
      }
    }
  }
#endif
