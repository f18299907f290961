import AsyncioBridge

/// Code that waits, run on a virtual clock: time jumps to the next timer when nothing is ready.
func virtualTime() throws {
  // A retry with pauses of 1, 2, 4 … seconds. The program takes no time; the clock says what it would have been.
  let loop = Asyncio.EventLoop(clock: .virtual)
  var attempts: [Duration] = []
  let value = try loop.runUntilComplete {
    try await retry(times: 12) {
      attempts.append(loop.time.offset)
      if attempts.count < 12 { throw Unavailable() }
      return "answer"
    }
  }
  print("\(value) after \(attempts.count) attempts, the last at \(loop.time)")

  // Timers of years are no different, and those of one time run in the order in which they were set.
  var calls: [String] = []
  for name in ["first", "second", "third"] { try loop.callLater(.seconds(365 * 86_400)) { calls.append(name) } }
  try loop.runUntilIdle()
  print("\(calls), a year later: \(loop.time)")

  // Where asyncio would hang, a virtual loop tells who waits for what.
  do {
    _ = try loop.runUntilComplete(name: "waiting for Godot") {
      try await loop.createFuture(of: String.self).value
    }
  } catch let error as Asyncio.DeadlockError {
    print("deadlock, waiting: \(error.waitingTasks.count)")
  }
  try loop.close()
}

private struct Unavailable: Error {}

private func retry<Value>(times: Int, _ operation: () async throws -> Value) async throws -> Value {
  var pause = Duration.seconds(1)
  for _ in 1..<times {
    do { return try await operation() } catch is Unavailable { try await Asyncio.sleep(pause) }
    pause *= 2
  }
  return try await operation()
}
