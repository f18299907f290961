import Testing

@testable import AsyncioBridge

/// Operations of Swift's own concurrency as futures of the loop: `ensureFuture(operation:)`.
@Suite struct ForeignOperationTests {
  /// Waits until it is cancelled, and says so.
  @concurrent
  private static func waitForCancellation(_ trace: Shared<[String]>) async throws {
    trace.update { $0.append("begun") }
    do {
      try await _Concurrency.Task.sleep(for: .seconds(1000))
    } catch {
      trace.update { $0.append("\(type(of: error))") }
      throw error
    }
  }

  @Test(
    "an operation runs off the loop; its value, or its error, is the future's",
    arguments: Asyncio.LoopClock.Kind.both
  )
  func outcome(_ clock: Asyncio.LoopClock.Kind) async throws {
    let (value, isElsewhere, error) = try await onOwnThread {
      try runOnLoop(clock) { loop in
        let thread = currentThreadID()
        let future: Asyncio.Future<(Int, Bool)> = Asyncio.ensureFuture(operation: {
          try await _Concurrency.Task.sleep(for: .milliseconds(1))
          return (42, currentThreadID() != thread && Asyncio.EventLoop.running() == nil)
        })
        #expect(future.loop === loop)
        #expect(!future.isDone)
        let (value, isElsewhere) = try await future.value
        let failing = Asyncio.ensureFuture(operation: { throw TestError() })
        return (value, isElsewhere, await errorThrown { try await failing.value })
      }
    }
    #expect(value == 42)
    #expect(isElsewhere)
    #expect(error as? TestError == TestError())
  }

  @Test("an operation that throws CancellationError of its own accord cancels its future")
  func cancelsItself() async throws {
    let isCancelled = try await onOwnThread {
      try runOnLoop { _ in
        let future = Asyncio.ensureFuture(operation: { throw CancellationError() })
        _ = await errorThrown { try await future.value }
        return future.isCancelled
      }
    }
    #expect(isCancelled)
  }

  @Test("cancelling the future cancels the operation's Swift task, and nothing else")
  func cancelled() async throws {
    let trace = Shared<[String]>([])
    let isPoisoned = try await onOwnThread {
      try runOnLoop(.monotonic) { _ in
        let task = Asyncio.createTask {
          let future = Asyncio.ensureFuture(operation: { try await Self.waitForCancellation(trace) })
          let error = await errorThrown { try await future.value }
          #expect(error is CancellationError)
          #expect(future.isCancelled)
          return _Concurrency.Task.isCancelled
        }
        while trace.value.isEmpty { try await Asyncio.sleep(.milliseconds(1)) }
        #expect(task.cancel())
        #expect(!task.mustCancel)
        let isPoisoned = try await task.value
        while trace.value.count < 2 { try await Asyncio.sleep(.milliseconds(1)) }
        return isPoisoned
      }
    }
    #expect(!isPoisoned)
    #expect(trace.value == ["begun", "CancellationError"])
  }

  @Test("an operation that is too slow for waitFor is cancelled")
  func timedOut() async throws {
    let trace = Shared<[String]>([])
    let error = try await onOwnThread {
      try runOnLoop(.monotonic) { _ in
        let future = Asyncio.ensureFuture(operation: { try await Self.waitForCancellation(trace) })
        while trace.value.isEmpty { try await Asyncio.sleep(.milliseconds(1)) }
        return await errorThrown { try await Asyncio.waitFor(future, timeout: .milliseconds(2)) }
      }
    }
    #expect(error is Asyncio.TimeoutError)
    #expect(trace.value == ["begun", "CancellationError"])
  }

  @Test("closing the loop cancels the operations that run, and waits for them")
  func closed() async throws {
    let trace = Shared<[String]>([])
    let reports = try await onOwnThread {
      let loop = EventLoop(clock: .virtual)
      let reports = Reports(loop)
      try loop.runUntilComplete {
        for _ in 0..<3 { _ = Asyncio.ensureFuture(operation: { try await Self.waitForCancellation(trace) }) }
        while trace.value.count < 3 { await _Concurrency.Task.yield() }
      }
      try loop.close()
      return reports.messages
    }
    #expect(trace.value == ["begun", "begun", "begun", "CancellationError", "CancellationError", "CancellationError"])
    #expect(reports == [])
  }

  @Test("an operation that ignores its cancellation is waited for all the same; the future does not wait")
  func ignoring() async throws {
    let trace = Shared<[String]>([])
    try await onOwnThread {
      let event = ThreadEvent()
      let begun = ThreadEvent()
      let loop = EventLoop(clock: .virtual)
      try loop.runUntilComplete {
        let future = Asyncio.ensureFuture(operation: {
          begun.set()
          await withCheckedContinuation { continuation in
            startThread {
              _ = event.wait()
              continuation.resume()
            }
          }
          trace.update { $0.append("ended") }
        })
        _ = begun.wait()
        future.cancel()
        #expect(future.isCancelled)
      }
      trace.update { $0.append("closing") }
      event.set()
      try loop.close()
      trace.update { $0.append("closed") }
    }
    #expect(trace.value.last == "closed")
    #expect(trace.value.contains("ended"))
  }

  @Test("an operation is joined even if the loop is closed right after it was started")
  func closedAtOnce() async throws {
    let running = Shared(0)
    for _ in 0..<50 {
      try await onOwnThread {
        let loop = EventLoop(clock: .virtual)
        try loop.runUntilComplete {
          for _ in 0..<3 {
            _ = Asyncio.ensureFuture(operation: {
              running.update { $0 += 1 }
              try? await _Concurrency.Task.sleep(for: .seconds(1000))
              running.update { $0 -= 1 }
            })
          }
        }
        try loop.close()
      }
      #expect(running.value == 0)
    }
  }

  @Test("without a running loop ensureFuture(operation:) traps")
  func withoutLoop() async {
    await #expect(processExitsWith: .failure) { _ = Asyncio.ensureFuture(operation: { 1 }) }
  }
}
