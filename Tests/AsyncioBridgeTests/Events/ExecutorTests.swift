import Testing

@testable import AsyncioBridge

/// Blocking work on other threads, and its results on the loop's.
@Suite struct ExecutorTests {
  /// Counts what it is asked to do, and passes it on.
  private final class CountingExecutor: Asyncio.Executor {
    private let pool = Asyncio.ThreadPoolExecutor(maxWorkers: 1)
    private let counts = Locked((executed: 0, shutDown: 0))
    var executed: Int { counts.withLock { $0.executed } }
    var shutDown: Int { counts.withLock { $0.shutDown } }

    func execute(_ work: @escaping @Sendable () -> Void) {
      counts.withLock { $0.executed += 1 }
      pool.execute(work)
    }

    func shutdown() {
      counts.withLock { $0.shutDown += 1 }
      pool.shutdown()
    }
  }

  @Test("EXEC-01: the default executor that was set is used from then on; one that is passed goes before it")
  func defaultExecutor() throws {
    let custom = CountingExecutor()
    let other = CountingExecutor()
    try withLoop { loop in
      loop.setDefaultExecutor(custom)
      let first = try loop.runUntilComplete(loop.runInExecutor { 1 })
      #expect(first == 1)
      #expect(custom.executed == 1)
      let second = try loop.runUntilComplete(loop.runInExecutor(other) { 2 })
      #expect(second == 2)
      #expect(custom.executed == 1)
      #expect(other.executed == 1)
      #expect(custom.shutDown == 0)
    }
    #expect(custom.shutDown == 1)
    #expect(other.shutDown == 0)
  }

  @Test("EXEC-03, EXEC-11: work runs on another thread, and its result arrives on the loop's")
  func runInExecutor() throws {
    try withLoop { loop in
      let loopThread = currentThreadID()
      let (result, worker, resumed) = try loop.runUntilComplete {
        let argument = "yo"
        let future = try loop.runInExecutor { (argument + argument, currentThreadID()) }
        #expect(future.loop === loop)
        #expect(!future.isDone)
        let (result, worker) = try await future.value
        #expect(Asyncio.currentTask() != nil)
        return (result, worker, currentThreadID())
      }
      #expect(result == "yoyo")
      #expect(worker != loopThread)
      #expect(resumed == loopThread)
    }
  }

  @Test("EXEC-04: if the loop is closed while the work runs, its end does not touch the loop")
  func closedWhileRunning() throws {
    let loop = EventLoop()
    let begun = ThreadEvent()
    let release = ThreadEvent()
    let ended = ThreadEvent()
    let source = Asyncio.ThreadPoolExecutor(maxWorkers: 1).submit {
      begun.set()
      _ = release.wait()
      return 1
    }
    let future = Asyncio.wrapFuture(source, loop: loop)
    _ = begun.wait()
    #expect(future.cancel())
    try loop.close()
    source.addDoneCallback { _ in ended.set() }
    release.set()
    _ = ended.wait()
    #expect(future.isCancelled)
    #expect(loop.readyHandles.isEmpty)
    #expect(!loop.mailbox.hasItems)
    #expect(try source.result() == 1)
  }

  @Test("EXEC-09: an error of the work is thrown to who awaits it, the same object")
  func failure() throws {
    try runOnLoop { loop in
      let error = ObjectError()
      let boxed = UncheckedBox(error)
      let future = try loop.runInExecutor { () throws -> Int in throw boxed.value }
      let thrown = await #expect(throws: ObjectError.self) { try await future.value }
      #expect(thrown === error)
    }
  }

  @Test("EXEC-10, DIFF-41: close() shuts the default executor down, and does not wait for work that runs")
  func close() throws {
    let loop = EventLoop()
    let begun = ThreadEvent()
    let release = ThreadEvent()
    let ended = ThreadEvent()
    let executor = CountingExecutor()
    loop.setDefaultExecutor(executor)
    _ = try loop.runInExecutor {
      begun.set()
      _ = release.wait()
      ended.set()
    }
    _ = begun.wait()
    try loop.close()
    #expect(executor.shutDown == 1)
    #expect(!ended.wait(timeout: .zero))
    // Work that comes too late is dropped, and its future cancelled.
    #expect(executor.submit { 1 }.isCancelled)
    release.set()
    #expect(ended.wait())
    #expect(throws: Asyncio.RuntimeError.self) { try loop.runInExecutor { 1 } }
  }

