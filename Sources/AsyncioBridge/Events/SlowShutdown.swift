// The end of a loop waits for cancelled work. Work that does not end is named, so that a program that hangs there says
// why.

extension Asyncio.EventLoop {
  /// Sets the timer that reports which of `tasks`, all of them cancelled, are still running.
  ///
  /// Nil on a virtual clock, which does not wait for foreign awaits, and where a program that waits forever is found
  /// anyway.
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

  /// Reports that foreign operations keep `close()` waiting.
  func reportSlowOperations() {
    callExceptionHandler(
      Asyncio.ExceptionContext(
        message:
          "An operation of ensureFuture(operation:) was cancelled and goes on: its loop waits to be closed for it"
      )
    )
  }
}

/// A limit for waiting in silence. The limit passes once; from then on there is none.
struct GracePeriod {
  private var deadline: Int64?

  init(_ duration: Duration) { deadline = monotonicNanoseconds().addingClamped(duration.nanosecondsRoundedUp) }

  /// Nil: no limit.
  var nanosecondsLeft: Int64? { deadline.map { max(0, $0 - monotonicNanoseconds()) } }

  /// Whether the period ends now.
  mutating func ends() -> Bool {
    guard let deadline, monotonicNanoseconds() >= deadline else { return false }
    self.deadline = nil
    return true
  }
}
