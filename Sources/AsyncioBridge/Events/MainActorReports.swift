// What waits for the main actor never goes on while its loop blocks the main thread: so a program hangs whose bodies
// belong to the main actor. That is reported.

/// What is known of a task that waits for the main actor.
enum MainActorWait {
  /// When it is to be reported, in nanoseconds of the system's clock.
  case until(Int64)
  case reported
}

extension Asyncio.EventLoop {
  /// Reports the tasks that wait for the main actor, if this is its thread: at once on a virtual clock, else if that
  /// has lasted for a second.
  /// - Returns: in how many nanoseconds to ask again; nil: in any time.
  func reportWaitsForMainActor() -> Int64? {
    if foreignCores.isEmpty || !isMainThread() { return nil }
    let waiting = foreignCores.filter { $0.key.isInMainQueue }
    mainActorWaits = mainActorWaits.filter { waiting[$0.key] != nil }
    let now = monotonicNanoseconds()
    var nextReport: Int64?
    for (job, core) in waiting.sorted(by: { $0.value.record.creationNumber < $1.value.record.creationNumber }) {
      switch mainActorWaits[job] ?? .until(clock.kind == .virtual ? now : now + 1_000_000_000) {
      case .reported: break
      case .until(let time) where time > now:
        mainActorWaits[job] = .until(time)
        nextReport = min(nextReport ?? .max, time - now)
      case .until:
        mainActorWaits[job] = .reported
        callExceptionHandler(
          Asyncio.ExceptionContext(
            message: "Task waits for the main actor, whose thread waits for the task's loop: neither goes on. Form the "
              + "body in code that is not of the main actor, as the closure of Asyncio.run is, or give the loop a thread "
              + "of its own, as 'try await Asyncio.run' does",
            future: core.task
          )
        )
      }
    }
    return nextReport
  }
}