  // MARK: wrapFuture

  @Test("the default executor is shut down when it has done what it was given, and takes no more")
  func shutdownDefaultExecutor() throws {
    try withLoop(.monotonic) { loop in
      let executor = CountingExecutor()
      loop.setDefaultExecutor(executor)
      let release = ThreadEvent()
      let done = Shared(0)
      for _ in 0..<3 {
        _ = try loop.runInExecutor {
          _ = release.wait()
          done.update { $0 += 1 }
          release.set()
        }
      }
      try loop.callLater(.milliseconds(1)) { release.set() }
      try loop.runUntilComplete { try await loop.shutdownDefaultExecutor() }
      #expect(done.value == 3)
      #expect(executor.shutDown == 1)
      for work in [
        { try loop.runInExecutor { 1 }.cancel() }, { try loop.runUntilComplete { try await Asyncio.toThread {} } },
      ] as [() throws -> Void] {
        let error = #expect(throws: Asyncio.RuntimeError.self) { try work() }
        #expect(error?.message.hasPrefix("Executor shutdown has been called: ") == true)
      }
      let elsewhere = try loop.runUntilComplete(loop.runInExecutor(CountingExecutor()) { 4 })
      #expect(elsewhere == 4)
      try loop.runUntilComplete { try await loop.shutdownDefaultExecutor() }
    }
  }

  @Test("without any work there is nothing to wait for")
  func shutdownOfAnUnusedExecutor() throws {
    try runOnLoop { loop in
      let turn = loop.turnCount
      try await loop.shutdownDefaultExecutor()
      #expect(loop.turnCount == turn)
      #expect(throws: Asyncio.RuntimeError.self) { try loop.runInExecutor { 1 } }
    }
  }

  @Test("LOOPX-02: shutting the default executor down gives up when the time is up, and says so; the work goes on")
  func shutdownTimeout() throws {
    try withLoop(.monotonic) { loop in
      let reports = Reports(loop)
      let release = ThreadEvent()
      let ended = ThreadEvent()
      _ = try loop.runInExecutor {
        _ = release.wait()
        ended.set()
      }
      try loop.runUntilComplete { try await loop.shutdownDefaultExecutor(timeout: .milliseconds(5)) }
      #expect(reports.logged == ["The default executor did not finish its work within 0.005 seconds"])
      #expect(!ended.wait(timeout: .zero))
      release.set()
      #expect(ended.wait())
    }
  }

  @Test("EXEC-05: wrapping a future of another thread gives a future of the loop with its result")
  func wrap() throws {
    try withLoop { loop in
      let source = Asyncio.ThreadPoolExecutor(maxWorkers: 1).submit { ("oi", currentThreadID()) }
      let future = Asyncio.wrapFuture(source, loop: loop)
      #expect(future.loop === loop)
      let (result, thread) = try loop.runUntilComplete(future)
      #expect(result == "oi")
      #expect(thread != currentThreadID())
    }
  }

  @Test("EXEC-05: wrapping one that is done already delivers its result, error or cancellation on a later turn")
  func wrapDone() throws {
    try withLoop { loop in
      let finished = Asyncio.ConcurrentFuture<Int>()
      finished.resolve(.success(1))
      let failed = Asyncio.ConcurrentFuture<Int>()
      failed.resolve(.failure(TestError()))
      let cancelled = Asyncio.ConcurrentFuture<Int>()
      cancelled.cancel()
      let futures = [finished, failed, cancelled].map { Asyncio.wrapFuture($0, loop: loop) }
      #expect(futures.map(\.isDone) == [false, false, false])
      try loop.runBriefly()
      #expect(try futures[0].result() == 1)
      #expect(throws: TestError.self) { try futures[1].result() }
      #expect(futures[2].isCancelled)
    }
  }

