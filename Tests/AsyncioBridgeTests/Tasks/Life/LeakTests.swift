import Testing

@testable import AsyncioBridge

/// Whatever a program leaves behind: when its loop is closed nothing of it remains. Every body has been unwound, and
/// all futures and the loop itself are gone.
@Suite struct LeakTests {
  // MARK: Programs that end

  @Test("a program that ran to its end leaves nothing behind")
  func completed() throws {
    try expectNoLeak(reports: 0) { loop, traces in
      let sum = try loop.runUntilComplete {
        let box = traces.enter()
        defer { traces.leave(box) }
        let tasks = (0..<10).map { number in
          Asyncio.createTask {
            let box = traces.enter()
            defer { traces.leave(box) }
            try await Asyncio.sleep(.milliseconds(number))
            return number
          }
        }
        let queue = Asyncio.Queue<Int>(loop: loop)
        Asyncio.createTask { for number in 0..<10 { try await queue.put(number) } }
        var sum = 0
        for _ in 0..<10 { sum += try await queue.get() }
        _ = try await Asyncio.wait(tasks, timeout: .milliseconds(5))
        for try await task in Asyncio.asCompleted(tasks) { sum += try task.result() }
        return try await Asyncio.gather(tasks).value.reduce(sum, +)
      }
      #expect(sum == 135)
    }
  }

