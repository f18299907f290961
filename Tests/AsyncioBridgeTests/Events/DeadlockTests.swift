import Testing

@testable import AsyncioBridge

/// Two tasks, each holding the lock that the other wants, and one that waits for them.
private func waitForEachOther() async throws {
  let (a, b) = (Asyncio.Lock(), Asyncio.Lock())
  func take(_ first: Asyncio.Lock, _ second: Asyncio.Lock) async throws {
    try await first.withLock {
      try await Asyncio.sleep(.milliseconds(1))
      try await second.withLock {}
    }
  }
  let left = Asyncio.createTask(name: "left") { try await take(a, b) }
  let right = Asyncio.createTask(name: "right") { try await take(b, a) }
  _ = try await Asyncio.gather(left, right).value
}

/// Waits, on another thread, until the loop's tasks of these names all wait.
private func waitUntilWaiting(_ handle: Asyncio.LoopHandle, _ names: String...) throws {
  while true {
    let graph = try handle.captureCallGraph().result()
    if names.allSatisfy({ graph.task(named: $0)?.state == .waiting }) { return }
  }
}

@Suite struct DeadlockTests {
  // MARK: Thrown

  @Test(
    "tasks that wait for each other are a deadlock, and the error shows the cycle",
    arguments: Asyncio.LoopClock.Kind.both
  )
  func cycle(_ clock: Asyncio.LoopClock.Kind) throws {
    let error = try withLoop(clock) { loop in
      loop.logger = { _ in }
      return #expect(throws: Asyncio.DeadlockError.self) {
        try loop.runUntilComplete(name: "main") { try await waitForEachOther() }
      }
    }
    #expect(error?.waitingTasks.count == 3)
    #expect(error?.callGraph.tasks.map(\.name) == ["main", "left", "right"])
    #expect(error?.callGraph.cycles.map { $0.map(\.kind) } == [[.task, .lock, .task, .lock]])
    let lines = try #require(error).description.split(separator: "\n")
    #expect(lines.first == "DeadlockError: nothing is ready, no timer is set, and the run has not ended:")
    #expect(lines[1].hasPrefix("  Task 'main', waiting, created at \(#fileID):"))
    #expect(lines.last == "  cycle: Task 'left' → Lock → Task 'right' → Lock → Task 'left'")
  }

  @Test("a run in real time that can never end is ended, and the bodies of its tasks are unwound")
  func runIsEnded() throws {
    let ended = Journal<String>()
    #expect(throws: Asyncio.DeadlockError.self) {
      try Asyncio.run {
        defer { ended.append("main") }
        Asyncio.createTask {
          defer { ended.append("other") }
          try await Asyncio.Event().wait()
        }
        try await Asyncio.Event().wait()
      }
    }
    #expect(ended.entries.sorted() == ["main", "other"])
  }

  /// What a task may have done with Swift's own means before it waits for ever.
  enum Before: CaseIterable {
    case yielded, calledActor, slept, hadChild, hadGroup

    nonisolated(nonsending) func run() async throws {
      switch self {
      case .yielded: await Task.yield()
      case .calledActor: await Plain().call()
      case .slept: try await Task.sleep(for: .seconds(1))
      case .hadChild:
        async let child: Void = Task.yield()
        await child
      case .hadGroup: await withTaskGroup(of: Void.self) { group in group.addTask { await Task.yield() } }
      }
    }

    private actor Plain { func call() {} }
  }

  @Test("in virtual time it is one whatever the task has done", .timeLimit(.minutes(1)), arguments: Before.allCases)
  func afterwards(_ before: Before) async throws {
    try await onOwnThread {
      try withLoop { loop in
        // Only child tasks may still be somewhere.
        loop.childPatience = before == .hadChild || before == .hadGroup ? .milliseconds(1) : .seconds(3600)
        #expect(throws: Asyncio.DeadlockError.self) {
          try loop.runUntilComplete {
            try await before.run()
            try await Asyncio.Event().wait()
          }
        }
      }
    }
  }

  @Test(
    "a future that nobody will complete is a deadlock; afterwards the loop can run on",
    arguments: Asyncio.LoopClock.Kind.both
  )
  func loopGoesOn(_ clock: Asyncio.LoopClock.Kind) throws {
    try withLoop(clock) { loop in
      let future = loop.createFuture(of: Int.self)
      let task = try loop.createTask { try await future.value + 1 }
      let error = #expect(throws: Asyncio.DeadlockError.self) { try loop.runUntilComplete(future) }
      #expect(error?.callGraph.nodes.map(\.kind) == [.task, .future])
      #expect(!task.isDone)
      try loop.callLater(.milliseconds(1)) { try future.setResult(1) }
      #expect(try loop.runUntilComplete(task) == 2)
    }
  }

  @Test("a timer that was cancelled keeps no loop from being stuck", arguments: Asyncio.LoopClock.Kind.both)
  func cancelledTimer(_ clock: Asyncio.LoopClock.Kind) throws {
    try withLoop(clock) { loop in
      try loop.callLater(.seconds(3600)) {}.cancel()
      #expect(throws: Asyncio.DeadlockError.self) { try loop.runUntilComplete(loop.createFuture(of: Int.self)) }
    }
  }

  @Test("what was on its way has come: then a loop in real time is stuck like any other", .timeLimit(.minutes(1)))
  func stuckAfterwards() async throws {
    let error = try await onOwnThread {
      try withLoop(.monotonic) { loop in
        #expect(throws: Asyncio.DeadlockError.self) {
          try loop.runUntilComplete {
            #expect(try await Asyncio.toThread { 1 } == 1)
            #expect(try await Asyncio.ensureFuture(operation: { 2 }).value == 2)
            #expect(await Task.detached { 3 }.value == 3)
            let future = loop.threadsafe.runCoroutineThreadsafe { 4 }
            #expect(try await Asyncio.wrapFuture(future).value == 4)
            try loop.callSoonThreadsafe {}
            try await Asyncio.Event().wait()
          }
        }
      }
    }
    #expect(error?.waitingTasks.count == 1)
  }

  @Test("when the last handle goes, a loop that waits in real time notices", .timeLimit(.minutes(1)))
  func lastHandleGoes() async throws {
    let error = try await onOwnThread {
      try withLoop(.monotonic) { loop in
        // In a box, so that this frame does not keep it.
        let handle = Shared<Asyncio.LoopHandle?>(loop.threadsafe)
        startThread {
          if let handle = handle.value { try? waitUntilWaiting(handle, "main") }
          handle.value = nil
        }
        return #expect(throws: Asyncio.DeadlockError.self) {
          try loop.runUntilComplete(name: "main") { try await Asyncio.Event().wait() }
        }
      }
    }
    #expect(error?.callGraph.tasks.map(\.name) == ["main"])
  }

  @Test(
    "whenever the last handle goes, before the loop waits, just then or later, it is noticed",
    .timeLimit(.minutes(1))
  )
  func lastHandleGoesAnyTime() async throws {
    let count = try await onOwnThread {
      var count = 0
      for round in 0..<300 {
        try withLoop(.monotonic) { loop in
          startThread { [handle = loop.threadsafe] in
            for _ in 0..<round { _ = handle.isClosed }
            if round.isMultiple(of: 3) { _ = try? handle.callSoonThreadsafe {} }
          }
          do { _ = try loop.runUntilComplete { try await Asyncio.Event().wait() } } catch is Asyncio.DeadlockError {
            count += 1
          }
        }
      }
      return count
    }
    #expect(count == 300)
  }

  @Test("a task that resists its cancellation keeps no run in real time from ending")
  func resistance() throws {
    let reports = Journal<String>()
    let value = try Asyncio.run {
      let loop = try #require(EventLoop.running())
      loop.slowShutdownDuration = .milliseconds(5)
      loop.exceptionHandler = { reports.append($1.message) }
      let never = Asyncio.Event()
      Asyncio.createTask { do { try await never.wait() } catch { try await never.wait() } }
      try await Asyncio.sleep(.zero)
      return 1
    }
    #expect(value == 1)
    #expect(
      reports.entries == [
        "Task was cancelled and goes on: the end of the run waits for it",
        "Task was destroyed but it is pending!",
      ]
    )
  }

  // MARK: Not thrown

  @Test("as long as somebody has a handle, a loop in real time waits", .timeLimit(.minutes(1)))
  func handleHeldElsewhere() async throws {
    let value = try await onOwnThread {
      try withLoop(.monotonic) { loop in
        let future = loop.createFuture(of: Int.self)
        let box = UncheckedBox(future)
        let handle = loop.threadsafe
        startThread {
          try? waitUntilWaiting(handle, "main")
          _ = try? handle.callSoonThreadsafe { try box.value.setResult(1) }
        }
        return try loop.runUntilComplete(name: "main") { try await future.value }
      }
    }
    #expect(value == 1)
  }

  @Test("a handle of the loop's own task counts like any other", .timeLimit(.minutes(1)))
  func handleHeldByTask() async throws {
    let value = try await onOwnThread {
      try withLoop(.monotonic) { loop in
        // What the test wakes the loop by is no handle.
        let mailbox = loop.mailbox
        let started = ThreadEvent()
        startThread {
          _ = started.wait()
          mailbox.post(PostedCall({ for task in Asyncio.allTasks() { task.cancel() } }, site: .library))
        }
        return try loop.runUntilComplete {
          let handle = loop.threadsafe
          defer { withExtendedLifetime(handle) {} }
          started.set()
          do { try await Asyncio.Event().wait() } catch is CancellationError { return "cancelled" }
          return "set"
        }
      }
    }
    #expect(value == "cancelled")
  }

  @Test("work in an executor, and other threads' futures, are waited for", .timeLimit(.minutes(1)))
  func workElsewhere() async throws {
    let value = try await onOwnThread {
      try withLoop(.monotonic) { loop in
        try loop.runUntilComplete {
          let event = Asyncio.Event()
          let work = Asyncio.createTask {
            try await Asyncio.toThread { pause() }
            event.set()
          }
          try await event.wait()
          _ = try await work.value

          let hand = Asyncio.ConcurrentFuture<Int>()
          startThread {
            pause()
            hand.resolve(.success(2))
          }
          return try await Asyncio.shield(Asyncio.wrapFuture(hand)).value
        }
      }
    }
    #expect(value == 2)
  }

  @Test("foreign awaits and operations are waited for", .timeLimit(.minutes(1)))
  func foreignAwaits() async throws {
    let value = try await onOwnThread {
      try withLoop(.monotonic) { loop in
        try loop.runUntilComplete {
          let foreign = Asyncio.createTask {
            await withCheckedContinuation { continuation in
              startThread {
                pause()
                continuation.resume()
              }
            }
            return 1
          }
          let operation = Asyncio.ensureFuture(operation: {
            try await Task.sleep(for: .milliseconds(5))
            return 2
          })
          let (first, second) = try await Asyncio.gather(foreign, operation).value
          return first + second
        }
      }
    }
    #expect(value == 3)
  }

  @Test("a child task of Swift's may come back, and is waited for", .timeLimit(.minutes(1)))
  func childTasks() async throws {
    let value = try await onOwnThread {
      try withLoop(.monotonic) { loop in
        try loop.runUntilComplete(name: "parent") {
          async let child: Void = {
            try await Task.sleep(for: .milliseconds(5))
            for task in Asyncio.allTasks() where task.name == "parent" { task.cancel() }
          }()
          do { try await Asyncio.Event().wait() } catch is CancellationError {
            try await child
            return "cancelled"
          }
          return "set"
        }
      }
    }
    #expect(value == "cancelled")
  }

  @Test("who has the result of a coroutine can cancel it, and so wake the loop", .timeLimit(.minutes(1)))
  func exportedFuture() async throws {
    let value = try await onOwnThread {
      try withLoop(.monotonic) { loop in
        let event = Asyncio.Event(loop: loop)
        let box = UncheckedBox(event)
        let result = loop.threadsafe.runCoroutineThreadsafe {
          defer { box.value.set() }
          try await Asyncio.Event().wait()
        }
        return try loop.runUntilComplete {
          startThread {
            pause()
            result.cancel()
          }
          try await event.wait()
          return event.isSet
        }
      }
    }
    #expect(value)
  }

  @Test("an asynchronous run may be cancelled, and so is never stuck in real time", .timeLimit(.minutes(1)))
  func asynchronousRun() async throws {
    let began = Asyncio.ConcurrentFuture<Void>()
    let caller = Task {
      try await Asyncio.run {
        began.resolve(.success(()))
        do { try await Asyncio.Event().wait() } catch is CancellationError { return "cancelled" }
        return "set"
      }
    }
    try await began.value
    try await Task.sleep(for: .milliseconds(5))
    caller.cancel()
    #expect(try await caller.value == "cancelled")
  }

  @Test("a loop that runs for ever in real time may be idle", .timeLimit(.minutes(1)))
  func runForever() async throws {
    let turns = try await onOwnThread {
      try withLoop(.monotonic) { loop in
        let mailbox = loop.mailbox
        startThread {
          pause()
          mailbox.post(PostedCall({ EventLoop.running()?.stop() }, site: .library))
        }
        try loop.runForever()
        return loop.turnCount
      }
    }
    #expect(turns > 0)
  }
}

/// Lets some time pass for the loop to become idle; the tests hold if it does not.
private func pause() { _ = ThreadEvent().wait(timeout: .milliseconds(5)) }
