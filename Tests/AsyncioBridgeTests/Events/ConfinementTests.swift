import Testing

@testable import AsyncioBridge

/// What belongs to a loop and is used, or goes, on another thread: what the compiler does not see.
@Suite struct ConfinementTests {
  private typealias Parts = (EventLoop, Asyncio.Task<Void>, Asyncio.Future<Int>, Asyncio.TimerHandle)

  /// Starts a loop on a thread of its own, and returns it, a task of it that waits, a future and a timer.
  private static func startLoop() throws -> UncheckedBox<Parts> {
    let parts = Asyncio.ConcurrentFuture<UncheckedBox<Parts>>()
    startThread {
      let loop = EventLoop()
      let handle = loop.threadsafe
      try? loop.runUntilComplete {
        let task = Asyncio.createTask { try await Asyncio.sleep(.seconds(600)) }
        let future = loop.createFuture(of: Int.self)
        let timer = try loop.callLater(.seconds(600)) {}
        parts.resolve(.success(UncheckedBox((loop, task, future, timer))))
        try await task.value
        _ = handle
      }
    }
    return try parts.result(timeout: .patience)
  }

  @Test("to use what belongs to a loop that runs on another thread traps, and says what to do")
  func wrongThread() async {
    let results = [
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        try Self.startLoop().value.1.cancel()
      },
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        try Self.startLoop().value.2.setResult(1)
      },
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        try Self.startLoop().value.2.addDoneCallback { _ in }
      },
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        try Self.startLoop().value.0.callSoon {}
      },
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        try Self.startLoop().value.0.callLater(.seconds(1)) {}
      },
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        try Self.startLoop().value.0.createTask {}
      },
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        try Self.startLoop().value.3.cancel()
      },
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        try Self.startLoop().value.0.close()
      },
    ]
    for result in results {
      expectExplanation(result, "what belongs to a loop was used while the loop runs on another thread")
    }
  }

  /// Keeps futures of its loop.
  private actor Keeper {
    let loop: Asyncio.LoopHandle
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.unownedExecutor }
    private var futures: [Asyncio.AnyFuture] = []

    init(_ loop: Asyncio.LoopHandle) { self.loop = loop }

    func fill() throws {
      guard let loop = EventLoop.running() else { return }
      for _ in 0..<20 {
        let future = loop.createFuture(of: [Int].self)
        future.addDoneCallback { _ in }
        let done = loop.createFuture(of: [Int].self)
        try done.setResult([1, 2, 3])
        futures += [future, done, Asyncio.shield(future), try Asyncio.gather([future])]
      }
    }
  }

  @Test("what a pinned actor has kept goes to its loop when another thread destroys the actor", .timeLimit(.minutes(1)))
  func deinitElsewhere() async throws {
    let counters = try await onOwnThread {
      let loop = EventLoop()
      let counters = loop.debugCounters
      try loop.runUntilComplete {
        for _ in 0..<20 {
          // The only reference is the other thread's in the end.
          let keeper = Keeper(loop.threadsafe)
          try await keeper.fill()
          let shared = Shared<Keeper?>(keeper)
          let isGone = Asyncio.ConcurrentFuture<Void>()
          startThread {
            pause()
            shared.value = nil
            isGone.resolve(.success(()))
          }
          // Meanwhile the loop changes the same counts.
          for _ in 0..<200 { _ = loop.createFuture(of: Int.self) }
          try await Asyncio.wrapFuture(isGone).value
        }
      }
      try loop.close()
      return counters
    }
    expectNoObjects(counters)
  }

  @Test("what a posted call has captured goes on the loop's thread, whoever is faster", .timeLimit(.minutes(1)))
  func postedCapture() async throws {
    final class Captured: Sendable {
      let threads: Journal<UInt>
      init(_ threads: Journal<UInt>) { self.threads = threads }
      deinit { threads.append(currentThreadID()) }
      /// The only one that keeps it.
      consuming func callback() -> sending () -> Void {
        let captured = consume self
        return { withExtendedLifetime(captured) {} }
      }
    }
    let threads = Journal<UInt>()
    let own = try await onOwnThread {
      try runOnLoop(.monotonic) { loop in
        let handle = loop.threadsafe
        let isDone = Asyncio.ConcurrentFuture<Void>()
        startThread {
          for _ in 0..<2000 {
            _ = try? handle.callSoonThreadsafe(Captured(threads).callback())
          }
          isDone.resolve(.success(()))
        }
        try await Asyncio.wrapFuture(isDone).value
        try await Asyncio.sleep(.zero)
        return currentThreadID()
      }
    }
    #expect(threads.entries.count == 2000)
    #expect(Set(threads.entries) == [own])
  }
}

/// Lets the loop go on for a moment.
private func pause() { _ = ThreadEvent().wait(timeout: .milliseconds(1)) }
