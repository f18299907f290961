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

  /// Reports the bodies that keep `close()` waiting.
  func reportSlowBodies() {
    var cores: [TaskRef] = []
    state.unwinding.forEach { cores.append($0) }
    for core in cores.sorted(by: { $0.record.creationNumber < $1.record.creationNumber }) {
      callExceptionHandler(
        Asyncio.ExceptionContext(
          message: "Task was cancelled and goes on: its loop waits to be closed for what the task awaits",
          subject: core.task.map { .future(FutureSummary(of: $0)) },
          taskName: core.record.name,
          site: core.task?.site,
          subjectsContext: core.requireContext()
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
