import Synchronization
import Testing

@testable import AsyncioBridge

// Several threads use a loop's handle while it runs and is closed. What they hand in runs once, or they are told that
// it never will; nothing is lost, nothing leaks, and nobody waits for ever.

@Suite struct ThreadStressTests {
  private static let threadCount = 4

  @Test("callbacks of several threads run exactly once, each thread's in its order")
  func postedCallbacks() throws {
    try withLoop(.monotonic) { loop in
      let perThread = 2000
      let order = Journal<(thread: Int, number: Int)>()
      let left = Counter(Self.threadCount * perThread)
      let threads = startThreads { [handle = loop.threadsafe] thread in
        for number in 0..<perThread {
          try handle.callSoonThreadsafe {
            order.append((thread, number))
            if left.add(-1) == 0 { EventLoop.running()?.stop() }
          }
        }
      }
      try loop.runForever()
      try threads.join()
      for thread in 0..<Self.threadCount {
        #expect(order.entries.filter { $0.thread == thread }.map(\.number) == Array(0..<perThread))
      }
    }
  }

  @Test("an idle loop is woken by every callback: no wake-up is lost")
  func wakeUps() throws {
    try withLoop(.monotonic) { loop in
      let left = Counter(Self.threadCount)
      let threads = startThreads { [handle = loop.threadsafe] _ in
        for _ in 0..<500 {
          let arrived = ThreadEvent()
          try handle.callSoonThreadsafe { arrived.set() }
          // The loop is idle whenever all threads wait here.
          guard arrived.wait(timeout: .patience) else { throw TestError(name: "a wake-up was lost") }
        }
        if left.add(-1) == 0 { try handle.stop() }
      }
      try loop.runForever()
      try threads.join()
    }
  }

  @Test("callbacks that threads cancel before the loop gets to them never run, the others once")
  func cancelledCallbacks() throws {
    try withLoop(.monotonic) { loop in
      let ran = Journal<Int>()
      let perThread = 1000
      let threads = startThreads { [handle = loop.threadsafe] thread in
        for number in (thread * perThread)..<((thread + 1) * perThread) {
          let posted = try handle.callSoonThreadsafe { ran.append(number) }
          if number % 3 == 0 { posted.cancel() }
        }
      }
      try threads.join()
      try loop.runOneTurn()
      #expect(ran.entries.filter { $0 % 3 == 0 } == [])
      #expect(ran.entries.sorted() == (0..<Self.threadCount * perThread).filter { $0 % 3 != 0 })
    }
  }

  @Test("coroutines of several threads all end, as values, errors or cancellations, while the loop runs")
  func coroutines() throws {
    try withLoop(.monotonic) { loop in
      let perThread = 200
      let left = Counter(Self.threadCount)
      let threads = startThreads { [handle = loop.threadsafe] thread in
        defer { if left.add(-1) == 0 { try? handle.stop() } }
        for number in 0..<perThread {
          let future = handle.runCoroutineThreadsafe {
            switch number % 4 {
            case 0: try await Asyncio.sleep(.zero)
            case 1: try await Asyncio.sleep(.microseconds(number))
            case 2: throw TestError(name: "\(number)")
            default: try await Asyncio.sleep(.seconds(1000))
            }
            return thread * perThread + number
          }
          if number % 4 == 3 { future.cancel() }
          let outcome = Result { try future.result(timeout: .patience) }
          switch (number % 4, outcome) {
          case (0...1, .success(let value)) where value == thread * perThread + number: break
          case (2, .failure(let error as TestError)) where error.name == "\(number)": break
          case (3, .failure(is CancellationError)): break
          default: throw TestError(name: "number \(number) ended as \(outcome)")
          }
        }
      }
      try loop.runForever()
      try threads.join()
      // The cancellations may be on their way yet.
      try loop.runBriefly()
      try loop.runBriefly()
      #expect(Asyncio.allTasks(loop).isEmpty)
    }
  }

