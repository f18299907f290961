import Testing

@testable import AsyncioBridge

/// The future for use on any thread.
@Suite struct ConcurrentFutureTests {
  @Test("a new one is pending; it ends with a value, an error or a cancellation, and nothing replaces that")
  func states() {
    let finished = Asyncio.ConcurrentFuture<Int>()
    #expect(!finished.isDone)
    #expect(finished.outcome == nil)
    #expect(finished.description == "<ConcurrentFuture pending>")
    #expect(finished.resolve(.success(1)))
    #expect(finished.isDone)
    #expect(!finished.resolve(.success(2)))
    #expect(!finished.cancel())
    #expect(!finished.isCancelled)
    #expect(try! finished.result() == 1)
    #expect(finished.description == "<ConcurrentFuture finished result=1>")

    let failed = Asyncio.ConcurrentFuture<Int>()
    #expect(failed.resolve(.failure(TestError())))
    #expect(!failed.cancel())
    #expect(throws: TestError.self) { try failed.result() }

    let cancelled = Asyncio.ConcurrentFuture<Int>()
    #expect(cancelled.cancel())
    #expect(cancelled.cancel())
    #expect(cancelled.isDone)
    #expect(cancelled.isCancelled)
    #expect(!cancelled.resolve(.success(1)))
    #expect(!cancelled.setRunning())
    #expect(throws: CancellationError.self) { try cancelled.result() }
    #expect(cancelled.description == "<ConcurrentFuture cancelled>")
  }

  @Test("one whose work has begun can't be cancelled, and can still be resolved")
  func running() {
    let future = Asyncio.ConcurrentFuture<Int>()
    #expect(future.setRunning())
    #expect(!future.setRunning())
    #expect(!future.cancel())
    #expect(!future.isCancelled)
    #expect(!future.isDone)
    #expect(future.description == "<ConcurrentFuture running>")
    #expect(future.resolve(.success(1)))
    #expect(try! future.result() == 1)
  }

  @Test("result() blocks until another thread has resolved it")
  func blockingResult() throws {
    let future = Asyncio.ConcurrentFuture<Int>()
    let waiting = ThreadEvent()
    startThread {
      _ = waiting.wait()
      future.resolve(.success(42))
    }
    waiting.set()
    #expect(try future.result() == 42)
    #expect(try future.result(timeout: .zero) == 42)
  }

  @Test("result() with a timeout throws when it is up, and leaves the future as it is")
  func resultTimeout() throws {
    let future = Asyncio.ConcurrentFuture<Int>()
    for timeout in [Duration.zero, .milliseconds(2), .seconds(-1)] {
      #expect(throws: Asyncio.TimeoutError.self) { try future.result(timeout: timeout) }
    }
    #expect(!future.isDone)
    #expect(future.resolve(.success(1)))
    #expect(try future.result(timeout: .milliseconds(2)) == 1)
  }

  @Test("several threads may block for the same result")
  func manyWaiters() throws {
    let future = Asyncio.ConcurrentFuture<Int>()
    let pool = Asyncio.ThreadPoolExecutor(maxWorkers: 4)
    let results = (0..<4).map { _ in pool.submit { try future.result(timeout: .patience) } }
    future.resolve(.success(7))
    #expect(try results.map { try $0.result() } == [7, 7, 7, 7])
  }

  @Test("a cancellation reaches those who block for the result")
  func cancelWhileBlocked() throws {
    let future = Asyncio.ConcurrentFuture<Int>()
    let blocked = Asyncio.ThreadPoolExecutor(maxWorkers: 1).submit { try future.result(timeout: .patience) }
    future.cancel()
    #expect(throws: CancellationError.self) { try blocked.result() }
  }

