import Testing

@testable import AsyncioBridge

/// Jobs of Swift's runtime that are there when a run method returns, or when a loop is closed.
@Suite struct LeftOverJobTests {
  private actor Plain {
    private(set) var calls = 0
    func call() { calls += 1 }
  }

  private actor Pinned {
    let loop: Asyncio.LoopHandle
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.unownedExecutor }
    private let flushed: Asyncio.ConcurrentFuture<Int>
    private var flushes = 0

    init(_ loop: Asyncio.LoopHandle, _ flushed: Asyncio.ConcurrentFuture<Int>) {
      (self.loop, self.flushed) = (loop, flushed)
    }

    /// Leaves two tasks behind, each of which calls the actor.
    func work() async {
      _ = try? await Asyncio.sleep(.seconds(1000))
      for _ in 0..<2 { Task { self.flush() } }
    }

    private func flush() {
      flushes += 1
      if flushes == 2 { flushed.resolve(.success(flushes)) }
    }
  }

  @Test("a loop that has returned from its run method keeps no actor from others", .timeLimit(.minutes(1)))
  func stoppedLoop() async throws {
    let plain = Plain()
    let calls = try await onOwnThread {
      let first = EventLoop()
      #expect(throws: Asyncio.RuntimeError.self) {
        try first.runUntilComplete {
          EventLoop.running()?.stop()
          await plain.call()
        }
      }
      // A second loop on the same thread, while the first one is neither run nor closed.
      let calls = try withLoop { second in
        try second.runUntilComplete {
          await plain.call()
          return await plain.calls
        }
      }
      try first.close()
      return calls
    }
    #expect(calls == 2)
  }

  @Test("between two runs of a runner, actors that its tasks have called are free", .timeLimit(.minutes(1)))
  func betweenRuns() async throws {
    let plain = Plain()
    for _ in 0..<50 {
      try await onOwnThread {
        try Asyncio.withRunner { runner in
          try runner.run {
            Asyncio.createTask { for _ in 0..<10 { await plain.call() } }
            await plain.call()
          }
          let called = Asyncio.ConcurrentFuture<Void>()
          Task.detached {
            await plain.call()
            called.resolve(.success(()))
          }
          try called.result(timeout: .patience)
        }
      }
    }
  }

  @Test("a child task that never comes to rest does not keep a run method from returning", .timeLimit(.minutes(1)))
  func restlessChild() throws {
    try withLoop { loop in
      let task = try loop.createTask {
        await withTaskGroup(of: Void.self) { group in
          group.addTask { while !Task.isCancelled { await Task.yield() } }
        }
      }
      try loop.runBriefly()
      #expect(!task.isDone)
    }
  }

  @Test("jobs that a loop's last jobs enqueue are run when it has been closed", .timeLimit(.minutes(1)))
  func lastJobs() async throws {
    let flushed = Asyncio.ConcurrentFuture<Int>()
    try await onOwnThread {
      let loop = EventLoop(clock: .virtual)
      loop.exceptionHandler = { _, _ in }
      let pinned = Pinned(loop.threadsafe, flushed)
      try loop.createTask { await pinned.work() }
      try loop.runBriefly()
      try loop.close()
    }
    #expect(try await flushed.value == 2)
  }

  @Test("a pinned actor's jobs run long after its loop has gone", .timeLimit(.minutes(1)))
  func goneLoop() async throws {
    let flushed = Asyncio.ConcurrentFuture<Int>()
    let pinned = try await onOwnThread {
      let loop = EventLoop(clock: .virtual)
      let pinned = Pinned(loop.threadsafe, flushed)
      try loop.close()
      return pinned
    }
    await pinned.work()
    #expect(try await flushed.value == 2)
  }
}
