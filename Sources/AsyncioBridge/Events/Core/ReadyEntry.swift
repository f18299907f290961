/// What waits in the loop's ready queue.
enum ReadyEntry {
  /// The next step of a task, or its first.
  case step(Asyncio.AnyFuture)
  case handle(Asyncio.Handle)
  /// Tells an observer that a future is done.
  case notify(FutureObserver, Asyncio.AnyFuture)
  /// The next step of a task whose foreign await has ended.
  case resume(TaskCore, CapturedJob)
  /// A guest: a job of Swift's runtime that belongs to none of the loop's tasks, as those of their child tasks.
  case job(CapturedJob)
}

/// A job and the role in which it must be run.
struct CapturedJob {
  let job: UnownedJob
  let role: JobRole
}
