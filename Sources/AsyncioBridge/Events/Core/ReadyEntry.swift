/// What waits in the loop's ready queue.
///
/// An entry owns what it refers to. Nothing is counted when one is copied: whoever takes it out of the queue releases
/// it when it has been run.
enum ReadyEntry {
  /// The next step of a task, or its first.
  case step(Unmanaged<Asyncio.AnyFuture>)
  case handle(Unmanaged<Asyncio.Handle>)
  /// Tells an observer that a future is done.
  case notify(Unmanaged<FutureObserver>, Unmanaged<Asyncio.AnyFuture>)
  /// Completes what an operation of the library's waits for, unless it is done.
  case complete(Unmanaged<WaiterFuture>)
  /// The next step of a task whose foreign await has ended.
  case resume(CorePointer, CapturedJob)
  /// A guest: a job of Swift's runtime that belongs to none of the loop's tasks, as those of their child tasks.
  case job(CapturedJob)

  /// Whether it may run within a task, which runs the loop: not what may run code of the user's, or is a job of Swift's;
  /// that would have the task's task-locals, and be its Swift task.
  var mayRunWithinTask: Bool {
    switch self {
    case .step, .complete: true
    case .notify(let observer, _): observer._withUnsafeGuaranteedRef { !$0.mayRunUserCode }
    case .handle(let handle): handle._withUnsafeGuaranteedRef { !$0.mayRunUserCode }
    case .resume, .job: false
    }
  }

  func retain() {
    switch self {
    case .step(let task): _ = task.hold()
    case .handle(let handle): _ = handle.retain()
    case .complete(let waiter): _ = waiter.hold()
    case .notify(let observer, let future):
      _ = observer.hold()
      _ = future.hold()
    case .resume(let core, _): core.retain()
    case .job: break
    }
  }

  func release() {
    switch self {
    case .step(let task): task.drop()
    case .handle(let handle): handle.release()
    case .complete(let waiter): waiter.drop()
    case .notify(let observer, let future):
      observer.drop()
      future.drop()
    case .resume(let core, _): core.release()
    case .job: break
    }
  }
}

/// A job and the role in which it must be run.
struct CapturedJob {
  let job: UnownedJob
  let role: JobRole
}
