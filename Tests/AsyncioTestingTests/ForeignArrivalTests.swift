import AsyncioBridge
import AsyncioTesting
import Foundation
import Testing

@Suite struct ForeignArrivalTests {
  @Test("a failure whose replay differs tells who was resumed by another thread, and when")
  func named() async throws {
    let attempts = Shared(0)
    let exploration = Asyncio.Exploration(search: .fifo, time: nil, foreignPatience: .seconds(600))
    let found = try await foundFailure(exploration) {
      // What this does depends on how often it has run, as what is outside of a schedule may.
      let attempt = attempts.withLock { count in
        count += 1
        return count
      }
      let suspended = Suspended()
      let fetch = Asyncio.createTask(name: "fetch") {
        await withUnsafeContinuation { suspended.continuation = $0 }
      }
      try await Asyncio.sleep(.zero)
      // The task has suspended by now.
      Thread.detachNewThread { suspended.continuation?.resume() }
      try await fetch.value
      for _ in 0..<attempt { await Task.yield() }
      throw CancellationError()
    }
    #expect(found.description.contains("a replay differed: "))
    #expect(found.description.contains("2 'fetch' was resumed from another thread after step "))
  }
}

/// Used by one thread after the other.
private final class Suspended: @unchecked Sendable {
  var continuation: UnsafeContinuation<Void, Never>?
}
