import Testing

@testable import AsyncioBridge

// Whatever is done wrong ends in a typed error or in a trap that explains itself, and never in a hang.

@Suite struct MisuseTests {
  // MARK: No running loop

  @Test("what waits for a loop's objects outside its run throws, and leaves nothing behind")
  func waitingOutsideARun() async throws {
    let loop = EventLoop(clock: .virtual)
    let future = loop.createFuture(of: Int.self)
    let event = Asyncio.Event(loop: loop)
    let queue = Asyncio.Queue<Int>(maxsize: 1, loop: loop)
    let semaphore = Asyncio.Semaphore(0, loop: loop)
    let errors = [
      await errorThrown { try await future.value },
      await errorThrown { try await Asyncio.wait([future]) },
      await errorThrown { try await Asyncio.waitFor(future, timeout: .seconds(1)) },
      await errorThrown { try await Asyncio.waitFor(future, timeout: nil) },
      await errorThrown { for try await _ in Asyncio.asCompleted([future]) {} },
      await errorThrown { try await Asyncio.shield(future).value },
      await errorThrown { try await Asyncio.gather([future]).value },
      await errorThrown { try await event.wait() },
      await errorThrown { try await queue.get() },
      await errorThrown { try await semaphore.acquire() },
    ]
    for (index, error) in errors.enumerated() {
      #expect(error is Asyncio.RuntimeError, "number \(index): \(String(describing: error))")
      #expect((error as? Asyncio.RuntimeError)?.message.hasPrefix("no running event loop") == true)
    }
    #expect(event.waiterCount == 0)
    #expect(queue.waiterCounts == (0, 0))
    #expect(semaphore.waiterCount == 0)
    #expect(!future.isDone)
    try loop.close()
  }

