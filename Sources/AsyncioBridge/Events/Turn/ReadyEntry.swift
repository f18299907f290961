/// An entry of the loop's ready queue, with everything needed to run it.
enum ReadyEntry: ~Copyable {
  /// The next step of a task, or its first.
  case step(Owned<Asyncio.AnyFuture>)
  case handle(Asyncio.Handle)
  /// Tells an observer that a future is done.
  case notify(Notification)
  /// Completes the future that an operation of the library waits for, unless that future is done.
  case completeWaiter(Owned<WaiterFuture>)
  /// The next step of a task whose foreign await has ended.
  case foreignAwaitEnded(ForeignStep)
  /// A job of Swift's runtime that belongs to none of the loop's tasks: a child task's, or an actor's.
  case childJob(CapturedJob)

  /// One payload for both, since the compiler can't borrow two payloads of a case.
  struct Notification: ~Copyable {
    let observer: Owned<FutureObserver>
    let future: Owned<Asyncio.AnyFuture>
  }

  struct ForeignStep: ~Copyable {
    let owned: OwnedTask
    let job: CapturedJob
  }

  /// Whether the entry may run within a task that drives. User code and Swift's jobs may not: they would have the
  /// task's task-locals, and its Swift task.
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

  /// The task of which the entry is the next step.
  @inline(__always)
  var steppedTask: Unretained<Asyncio.AnyFuture>? {
    switch self {
    case .step(let task): task.unretained
    default: nil
    }
  }

  /// Whether the entry is a Swift job that is no step of a task.
  var isChildJob: Bool {
    switch self {
    case .childJob: true
    default: false
    }
  }

  /// Whether the entry is a Swift job, which must be run.
  var isJob: Bool {
    switch self {
    case .foreignAwaitEnded: true
    case .childJob: true
    default: false
    }
  }
}