  @Test("threads that post while the loop is closed: all coroutines end, all callbacks run or go", arguments: 0..<10)
  func closing(_ round: Int) throws {
    let tokens = Counter(0)
    var loop: EventLoop? = EventLoop()
    loop?.exceptionHandler = { _, _ in }
    let handle = try #require(loop?.threadsafe)
    let threads = startThreads { thread in
      var futures: [Asyncio.ConcurrentFuture<Int>] = []
      for number in 0... {
        let token = Token(tokens)
        let future = handle.runCoroutineThreadsafe {
          _ = token
          if number % 3 == 0 { try await Asyncio.sleep(.seconds(1000)) }
          return number
        }
        futures.append(future)
        if number % 5 == 0 { future.cancel() }
        // So that the threads get no further ahead of the loop.
        if number % 10 == 1 { _ = try? future.result(timeout: .patience) }
        // What is called back by a future that the closing cancels may use the handle.
        future.addDoneCallback { _ in _ = try? handle.callSoonThreadsafe {} }
        do {
          let posted = try handle.callSoonThreadsafe { _ = token }
          if number % 2 == 0 { posted.cancel() }
        } catch is Asyncio.RuntimeError {
          break
        }
      }
      for (number, future) in futures.enumerated() {
        switch Result(catching: { try future.result(timeout: .patience) }) {
        case .success(number), .failure(is CancellationError): break
        case let outcome: throw TestError(name: "number \(number) ended as \(outcome)")
        }
      }
    }
    try loop?.callLater(.milliseconds(round)) { EventLoop.running()?.stop() }
    try loop?.runForever()
    let debugCounters = try #require(loop?.debugCounters)
    try loop?.close()
    try threads.join()
    loop = nil
    #expect(tokens.value == 0)
    expectNoObjects(debugCounters)
  }

  @Test("blocking work of an executor, waited for and cancelled by tasks, ends once each")
  func executorWork() throws {
    try withLoop(.monotonic) { loop in
      let ran = Counter(0)
      let (values, cancellations) = try loop.runUntilComplete {
        let futures = try (0..<400).map { number in
          try loop.runInExecutor {
            ran.add(1)
            return number
          }
        }
        for (number, future) in futures.enumerated() where number % 7 == 0 { future.cancel() }
        let outcomes = try await Asyncio.gather(returningErrors: futures).value
        return (outcomes.compactMap { try? $0.get() }, outcomes.count { (try? $0.get()) == nil })
      }
      #expect(values == (0..<400).filter { $0 % 7 != 0 })
      #expect(cancellations == 58)
      #expect(ran.value >= values.count)
    }
  }

  @Test("Swift tasks elsewhere sleep by the loop's clock, are cancelled, and are told when the loop is closed")
  func foreignSleepers() async throws {
    try await onOwnThread {
      let loop = EventLoop()
      let clock = loop.clock
      let outcomes = Journal<String>()
      let left = Counter(300)
      let all = ThreadEvent()
      let cancelled = ThreadEvent()
      for number in 0..<300 {
        let sleeper = Task.detached {
          do {
            try await clock.sleep(for: number % 3 == 0 ? .microseconds(number) : .seconds(1000))
            outcomes.append("slept")
          } catch is CancellationError {
            outcomes.append("cancelled")
          } catch is Asyncio.RuntimeError {
            outcomes.append("closed")
          }
          let now = left.add(-1)
          if now == 100 { cancelled.set() }
          if now == 0 { all.set() }
        }
        if number % 3 == 1 { sleeper.cancel() }
      }
      startThread { [handle = loop.threadsafe] in
        _ = cancelled.wait(timeout: .patience)
        try? handle.stop()
      }
      try loop.runForever()
      try loop.close()
      #expect(all.wait(timeout: .patience))
      for outcome in ["slept", "cancelled", "closed"] { #expect(outcomes.entries.count { $0 == outcome } == 100) }
    }
  }

  /// Starts threads that each run `body` with their number.
  private func startThreads(_ body: @escaping @Sendable (Int) throws -> Void) -> RunningThreads {
    RunningThreads(count: Self.threadCount, body)
  }
}

/// Threads that have been started.
private struct RunningThreads {
  private let results: [Asyncio.ConcurrentFuture<Void>]

  init(count: Int, _ body: @escaping @Sendable (Int) throws -> Void) {
    results = (0..<count).map { number in
      let result = Asyncio.ConcurrentFuture<Void>()
      startThread { result.resolve(Result { try body(number) }) }
      return result
    }
  }

  /// Waits until all have ended, and throws what one threw.
  func join() throws {
    for result in results { try result.result() }
  }
}

/// A number that several threads change.
private final class Counter: Sendable {
  private let storage: Atomic<Int>
  init(_ value: Int) { storage = Atomic(value) }
  var value: Int { storage.load(ordering: .sequentiallyConsistent) }
  @discardableResult
  func add(_ change: Int) -> Int { storage.add(change, ordering: .sequentiallyConsistent).newValue }
}

/// Counts itself, to tell whether closures have gone.
private final class Token: Sendable {
  private let count: Counter
  init(_ count: Counter) {
    self.count = count
    count.add(1)
  }
  deinit { count.add(-1) }
}
