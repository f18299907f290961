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
  /// A job of Swift's runtime that belongs to none of the loop's tasks: of a child task of one, or of an actor.
  case childJob(CapturedJob)

  /// Two in one, since the compiler can't borrow two payloads of a case.
  struct Notification: ~Copyable {
    let observer: Owned<FutureObserver>
    let future: Owned<Asyncio.AnyFuture>
  }

  struct ForeignStep: ~Copyable {
    let owned: OwnedTask
    let job: CapturedJob
  }

  /// Whether it may run within a task, which runs the loop: not what may run code of the user's, or is a job of Swift's;
  /// that would have the task's task-locals, and be its Swift task.
  var mayRunWithinTask: Bool {
    switch self {
    case .step: true
    case .completeWaiter: true
    case .notify(let notification):
      notification.observer.with { observer in notification.future.with { !observer.mayRunUserCode(on: $0) } }
    case .handle(let handle): !handle.mayRunUserCode
    case .foreignAwaitEnded: false
    case .childJob: false
    }
  }

  /// The task of which it is the next step.
  @inline(__always)
  var steppedTask: Unretained<Asyncio.AnyFuture>? {
    switch self {
    case .step(let task): task.unretained
    default: nil
    }
  }

  /// Whether it is a job of Swift's that is no step of a task.
  var isChildJob: Bool {
    switch self {
    case .childJob: true
    default: false
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
