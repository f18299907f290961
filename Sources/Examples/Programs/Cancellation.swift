import AsyncioBridge

/// What a task can do about being cancelled.
func cancellation() throws {
  try Asyncio.run(clock: .virtual) {
    // Most let it pass, and tidy up with defer.
    let passing = Asyncio.createTask {
      defer { print("passing: tidied up") }
      try await Asyncio.sleep(.seconds(60))
    }
    // One may catch it, and return what it has: then it is finished, not cancelled.
    let catching = Asyncio.createTask {
      var count = 0
      do {
        while true {
          try await Asyncio.sleep(.seconds(1))
          count += 1
        }
      } catch is CancellationError {
        return count
      }
    }
    // Or deny it, and go on as if nothing had happened.
    let denying = Asyncio.createTask {
      do { try await Asyncio.sleep(.seconds(60)) } catch is CancellationError { print("denying: not yet") }
      try await Asyncio.sleep(.seconds(1))
      return "done in spite of it"
    }
    try await Asyncio.sleep(.milliseconds(3500))

    // A task that has not begun never does.
    let unbegun = Asyncio.createTask { print("never printed") }
    for task in [passing, catching, denying, unbegun] as [Asyncio.AnyFuture] { task.cancel() }
    _ = try await Asyncio.wait([passing, catching, denying, unbegun] as [Asyncio.AnyFuture])

    print("passing: cancelled: \(passing.isCancelled)")
    print("catching: cancelled: \(catching.isCancelled), counted to \(try catching.result())")
    print("denying: cancelled: \(denying.isCancelled), \(try denying.result())")
    print("unbegun: cancelled: \(unbegun.isCancelled)")
    print("too late: \(denying.cancel())")
  }
}