  @Test(
    "BIND-04, BIND-07, BIND-09, BIND-15: what makes futures without suspending needs a running loop: the trap says so"
  )
  func wrappingOutsideARun() async {
    let results = [
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = Asyncio.wrapFuture(Asyncio.ConcurrentFuture<Int>())
      },
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = Asyncio.ensureFuture(operation: { 1 })
      },
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = try Asyncio.gather(Asyncio.Coroutine { 1 })
      },
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = try Asyncio.shield(Asyncio.Coroutine { 1 })
      },
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = try Asyncio.ensureFuture(Asyncio.Coroutine { 1 })
      },
    ]
    for result in results { expectExplanation(result, "no running event loop") }
  }

  @Test("the trap says what was called, where, and on which thread")
  func trapWithoutARunningLoop() async {
    let lock = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = Asyncio.Lock() }
    expectExplanation(lock, "Asyncio.Lock(): no running event loop")
    expectExplanation(lock, "AsyncioBridgeTests/MisuseTests.swift")
    let queue = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Asyncio.LifoQueue<Int>()
    }
    expectExplanation(queue, "Asyncio.Queue(): no running event loop")
    let onTheMainActor = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try await Asyncio.run {
        await MainActor.run { _ = Asyncio.Event() }
      }
    }
    expectExplanation(onTheMainActor, "Asyncio.Event(): no running event loop here")
    expectExplanation(onTheMainActor, "this is the main thread, where the main actor's code runs")
    expectExplanation(onTheMainActor, "AsyncioBridgeTests/MisuseTests.swift")
  }

  // MARK: A closed loop

  @Test("other threads are told by an error or a cancellation that the loop is closed")
  func closedLoopFromElsewhere() async throws {
    let loop = EventLoop()
    let handle = loop.threadsafe
    let clock = loop.clock
    try loop.close()
    #expect(throws: Asyncio.RuntimeError.self) { try handle.callSoonThreadsafe {} }
    #expect(throws: Asyncio.RuntimeError.self) { try handle.stop() }
    await #expect(throws: CancellationError.self) { try await handle.runCoroutineThreadsafe { 1 }.value }
    await #expect(throws: Asyncio.RuntimeError.self) { try await clock.sleep(until: clock.now) }
    await #expect(throws: Asyncio.RuntimeError.self) { try await clock.sleep(for: .seconds(1000)) }
  }

  @Test("LOOPX-05, DIFF-29: a closed loop refuses bodies by whichever function they come")
  func closedLoopRefusesBodies() throws {
    let loop = EventLoop(clock: .virtual)
    let future = loop.createFuture(of: Int.self)
    try loop.close()
    let body = Asyncio.Coroutine { Issue.record("the body began") }
    #expect(throws: Asyncio.RuntimeError.self) { try Asyncio.ensureFuture(body, loop: loop) }
    #expect(throws: Asyncio.RuntimeError.self) { try Asyncio.Task(loop: loop) {} }
    #expect(try Asyncio.ensureFuture(future, loop: loop) === future)
  }

  @Test("a body that is unwound by close can wait for nothing and schedule nothing, and close ends")
  func usingALoopThatIsBeingClosed() throws {
    let errors = Box<[(any Error)?]>([])
    let loop = EventLoop(clock: .virtual)
    loop.exceptionHandler = { _, _ in }
    let future = loop.createFuture(of: Int.self)
    let runs = [{ try loop.runForever() }, { try Asyncio.run {} }]
    let task = try loop.createTask {
      defer {
        for run in runs { errors.value.append(Result(catching: run).error) }
        errors.value.append(Result { try loop.callSoon {} }.error)
        // Harmless.
        errors.value.append(Result { try loop.close() }.error)
      }
      do { _ = try await future.value } catch { errors.value.append(error) }
      errors.value.append(await errorThrown { try await Asyncio.sleep(.zero) })
      errors.value.append(await errorThrown { try await Asyncio.sleep(.seconds(1)) })
      errors.value.append(await errorThrown { try await Asyncio.wait([future], timeout: .seconds(1)) })
      errors.value.append(await errorThrown { try await Asyncio.createTask {}.value })
      errors.value.append(await errorThrown { try await Asyncio.ensureFuture(operation: { 1 }).value })
      errors.value.append(await errorThrown { try await Asyncio.Queue<Int>().get() })
    }
    try loop.runBriefly()
    try loop.close()
    #expect(
      errors.value.map { $0.map { "\(type(of: $0))" } ?? "none" } == [
        "CancellationError", "CancellationError", "CancellationError", "CancellationError", "RuntimeError",
        "CancellationError", "CancellationError", "RuntimeError", "RuntimeError", "RuntimeError", "none",
      ]
    )
    #expect(loop.hostCount == 0)
    withExtendedLifetime(task) {}
  }

  @Test("a body that goes on waiting although its loop was closed is reported and left behind; close ends")
  func bodyThatDoesNotEnd() throws {
    let loop = EventLoop(clock: .virtual)
    let reports = Reports(loop)
    let task = try loop.createTask(name: "stubborn") {
      while true { try? await Asyncio.sleep(.seconds(1)) }
    }
    try loop.runBriefly()
    try loop.close()
    #expect(reports.messages.first == "Task was destroyed but it is pending!")
    #expect(reports.messages.last?.hasPrefix("Task ignored that its loop was closed") == true)
    #expect(reports.contexts.map(\.taskName) == ["stubborn", "stubborn"])
    withExtendedLifetime(task) {}
  }

  @Test("a Swift task elsewhere that sleeps by a loop's clock is told when the loop is closed")
  func closedWhileAnotherSleeps() async throws {
    try await onOwnThread {
      let loop = EventLoop()
      let clock = loop.clock
      let sleeper = Asyncio.ConcurrentFuture<Void>()
      Task.detached { sleeper.resolve(await Result.of { try await clock.sleep(for: .seconds(1000)) }) }
      // Until the loop has set the timer.
      while loop.timers.isEmpty {
        loop.mailbox.waitForItems(timeout: nil)
        try loop.runOneTurn()
      }
      try loop.close()
      #expect(throws: Asyncio.RuntimeError.self) { try sleeper.result() }
    }
  }

  // MARK: A loop inside a loop

  @Test("no loop can be run in a callback, a timer or a done-callback of one")
  func runningInCallbacks() throws {
    try withLoop { loop in
      let reports = Reports(loop)
      try withLoop { other in
        let future = loop.createFuture(of: Void.self)
        future.addDoneCallback { _ in try other.runForever() }
        try loop.callSoon { try loop.runUntilComplete(future) }
        try loop.callSoon { try Asyncio.run { _ = Issue.record("a nested run began") } }
        try loop.callLater(.seconds(1)) { try other.runUntilIdle() }
        try loop.callLater(.seconds(2)) { try future.setResult() }
        try loop.runUntilComplete(future)
        #expect(other.turnCount == 0)
      }
      #expect(
        reports.contexts.map { ($0.error as? Asyncio.RuntimeError)?.message } == [
          "This event loop is already running",
          "Asyncio.run() cannot be called from a running event loop: await the function, or make it a task with createTask",
          "Cannot run the event loop while another loop is running",
          "Cannot run the event loop while another loop is running",
        ]
      )
    }
  }

  @Test("blocking for a thread-side future on a loop's thread is refused, with and without a timeout")
  func blockingOnTheLoopsThread() throws {
    try withLoop { loop in
      try loop.callSoon {
        let future = loop.threadsafe.runCoroutineThreadsafe { 5 }
        for timeout in [nil, Duration.zero, .seconds(1)] {
          let error = #expect(throws: Asyncio.RuntimeError.self) { try future.result(timeout: timeout) }
          #expect(error?.message.contains("await Asyncio.wrapFuture(_:).value instead") == true)
        }
        // What is there already needs no blocking.
        let done = Asyncio.ConcurrentFuture<Int>()
        done.resolve(.success(6))
        let value = try done.result()
        #expect(value == 6)
      }
      try loop.runUntilIdle()
    }
  }

  // MARK: Futures

  @Test("a future that is done cannot be completed again, and stays as it is")
  func setTwice() throws {
    try withLoop { loop in
      let finished = loop.createFuture(of: Int.self)
      try finished.setResult(1)
      let failed = loop.createFuture(of: Int.self)
      try failed.setException(TestError())
      let cancelled = loop.createFuture(of: Int.self)
      cancelled.cancel()
      for future in [finished, failed, cancelled] {
        #expect(throws: Asyncio.InvalidStateError.self) { try future.setResult(2) }
        #expect(throws: Asyncio.InvalidStateError.self) { try future.setException(TestError(name: "other")) }
        #expect(!future.cancel())
      }
      #expect(try finished.result() == 1)
      #expect(throws: TestError()) { try failed.result() }
      #expect(cancelled.isCancelled)
    }
  }

  @Test("a thread-side future that is done cannot be completed again, and stays as it is")
  func resolvedTwice() throws {
    let finished = Asyncio.ConcurrentFuture<Int>()
    #expect(finished.resolve(.success(1)))
    #expect(!finished.resolve(.success(2)))
    #expect(!finished.cancel())
    #expect(!finished.setRunning())
    #expect(try finished.result() == 1)
    let cancelled = Asyncio.ConcurrentFuture<Int>()
    #expect(cancelled.cancel())
    #expect(!cancelled.resolve(.success(2)))
    #expect(!cancelled.setRunning())
    #expect(throws: CancellationError.self) { try cancelled.result() }
  }

  @Test("a task cannot be completed from outside")
  func completingATask() throws {
    try withLoop { loop in
      let task = try loop.createTask { 1 }
      #expect(throws: Asyncio.RuntimeError.self) { try task.setResult(2) }
      #expect(throws: Asyncio.RuntimeError.self) { try task.setException(TestError()) }
      #expect(try loop.runUntilComplete(task) == 1)
    }
  }

  // MARK: Times

  @Test("negative delays are as zero, however large", arguments: Asyncio.LoopClock.Kind.both)
  func negativeDelays(_ clock: Asyncio.LoopClock.Kind) throws {
    try withLoop(clock) { loop in
      let order = Box<[String]>([])
      try loop.callLater(.zero) { order.value.append("zero \(loop.turnCount)") }
      try loop.callLater(.seconds(-1)) { order.value.append("negative \(loop.turnCount)") }
      try loop.callLater(.seconds(Int64.min)) { order.value.append("least \(loop.turnCount)") }
      try loop.callAt(.init(offset: .seconds(-100))) { order.value.append("past \(loop.turnCount)") }
      try loop.runUntilComplete {
        for delay in [Duration.seconds(-1), .seconds(Int64.min), .nanoseconds(-1)] { try await Asyncio.sleep(delay) }
        try await loop.clock.sleep(until: .init(offset: .seconds(-5)))
      }
      #expect(order.value == ["least 1", "past 1", "negative 1", "zero 1"])
      expectTime(loop, .zero)
    }
  }

  @Test("a loop with nothing but a timer of the distant past does not wait", arguments: Asyncio.LoopClock.Kind.both)
  func timerOfTheDistantPast(_ clock: Asyncio.LoopClock.Kind) throws {
    try withLoop(clock) { loop in
      try loop.callLater(.seconds(Int64.min)) { loop.stop() }
      try loop.runForever()
      #expect(loop.turnCount == 1)
    }
  }

  @Test("the largest delays wait until they are cancelled")
  func largestDelays() throws {
    try withLoop { loop in
      let longest = Duration.seconds(Int64.max)
      let future = loop.createFuture(of: Int.self)
      let tasks = [
        try loop.createTask { try await Asyncio.sleep(longest) },
        try loop.createTask { _ = try await Asyncio.wait([future], timeout: longest) },
        try loop.createTask { _ = try await Asyncio.waitFor(Asyncio.shield(future), timeout: longest) },
      ]
      try loop.callLater(.seconds(3600 * 24 * 365)) { for task in tasks { task.cancel() } }
      for task in tasks { #expect(throws: CancellationError.self) { try loop.runUntilComplete(task) } }
      let first = Asyncio.LoopClock.Instant(offset: .seconds(Int64.min))
      let last = Asyncio.LoopClock.Instant(offset: .seconds(Int64.max))
      #expect(first < last)
      #expect(first.duration(to: last) > .zero)
    }
  }

  @Test("negative timeouts are over at once", arguments: [Duration.zero, .seconds(-1), .seconds(Int64.min)])
  func negativeTimeouts(_ timeout: Duration) throws {
    try runOnLoop { loop in
      let future = loop.createFuture(of: Int.self)
      let (done, pending) = try await Asyncio.wait([future], timeout: timeout)
      #expect(done.isEmpty)
      #expect(pending == [future])
      #expect(!future.isDone)

      let inTime = await errorThrown { for try await _ in Asyncio.asCompleted([future], timeout: timeout) {} }
      #expect(inTime is Asyncio.TimeoutError)
      #expect(!future.isDone)

      let waited = await errorThrown { try await Asyncio.waitFor(future, timeout: timeout) }
      #expect(waited is Asyncio.TimeoutError)
      #expect(future.isCancelled)

      let finished = loop.createFuture(of: Int.self)
      try finished.setResult(1)
      #expect(try await Asyncio.waitFor(finished, timeout: timeout) == 1)
      #expect(loop.elapsed == .zero)
    }
    let elsewhere = Asyncio.ConcurrentFuture<Int>()
    #expect(throws: Asyncio.TimeoutError.self) { try elsewhere.result(timeout: timeout) }
  }

  // MARK: Nothing to wait for

  @Test("wait refuses an empty set; gather and asCompleted of nothing are over at once")
  func nothingToWaitFor() throws {
    try runOnLoop { loop in
      for returnWhen in [Asyncio.ReturnWhen.allCompleted, .firstCompleted, .firstException] {
        let error = await errorThrown { try await Asyncio.wait([Asyncio.AnyFuture](), returnWhen: returnWhen) }
        #expect(error is Asyncio.ValueError)
      }
      let gathered = try Asyncio.gather([Asyncio.Future<Int>]())
      #expect(gathered.isDone)
      #expect(try await gathered.value == [])
      var count = 0
      for try await _ in Asyncio.asCompleted([Asyncio.AnyFuture]()) { count += 1 }
      #expect(count == 0)
      #expect(loop.turnCount == 1)
    }
  }

  // MARK: Two loops

  @Test("a future of another loop is refused by whatever waits for it, and not touched")
  func futureOfAnotherLoop() throws {
    try withLoop { other in
      let foreign = other.createFuture(of: Int.self)
      try runOnLoop { loop in
        let own = loop.createFuture(of: Int.self)
        let refusals: [(String, (any Error)?)] = [
          ("await", await errorThrown { try await foreign.value }),
          ("waitFor without a timeout", await errorThrown { try await Asyncio.waitFor(foreign, timeout: nil) }),
          ("gather", await errorThrown { try await Asyncio.gather(foreign).value }),
          ("gather of an array", await errorThrown { try await Asyncio.gather([foreign]).value }),
          ("gather of errors", await errorThrown { try await Asyncio.gather(returningErrors: foreign).value }),
          ("shield", await errorThrown { try await Asyncio.shield(foreign).value }),
        ]
        for (name, error) in refusals {
          #expect((error as? Asyncio.RuntimeError)?.message.contains("attached to a different loop") == true, "\(name)")
        }
        let mismatches: [(String, (any Error)?)] = [
          ("wait", await errorThrown { try await Asyncio.wait([own, foreign]) }),
          ("waitFor", await errorThrown { try await Asyncio.waitFor(foreign, timeout: .seconds(1)) }),
          ("waitFor without time", await errorThrown { try await Asyncio.waitFor(foreign, timeout: .zero) }),
          ("asCompleted", await errorThrown { for try await _ in Asyncio.asCompleted([own, foreign]) {} }),
          ("gather", await errorThrown { try Asyncio.gather(own, foreign) }),
          ("gather of an array", await errorThrown { try Asyncio.gather([own, foreign]) }),
          ("ensureFuture", await errorThrown { try Asyncio.ensureFuture(foreign, loop: loop) }),
        ]
        for (name, error) in mismatches { #expect(error is Asyncio.ValueError, "\(name)") }
        #expect(!own.isDone)
        let left = own.callbacks.count
        #expect(left == 0)
      }
      #expect(!foreign.isDone)
    }
  }

  @Test("LOCKX-07: locks and queues of another loop refuse to wait, and keep nobody waiting")
  func locksOfAnotherLoop() throws {
    try withLoop { other in
      let lock = Asyncio.Lock(loop: other)
      let event = Asyncio.Event(loop: other)
      let semaphore = Asyncio.Semaphore(0, loop: other)
      let empty = Asyncio.Queue<Int>(loop: other)
      let full = Asyncio.Queue<Int>(maxsize: 1, loop: other)
      try full.putNowait(1)
      #expect(throws: Asyncio.ValueError.self) {
        try withLoop { loop in _ = try Asyncio.Condition(lock: lock, loop: loop) }
      }
      try runOnLoop { _ in
        // Free, so that there is nothing to wait for.
        try await lock.acquire()
        for error in [
          await errorThrown { try await lock.acquire() },
          await errorThrown { try await event.wait() },
          await errorThrown { try await semaphore.acquire() },
          await errorThrown { try await empty.get() },
          await errorThrown { try await full.put(2) },
          await errorThrown { try await full.join() },
        ] {
          #expect((error as? Asyncio.RuntimeError)?.message.contains("attached to a different loop") == true)
        }
        try lock.release()
      }
      #expect(lock.waiterCount == 0 && event.waiterCount == 0 && semaphore.waiterCount == 0)
      #expect(empty.waiterCounts == (0, 0) && full.waiterCounts == (0, 0))
      #expect(full.qsize == 1)
    }
  }

  // MARK: Counts and locks

  @Test("what is given back more often than it was taken is refused, and nothing changes")
  func givenBackTooOften() throws {
    try runOnLoop { _ in
      let semaphore = Asyncio.BoundedSemaphore(1)
      try await semaphore.acquire()
      try semaphore.release()
      #expect(throws: Asyncio.ValueError.self) { try semaphore.release() }
      #expect(semaphore.value == 1)

      let lock = Asyncio.Lock()
      #expect(throws: Asyncio.RuntimeError.self) { try lock.release() }
      #expect(!lock.isLocked)

      let condition = Asyncio.Condition()
      #expect(throws: Asyncio.RuntimeError.self) { try condition.release() }
      #expect(throws: Asyncio.RuntimeError.self) { try condition.notify() }
      let waiting = await errorThrown { try await condition.wait() }
      #expect(waiting is Asyncio.RuntimeError)

      let queue = Asyncio.Queue<Int>()
      try queue.putNowait(1)
      try queue.taskDone()
      #expect(throws: Asyncio.ValueError.self) { try queue.taskDone() }
    }
  }

  // MARK: Waiting in a circle

  @Test("a task cannot await itself, and goes on")
  func awaitingOneself() throws {
    try withLoop { loop in
      let task = Box<Asyncio.Task<String>?>(nil)
      task.value = try loop.createTask {
        do { return try await task.value?.value ?? "" } catch let error as Asyncio.RuntimeError { return error.message }
      }
      let message = try loop.runUntilComplete(try #require(task.value))
      #expect(message.hasPrefix("Task cannot await on itself: <Task pending"))
      task.value = nil
    }
  }

  @Test("a task that waits for itself by way of something else is a deadlock, which a cancellation ends")
  func awaitingOneselfIndirectly() throws {
    try withLoop { loop in
      typealias Main = Asyncio.Task<Void>
      let ways: [(Main) async throws -> Void] = [
        { try await Asyncio.gather($0).value },
        { _ = try await Asyncio.gather($0, $0).value },
        { _ = try await Asyncio.gather(returningErrors: [try Asyncio.gather([$0])]).value },
        { try await Asyncio.shield($0).value },
        { _ = try await Asyncio.wait([$0]) },
        { for try await _ in Asyncio.asCompleted([$0]) {} },
        { task in try await Asyncio.createTask { try await task.value }.value },
      ]
      for way in ways {
        let task = Box<Main?>(nil)
        let main = try loop.createTask { if let task = task.value { try await way(task) } }
        task.value = main
        #expect(throws: Asyncio.DeadlockError.self) { try loop.runUntilComplete(main) }
        #expect(!main.isDone)
        #expect(main.cancel())
        #expect(throws: CancellationError.self) { try loop.runUntilComplete(main) }
        #expect(main.isCancelled)
        try loop.runUntilIdle()
        task.value = nil
      }
      #expect(loop.pendingTasks == [])
    }
  }

  @Test("of tasks that wait for each other all end when one is cancelled, wherever that is", arguments: 0..<3)
  func circleOfTasks(_ cancelled: Int) throws {
    try withLoop { loop in
      let tasks = Box<[Asyncio.Task<Void>]>([])
      for number in 0..<3 { tasks.value.append(try loop.createTask { try await tasks.value[(number + 1) % 3].value }) }
      #expect(throws: Asyncio.DeadlockError.self) { try loop.runForever() }
      #expect(tasks.value[cancelled].cancel())
      try loop.runUntilIdle()
      for task in tasks.value { #expect(task.isCancelled) }
      tasks.value = []
    }
  }

  @Test("a task of a circle that catches the cancellation goes on, and so do those that wait for it")
  func circleThatIsBroken() throws {
    try withLoop { loop in
      let second = Box<Asyncio.Task<Int>?>(nil)
      let first = try loop.createTask {
        do { return try await second.value?.value ?? 0 } catch is CancellationError {
          try await Asyncio.sleep(.seconds(1))
          return 42
        }
      }
      second.value = try loop.createTask { try await first.value + 1 }
      try loop.runBriefly()
      first.cancel()
      #expect(try loop.runUntilComplete(first) == 42)
      #expect(try loop.runUntilComplete(try #require(second.value)) == 43)
      second.value = nil
    }
  }

  // MARK: No end

  @Test("a program that never rests ends at the loop's limit of turns, and the loop can be used again")
  func turnLimit() throws {
    try withLoop { loop in
      loop.turnLimit = 100
      let error = #expect(throws: Asyncio.TurnLimitError.self) {
        try loop.runUntilComplete { while true { try await Asyncio.sleep(.zero) } }
      }
      #expect(error?.limit == 100)
      #expect(!loop.isRunning)
      loop.turnLimit = nil
      try loop.runBriefly()
    }
  }
}

extension Result where Failure == any Error {
  /// The error, if this is a failure.
  fileprivate var error: (any Error)? { if case .failure(let error) = self { error } else { nil } }

  /// The outcome of an asynchronous function.
  fileprivate static func of(_ body: () async throws -> Success) async -> Self {
    do { return .success(try await body()) } catch { return .failure(error) }
  }
}