  @Test("cancelled, timed out and failed work leaves nothing behind")
  func interrupted() throws {
    try expectNoLeak { loop, traces in
      try loop.runUntilComplete {
        func sleeper() -> Asyncio.Task<Void> {
          Asyncio.createTask {
            let box = traces.enter()
            defer { traces.leave(box) }
            try await Asyncio.sleep(.seconds(1000))
          }
        }
        let cancelled = sleeper()
        let unstarted = sleeper()
        unstarted.cancel()
        try await Asyncio.sleep(.zero)
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        await #expect(throws: Asyncio.TimeoutError.self) {
          try await Asyncio.waitFor(sleeper(), timeout: .milliseconds(1))
        }
        let (_, pending) = try await Asyncio.wait([sleeper()], timeout: .milliseconds(1))
        for task in pending { task.cancel() }
        let failing = Asyncio.createTask {
          let box = traces.enter()
          defer { traces.leave(box) }
          try await Asyncio.sleep(.milliseconds(1))
          throw ObjectError()
        }
        let gathered = try Asyncio.gather(failing, sleeper())
        await #expect(throws: ObjectError.self) { try await gathered.value }
        // Nobody reads this one's error.
        Asyncio.createTask { throw TestError() }
        try await Asyncio.sleep(.zero)
      }
    }
  }

  @Test("an asCompleted whose time was up, or that was left early, leaves nothing behind")
  func asCompleted() throws {
    try expectNoLeak { loop, _ in
      try loop.runUntilComplete {
        for timeout in [Duration.milliseconds(1), .milliseconds(3)] {
          let futures = [loop.createFuture(of: Int.self), loop.createFuture(of: Int.self)]
          try loop.callLater(.milliseconds(2)) { [weak future = futures[0]] in try future?.setResult(1) }
          do {
            for try await future in Asyncio.asCompleted(futures, timeout: timeout) {
              #expect(try future.result() == 1)
              break
            }
          } catch is Asyncio.TimeoutError {
            #expect(timeout == .milliseconds(1))
          }
        }
        try await Asyncio.sleep(.milliseconds(5))
      }
    }
  }

  @Test("a program that a fatal error ends leaves nothing behind")
  func fatalError() throws {
    try expectNoLeak { loop, traces in
      try loop.createTask {
        let box = traces.enter()
        defer { traces.leave(box) }
        try await Asyncio.sleep(.seconds(1000))
      }
      #expect(throws: Asyncio.SystemExit.self) {
        try loop.runUntilComplete {
          let box = traces.enter()
          defer { traces.leave(box) }
          try await Asyncio.sleep(.milliseconds(1))
          throw Asyncio.SystemExit(3)
        }
      }
    }
  }

  @Test("Asyncio.run leaves nothing behind, whatever the main body started")
  func run() throws {
    let (loop, debugCounters, traces) = try Asyncio.run(clock: .virtual) {
      let loop = EventLoop.running()!
      let traces = Traces()
      for _ in 0..<3 {
        Asyncio.createTask {
          let box = traces.enter()
          defer { traces.leave(box) }
          try await loop.createFuture(of: Void.self).value
        }
      }
      _ = try Asyncio.gather([loop.createFuture(of: Void.self)])
      try await Asyncio.sleep(.milliseconds(1))
      return ({ [weak loop] in loop }, loop.debugCounters, traces)
    }
    #expect(traces.entered == 3)
    #expect(traces.left == 3)
    expectNoObjects(debugCounters)
    #expect(loop() == nil)
  }

  // MARK: A loop that is closed with pending work

  @Test("tasks that wait for futures are unwound, whoever else has the future")
  func parked() throws {
    try expectNoLeak(reports: 3) { loop, traces in
      let kept = loop.createFuture(of: Int.self)
      func wait(_ future: Asyncio.Future<Int>) throws -> Asyncio.Task<Int> {
        try loop.createTask {
          let box = traces.enter()
          defer { traces.leave(box) }
          return try await future.value
        }
      }
      _ = try wait(kept)
      let chained = try wait(loop.createFuture())
      _ = try wait(chained)
      try loop.runBriefly()
      #expect(traces.entered == 3)
    }
  }

  @Test("tasks that sleep, yield, or wait for queues and locks are unwound")
  func parkedInPrimitives() throws {
    try expectNoLeak(reports: 7) { loop, traces in
      let queue = Asyncio.Queue<Int>(maxsize: 1, loop: loop)
      let lock = Asyncio.Lock(loop: loop)
      let event = Asyncio.Event(loop: loop)
      let condition = Asyncio.Condition(loop: loop)
      let semaphore = Asyncio.Semaphore(0, loop: loop)
      let waits: [() async throws -> Void] = [
        { try await Asyncio.sleep(.seconds(1)) },
        { while true { try await Asyncio.sleep(.zero) } },
        { _ = try await queue.get() },
        { try await lock.withLock { try await loop.createFuture(of: Void.self).value } },
        { try await event.wait() },
        { try await condition.withLock { try await condition.wait() } },
        { try await semaphore.acquire() },
      ]
      for wait in waits {
        try loop.createTask {
          let box = traces.enter()
          defer { traces.leave(box) }
          try await wait()
        }
      }
      try loop.runBriefly()
      #expect(traces.entered == 7)
    }
  }

  @Test("tasks that have not begun never begin, and are released")
  func unstarted() throws {
    try expectNoLeak(reports: 2) { loop, traces in
      let kept = traces.enter()
      try loop.createTask {
        _ = kept
        _ = traces.enter()
      }
      let cancelled = try loop.createTask { _ = traces.enter() }
      cancelled.cancel()
      traces.leave(kept)
    }
  }

  @Test("tasks that answer the cancellation with more awaits are given cancellations until they end")
  func stubborn() throws {
    try expectNoLeak { loop, traces in
      var answers = 0
      try loop.createTask {
        let box = traces.enter()
        defer { traces.leave(box) }
        for _ in 0..<10 {
          do { try await Asyncio.sleep(.seconds(1)) } catch { answers += 1 }
        }
        Asyncio.createTask { Issue.record("a closed loop runs no more tasks") }
      }
      try loop.runBriefly()
      try loop.close()
      #expect(answers == 10)
    }
  }

  @Test("tasks that clean up as they are unwound can still use the loop's objects")
  func cleaningUp() throws {
    try expectNoLeak { loop, traces in
      let queue = Asyncio.Queue<Int>(loop: loop)
      let done = loop.createFuture(of: Void.self)
      let other = try loop.createTask { try await done.value }
      try loop.createTask {
        let box = traces.enter()
        defer {
          try? queue.putNowait(1)
          try? done.setResult()
          other.cancel()
          _ = try? Asyncio.gather([loop.createFuture(of: Int.self)])
          traces.leave(box)
        }
        try await Asyncio.sleep(.seconds(1))
      }
      try loop.runBriefly()
    }
  }

  // MARK: Futures that nobody completes

  @Test("futures that are abandoned with callbacks, even ones that keep the future, are released")
  func abandonedFutures() throws {
    try expectNoLeak { loop, traces in
      let future = loop.createFuture(of: Int.self)
      let kept = traces.enter()
      future.addDoneCallback { _ in
        _ = kept
        _ = future.isDone
      }
      let callback = Asyncio.DoneCallback { [future] _ in _ = future }
      loop.createFuture(of: Int.self).addDoneCallback(callback)
      future.addDoneCallback(callback)
      traces.leave(kept)
    }
  }

  @Test("combinations of futures that are never done are released")
  func abandonedCombinations() throws {
    try expectNoLeak { loop, _ in
      try loop.runUntilComplete {
        func never() -> Asyncio.Future<Int> { loop.createFuture() }
        let shared = never()
        let gathered = try Asyncio.gather([shared, never()])
        let nested = try Asyncio.gather(gathered, never())
        _ = nested
        _ = try Asyncio.gather(returningErrors: [never()])
        let shielded = Asyncio.shield(shared)
        _ = Asyncio.shield(shielded)
        _ = Asyncio.shield(Asyncio.createTask { try await shared.value })
        for timeout in [nil, Duration.seconds(1)] {
          let finished = Asyncio.asCompleted([never(), shared], timeout: timeout).makeAsyncIterator()
          Asyncio.createTask { _ = try await finished.next() }
        }
        Asyncio.createTask { _ = try await Asyncio.wait([never(), shared]) }
        Asyncio.createTask { _ = try await Asyncio.waitFor(never(), timeout: .seconds(1)) }
        Asyncio.createTask { _ = try await gathered.value }
        Asyncio.createTask { _ = try await Asyncio.shield(shared).value }
        // One that is refused, too.
        let foreign = EventLoop(clock: .virtual).createFuture(of: Int.self)
        #expect(throws: Asyncio.ValueError.self) { try Asyncio.gather([never(), foreign]) }
        try await Asyncio.sleep(.zero)
      }
    }
  }

  private final class OwnTask: Asyncio.Future<Int>, Asyncio.TaskProtocol {
    var name = "own"
  }

  @Test("tasks of one's own type that are still registered are released")
  func ownTasks() throws {
    try expectNoLeak(reports: 0) { loop, _ in
      let task = OwnTask(loop: loop)
      Asyncio.registerTask(task)
      try Asyncio.enterTask(task)
      #expect(Asyncio.currentTask(loop) === task)
    }
  }

  @Test("timers and callbacks that never ran are released")
  func abandonedCallbacks() throws {
    try expectNoLeak(reports: 0) { loop, traces in
      let kept = traces.enter()
      let future = loop.createFuture(of: Int.self)
      let handle = try loop.callSoon { _ = (kept, future, loop.isClosed) }
      let timer = try loop.callLater(.seconds(1)) { _ = (kept, future, loop.isClosed) }
      let cancelled = try loop.callLater(.seconds(1)) { _ = (kept, future, loop.isClosed) }
      cancelled.cancel()
      try loop.callSoonThreadsafe { Issue.record("a closed loop calls nothing") }
      traces.leave(kept)
      try loop.close()
      // They may be cancelled when the loop is closed.
      handle.cancel()
      timer.cancel()
    }
  }

  @Test("a loop that is let go of without being closed ends what it can")
  func notClosed() throws {
    weak var weakLoop: EventLoop?
    let traces = Traces()
    let debugCounters: DebugCounters
    do {
      let loop = EventLoop(clock: .virtual)
      weakLoop = loop
      debugCounters = loop.debugCounters
      let kept = traces.enter()
      try loop.callSoon { _ = kept }
      try loop.callLater(.seconds(1)) { _ = kept }
      traces.leave(kept)
    }
    #expect(weakLoop == nil)
    expectNoObjects(debugCounters)
    #expect(traces.kept.allSatisfy { $0() == nil })
  }
}