  @Test("result() on the thread of a running loop is an error if it would block, and returns what is there otherwise")
  func resultOnLoop() throws {
    try withLoop { loop in
      let pending = Asyncio.ConcurrentFuture<Int>()
      let finished = Asyncio.ConcurrentFuture<Int>()
      finished.resolve(.success(1))
      var checks = 0
      try loop.callSoon {
        let error = #expect(throws: Asyncio.RuntimeError.self) { try pending.result() }
        #expect(error?.message.contains("wrapFuture") == true)
        #expect(throws: Asyncio.RuntimeError.self) { try pending.result(timeout: .zero) }
        let result = try finished.result()
        #expect(result == 1)
        checks += 1
      }
      try loop.runBriefly()
      #expect(checks == 1)
    }
  }

  @Test("value waits without blocking, and returns or throws the outcome")
  func asyncValue() async throws {
    let finished = Asyncio.ConcurrentFuture<Int>()
    let failed = Asyncio.ConcurrentFuture<Int>()
    let value = Task { try await finished.value }
    let error = Task { try await failed.value }
    finished.resolve(.success(1))
    failed.resolve(.failure(TestError()))
    #expect(try await value.value == 1)
    await #expect(throws: TestError.self) { try await error.value }
    #expect(try await finished.value == 1)
  }

  @Test("cancelling the Swift task that awaits the value cancels the future")
  func cancelAwaiting() async throws {
    let future = Asyncio.ConcurrentFuture<Int>()
    let task = Task { try await future.value }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(future.isCancelled)
  }

  @Test("a task of a loop may await the value; cancelling the task cancels the future")
  func valueOnLoop() async throws {
    try await onOwnThread {
      try withLoop(.monotonic) { loop in
        let future = Asyncio.ConcurrentFuture<Int>()
        let other = Asyncio.ConcurrentFuture<Int>()
        let caught = Box(false)
        let task = try loop.createTask {
          do { return try await future.value } catch is CancellationError { caught.value = true }
          // The cancellation was delivered by Swift's flag, and comes once more at the next await of the library.
          return 0
        }
        try loop.runBriefly()
        startThread { other.resolve(.success(5)) }
        #expect(try loop.runUntilComplete { try await other.value } == 5)
        task.cancel()
        _ = try? loop.runUntilComplete(task)
        #expect(task.isCancelled)
        #expect(caught.value)
        #expect(future.isCancelled)
      }
    }
  }

  @Test("callbacks are called once, in order, on the thread that completes it; at once if it is done")
  func callbacks() {
    let calls = Locked<[String]>([])
    for complete in [
      { (future: Asyncio.ConcurrentFuture<Int>) in _ = future.resolve(.success(1)) },
      { (future: Asyncio.ConcurrentFuture<Int>) in _ = future.cancel() },
    ] {
      calls.withLock { $0 = [] }
      let future = Asyncio.ConcurrentFuture<Int>()
      let thread = currentThreadID()
      for name in ["a", "b"] {
        future.addDoneCallback { received in
          #expect(received === future)
          #expect(received.isDone)
          #expect(currentThreadID() == thread)
          calls.withLock { $0.append(name) }
        }
      }
      #expect(calls.withLock { $0 } == [])
      complete(future)
      #expect(calls.withLock { $0 } == ["a", "b"])
      complete(future)
      future.addDoneCallback { _ in calls.withLock { $0.append("late") } }
      #expect(calls.withLock { $0 } == ["a", "b", "late"])
    }
  }

  @Test("of many threads that race to complete one, exactly one wins")
  func race() throws {
    let pool = Asyncio.ThreadPoolExecutor(maxWorkers: 4)
    for _ in 0..<200 {
      let future = Asyncio.ConcurrentFuture<Int>()
      let calls = Locked(0)
      future.addDoneCallback { _ in calls.withLock { $0 += 1 } }
      let wins = (0..<4).map { number in
        pool.submit { number == 0 ? future.cancel() : future.resolve(.success(number)) }
      }
      #expect(try wins.map { try $0.result() }.filter { $0 }.count == 1)
      #expect(calls.withLock { $0 } == 1)
      #expect(future.isDone)
    }
  }
}
