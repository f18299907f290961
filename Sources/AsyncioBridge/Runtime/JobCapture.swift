// Jobs that Swift's runtime enqueues on the loop's own thread.
//
// Where the library suspends a body, its host parks a continuation. To run the next step, the loop resumes the
// continuation, captures the job that the runtime then enqueues, and runs the job at once.

/// A job and the role in which it must be run.
struct CapturedJob {
  let job: UnownedJob
  let role: JobRole

  init(_ job: UnownedJob, _ role: JobRole) { (self.job, self.role) = (job, role) }

  /// The first job of a host, which was captured when the host was made. The job carries nothing but the host's
  /// identity.
  init(firstJobOf core: TaskRef) { self.init(core.record.jobID.job, .task) }
}

extension Asyncio.EventLoop {
  /// Takes in a job that was enqueued on the loop's own thread.
  @inline(__always)
  func accept(_ job: UnownedJob, _ role: JobRole) {
    let next = CapturedJob(job, role)
    if state.isCapturing {
      state.isCapturing = false
      state.captured = next
    } else {
      acceptUnexpected(next)
    }
  }

  @inline(never)
  private func acceptUnexpected(_ next: CapturedJob) {
    let id = JobID(next.job)
    let currentCore = currentCore
    if !hostedSleeps.isEmpty { sleeperDidWake(id) }
    if state.isStepwise { policy?.didEnqueue(next) }
    if let currentCore, currentCore.record.jobID == id {
      // The current host only changed executors, and continues within the same step.
      state.hop = next
    } else if let core = foreignCores.removeValue(forKey: id) {
      state.ready.append(.foreignAwaitEnded(.init(owned: OwnedTask(core), job: next)))
    } else {
      // An actor's job, or that of a yield, is no task.
      if let currentCore, !JobLayout.isAsExpected || JobLayout.isTask(next.job) { addParent(currentCore) }
      state.ready.append(.childJob(next))
    }
  }

  private func addParent(_ core: TaskRef) {
    if core.record.isAbandoned { state.unwinding.addParent(core) } else { state.pending.addParent(core) }
  }

  /// Runs `cause`, which makes the runtime enqueue one job, and returns that job.
  ///
  /// Nil if no job was enqueued: the task resumes by way of an actor that is busy elsewhere.
  @inline(__always)
  func capture(_ cause: () -> Void) -> CapturedJob? {
    state.isCapturing = true
    cause()
    state.isCapturing = false
    let job = state.captured
    state.captured = nil
    return job
  }

  @inline(__always)
  func run(_ job: CapturedJob) { state.runner.run(job.job, job.role) }
}
