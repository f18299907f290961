import AsyncioBridge

/// Three ways to limit a wait.
func timeouts() throws {
  try Asyncio.run(clock: .virtual) {
    let loop = Asyncio.EventLoop.running()!

    // waitFor: one piece of work, which is cancelled when the time is up, and waited for.
    do {
      _ = try await Asyncio.waitFor(timeout: .seconds(2)) {
        defer { print("the slow reply was cancelled at \(loop.time)") }
        return try await reply(after: .seconds(10))
      }
    } catch is Asyncio.TimeoutError {
      print("waitFor: no reply by \(loop.time)")
    }

    // wait: several, none of which is cancelled: what is late may still be of use.
    let replies = [1, 4, 3].map { seconds in
      Asyncio.createTask(name: "reply \(seconds)") { try await reply(after: .seconds(seconds)) }
    }
    let (done, pending) = try await Asyncio.wait(replies, timeout: .seconds(2))
    print("wait: in time \(done.map(\.name)), late \(pending.map(\.name).sorted())")
    print("wait: the late ones came to \(try await Asyncio.gather(pending.sorted { $0.name < $1.name }).value)")

    // asCompleted: one limit for all, each result as soon as it is there.
    let others = [1, 2, 30].map { seconds in Asyncio.createTask { try await reply(after: .seconds(seconds)) } }
    do {
      for try await other in Asyncio.asCompleted(others, timeout: .seconds(5)) {
        print("asCompleted: \(try other.result()) at \(loop.time)")
      }
    } catch is Asyncio.TimeoutError {
      print("asCompleted: time is up at \(loop.time)")
    }
  }
}

private func reply(after delay: Duration) async throws -> String {
  try await Asyncio.sleep(delay)
  return "reply after \(delay)"
}
