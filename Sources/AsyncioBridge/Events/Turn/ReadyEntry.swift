/// What waits in the loop's ready queue, with what it needs.
enum ReadyEntry: ~Copyable {
  /// The next step of a task, or its first.
  case step(Owned<Asyncio.AnyFuture>)
  case handle(Asyncio.Handle)
  /// Tells an observer that a future is done.
  case notify(Notification)
  /// Completes what an operation of the library's waits for, unless it is done.
  case completeWaiter(Owned<WaiterFuture>)
  /// The next step of a task whose foreign await has ended.
  case foreignAwaitEnded(ForeignStep)
  /// A guest: a job of Swift's runtime that belongs to none of the loop's tasks, as those of their child tasks.
  case childJob(CapturedJob)

  /// Two in one, since the compiler can't borrow two payloads of a case.
  struct Notification: ~Copyable {
    let observer: Owned<FutureObserver>
    let future: Owned<Asyncio.AnyFuture>
  }

  struct ForeignStep: ~Copyable {
    let owned: OwnedCore
    let job: CapturedJob
  }

  /// Whether it may run within a task, which runs the loop: not what may run code of the user's, or is a job of Swift's;
  /// that would have the task's task-locals, and be its Swift task.
  var mayRunWithinTask: Bool {
    switch self {
    case .step: true
    case .completeWaiter: true
    case .notify(let notification): notification.observer.with { !$0.mayRunUserCode }
    case .handle(let handle): !handle.mayRunUserCode
    case .foreignAwaitEnded: false
    case .childJob: false
    }
  }

  /// The core of the task of which it is the next step.
  @inline(__always)
  var steppedCore: TaskRef? {
    switch self {
    case .step(let task): task.with { $0.core.unsafelyUnwrapped }
    default: nil
    }
  }

  /// Whether it is a job of Swift's, which must be run.
  var isJob: Bool {
    switch self {
    case .foreignAwaitEnded: true
    case .childJob: true
    default: false
    }
  }
}

/// A job and the role in which it must be run.
struct CapturedJob {
  let job: UnownedJob
  let role: JobRole
}
