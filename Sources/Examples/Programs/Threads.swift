import AsyncioBridge

/// The loop runs on one thread; this is how work gets off it, and back.
func threads() throws {
  try Asyncio.run {
    let loop = Asyncio.EventLoop.running()!

    // Blocking work goes to threads of the loop's pool.
    let parts = try (0..<4).map { part in
      try loop.runInExecutor { (part * 25_000..<(part + 1) * 25_000).reduce(0, +) }
    }
    print("runInExecutor: \(try await Asyncio.gather(parts).value.reduce(0, +))")

    // A thread that has the loop's handle can run tasks on the loop, and wait for them.
    let handle = loop.threadsafe
    let asked = try loop.runInExecutor {
      let reply = handle.runCoroutineThreadsafe {
        try await Asyncio.sleep(.milliseconds(5))
        return "on the loop's thread: \(Asyncio.EventLoop.running() != nil)"
      }
      return try reply.result(timeout: .seconds(10))
    }
    print("runCoroutineThreadsafe: \(try await asked.value)")

    // An async operation of Swift's own becomes a future, with a future's timeout and cancellation.
    let slow = Asyncio.ensureFuture(operation: { try await Task.sleep(for: .seconds(3600)) })
    do {
      try await Asyncio.waitFor(slow, timeout: .milliseconds(10))
    } catch is Asyncio.TimeoutError {
      print("ensureFuture(operation:): timed out, cancelled: \(slow.isCancelled)")
    }

    // async let and task groups of the body stay on the loop's thread.
    async let one = Asyncio.sleep(.milliseconds(5), result: 1)
    async let two = Asyncio.sleep(.milliseconds(5), result: 2)
    print("async let: \(try await one + two)")
  }
}
