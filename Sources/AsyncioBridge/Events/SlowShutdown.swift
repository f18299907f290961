// The end of a loop waits for what was cancelled. What does not end then is named, so that a program that hangs there says
// why.

extension Asyncio.EventLoop {
  /// Sets the timer that reports which of `tasks`, all of them cancelled, go on.
  ///
  /// Nil on a virtual clock, which does not wait for foreign awaits; and where a program waits for ever, that is found.
  func reportIfSlow(_ tasks: [Asyncio.AnyFuture]) -> Asyncio.TimerHandle? {
    if clock.kind == .virtual { return nil }
    return addTimer(
      after: slowShutdownDuration,
      .callback {
        for task in tasks where !task.isDone {
          self.callExceptionHandler(
            Asyncio.ExceptionContext(
              message: "Task was cancelled and goes on: the end of the run waits for it",
              future: task
            )
          )
        }
      }
    )
  }

  /// Reports the bodies that keep `close()` waiting: those in awaits of something that is not the loop's.
  func reportSlowBodies() {
    for core in foreignCores.values.sorted(by: { $0.pointee.creationNumber < $1.pointee.creationNumber }) {
      callExceptionHandler(
        Asyncio.ExceptionContext(
          message: "Task was cancelled and goes on: its loop waits to be closed for what the task awaits",
          subject: core.task?.describe(),
          taskName: core.pointee.name,
          site: core.task?.site
        )
      )
    }
  }

  /// Reports that operations keep `close()` waiting.
  func reportSlowOperations() {
    callExceptionHandler(
      Asyncio.ExceptionContext(
        message:
          "An operation of ensureFuture(operation:) was cancelled and goes on: its loop waits to be closed for it"
      )
    )
  }
}

/// How long to wait in silence: it ends once, and there is no limit from then on.
struct GracePeriod {
  private var deadline: Int64?

  init(_ duration: Duration) { deadline = monotonicNanoseconds().addingClamped(duration.nanosecondsRoundedUp) }

  /// Nil: no limit.
  var nanosecondsLeft: Int64? { deadline.map { max(0, $0 - monotonicNanoseconds()) } }

  /// Whether it ends now.
  mutating func ends() -> Bool {
    guard let deadline, monotonicNanoseconds() >= deadline else { return false }
    self.deadline = nil
    return true
  }
}