  @Test("EXEC-06: wrapping a future of the loop gives the same object")
  func wrapLoopFuture() throws {
    try withLoop { loop in
      let future = loop.createFuture(of: Int.self)
      #expect(Asyncio.wrapFuture(future) === future)
    }
  }

  @Test("EXEC-07, BIND-05: without a loop the wrapper belongs to the running one")
  func wrapOnRunningLoop() throws {
    try runOnLoop { loop in
      let future = Asyncio.wrapFuture(Asyncio.ConcurrentFuture<Int>())
      #expect(future.loop === loop)
      future.cancel()
    }
  }

  @Test("EXEC-08: cancelling the wrapper cancels the future of the other thread on the next turn")
  func cancelWrapper() throws {
    try withLoop { loop in
      let source = Asyncio.ConcurrentFuture<Int>()
      let future = Asyncio.wrapFuture(source, loop: loop)
      #expect(future.cancel())
      #expect(!source.isCancelled)
      try loop.runBriefly()
      #expect(source.isCancelled)
      #expect(future.isCancelled)
    }
  }

  @Test("EXEC-08: cancelling the future keeps queued work from beginning, but does not end work that runs")
  func cancelWork() throws {
    try withLoop { loop in
      let pool = Asyncio.ThreadPoolExecutor(maxWorkers: 1)
      let begun = ThreadEvent()
      let release = ThreadEvent()
      let running = pool.submit {
        begun.set()
        _ = release.wait()
        return 1
      }
      let started = Asyncio.ConcurrentFuture<Void>()
      let queued = pool.submit { _ = started.resolve(.success(())) }
      _ = begun.wait()
      let futures: [Asyncio.AnyFuture] = [
        Asyncio.wrapFuture(running, loop: loop), Asyncio.wrapFuture(queued, loop: loop),
      ]
      for future in futures { future.cancel() }
      try loop.runBriefly()
      #expect(!running.isCancelled)
      #expect(queued.isCancelled)
      release.set()
      #expect(try running.result() == 1)
      // What the worker does next comes after the work that it skips.
      try pool.submit {}.result()
      #expect(!started.isDone)
      #expect(futures.map(\.isCancelled) == [true, true])
    }
  }

  // MARK: ThreadPoolExecutor

  @Test("EXEC-03: a pool runs no more threads than it may, and does all work it was given")
  func poolSize() throws {
    let pool = Asyncio.ThreadPoolExecutor(maxWorkers: 3)
    #expect(pool.maxWorkers == 3)
    let state = Locked((running: 0, most: 0))
    let threads = Locked(Set<UInt>())
    let futures = (0..<50).map { number in
      pool.submit {
        state.withLock { state in
          state.running += 1
          state.most = max(state.most, state.running)
        }
        threads.withLock { _ = $0.insert(currentThreadID()) }
        state.withLock { $0.running -= 1 }
        return number
      }
    }
    #expect(try futures.map { try $0.result() } == Array(0..<50))
    #expect(state.withLock { $0.most } <= 3)
    #expect(threads.withLock { $0.count } <= 3)
    #expect(!threads.withLock { $0.contains(currentThreadID()) })
  }

  @Test("EXEC-10: a pool that is shut down does what it was given, and takes no more")
  func poolShutdown() throws {
    let pool = Asyncio.ThreadPoolExecutor(maxWorkers: 1)
    let begun = ThreadEvent()
    let release = ThreadEvent()
    let running = pool.submit {
      begun.set()
      _ = release.wait()
      return 1
    }
    let queued = pool.submit { 2 }
    _ = begun.wait()
    pool.shutdown()
    let late = pool.submit { 3 }
    #expect(late.isCancelled)
    release.set()
    #expect(try running.result() == 1)
    #expect(try queued.result() == 2)
    #expect(throws: CancellationError.self) { try late.result() }
  }
}
