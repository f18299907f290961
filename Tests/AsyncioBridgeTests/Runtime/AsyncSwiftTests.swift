import Testing

@testable import AsyncioBridge

/// Loops in the hands of Swift code that is asynchronous itself: tests, servers, actors, task groups.
@Suite struct AsyncSwiftTests {
  // MARK: Running

  @Test("run may be called on the main actor, whose objects the body does not touch")
  @MainActor
  func fromTheMainActor() async throws {
    var count = 0
    let thread = currentThreadID()
    let (sum, isElsewhere) = try await Asyncio.run {
      let box = Box(0)
      let tasks = (1...3).map { number in Asyncio.createTask { box.value += number } }
      _ = try await Asyncio.gather(tasks).value
      let answer = await MainActor.run { 1 }
      return (box.value + answer, currentThreadID() != thread)
    }
    count += sum
    #expect(count == 7)
    #expect(isElsewhere)
  }

  @Test("run may be called in an actor, which is free meanwhile")
  func fromAnActor() async throws {
    actor Server {
      private(set) var requests = 0
      func serve() async throws -> Int {
        let answer = try await Asyncio.run {
          // The actor waits here, so it can be called.
          await self.count()
          return await self.requests
        }
        return answer
      }
      func count() { requests += 1 }
    }
    let answer = try await Server().serve()
    #expect(answer == 1)
  }

  @Test("loops run side by side in a task group, each with its own thread, time, tasks and task-locals")
  func severalLoops() async throws {
    let outcomes = try await withThrowingTaskGroup(of: (Int, UInt, Int, Duration).self) { group in
      let everybody = Rendezvous(4)
      for number in 1...4 {
        group.addTask {
          try await Asyncio.run(clock: .virtual) {
            let loop = EventLoop.running()
            let thread = currentThreadID()
            for index in 0..<number { Asyncio.createTask(name: "\(index)") { try await Asyncio.sleep(.seconds(1000)) } }
            try await Asyncio.sleep(.seconds(number))
            // So that all threads are there at once.
            everybody.arrive()
            let others = Asyncio.allTasks().count - 1
            #expect(EventLoop.running() === loop)
            return (number, thread, others, loop?.elapsed ?? .zero)
          }
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(Set(outcomes.map(\.1)).count == 4)
    #expect(
      outcomes.map { "\($0.0) \($0.2) \($0.3)" }.sorted() == (1...4).map { "\($0) \($0) \(Duration.seconds($0))" }
    )
  }

  @Test("a failing sibling cancels the loops of a task group, which clean up first")
  func failingSibling() async throws {
    let cleanedUp = Shared(0)
    let error = await errorThrown {
      try await withThrowingTaskGroup(of: Void.self) { group in
        let everybody = Rendezvous(4)
        for _ in 0..<3 {
          group.addTask {
            try await Asyncio.run {
              everybody.arrive()
              do { try await Asyncio.sleep(.seconds(1000)) } catch {
                try await Asyncio.sleep(.milliseconds(1))
                cleanedUp.update { $0 += 1 }
                throw error
              }
            }
          }
        }
        group.addTask {
          try await onOwnThread { everybody.arrive() }
          throw TestError()
        }
        for try await _ in group {}
      }
    }
    #expect(error as? TestError == TestError())
    #expect(cleanedUp.value == 3)
  }

  @Test("the body of a run whose caller is cancelled already never begins")
  func cancelledBefore() async throws {
    let began = Shared(false)
    let caller = Task {
      while !Task.isCancelled { await Task.yield() }
      return await errorThrown { try await Asyncio.run { began.value = true } }
    }
    caller.cancel()
    let error = await caller.value
    #expect(error is CancellationError)
    #expect(!began.value)
  }

  @Test("a cancellation of the caller reaches the body in a foreign await, with its children")
  func cancelledInAForeignAwait() async throws {
    let (began, ended) = (Asyncio.ConcurrentFuture<Void>(), Shared(0))
    let caller = Task {
      try await Asyncio.run {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<2 {
            group.addTask {
              defer { ended.update { $0 += 1 } }
              try await Task.sleep(for: .seconds(1000))
            }
          }
          began.resolve(.success(()))
          try await group.waitForAll()
        }
      }
    }
    try await began.value
    caller.cancel()
    await #expect(throws: CancellationError.self) { try await caller.value }
    #expect(ended.value == 2)
  }

  @Test("a Swift task that awaits a coroutine of another thread's loop cancels its task when it is cancelled")
  func cancelledWaiter() async throws {
    let trace = Journal<String>()
    try await Asyncio.run {
      let handle = EventLoop.running()?.threadsafe
      let began = Asyncio.ConcurrentFuture<Void>()
      let waiter = Asyncio.ensureFuture(operation: {
        try await handle?.runCoroutineThreadsafe {
          began.resolve(.success(()))
          do { try await Asyncio.sleep(.seconds(1000)) } catch {
            trace.append("\(type(of: error)) \(Task.isCancelled)")
            throw error
          }
        }.value
      })
      try await Asyncio.wrapFuture(began).value
      waiter.cancel()
      while trace.entries.isEmpty { try await Asyncio.sleep(.milliseconds(1)) }
    }
    #expect(trace.entries == ["CancellationError false"])
  }

  // MARK: Results for other threads

  @Test("concurrentFuture ends as the future does, on any thread: value, error, cancellation")
  func concurrentFuture() async throws {
    let outcomes = try await Asyncio.run {
      let loop = EventLoop.current(nil)
      let futures = (0..<3).map { _ in loop.createFuture(of: Int.self) }
      let results = futures.map { $0.concurrentFuture() }
      #expect(results.allSatisfy { !$0.isDone })
      let waiter = Asyncio.ensureFuture(operation: {
        var outcomes: [String] = []
        for result in results {
          do { outcomes.append("\(try await result.value)") } catch { outcomes.append("\(type(of: error))") }
        }
        return outcomes
      })
      try await Asyncio.sleep(.milliseconds(1))
      try futures[0].setResult(42)
      try futures[1].setException(TestError())
      futures[2].cancel()
      return try await waiter.value
    }
    #expect(outcomes == ["42", "TestError", "CancellationError"])
  }

  @Test("concurrentFuture of a future that is done is done at once")
  func concurrentFutureOfDone() throws {
    try withLoop { loop in
      let future = loop.createFuture(of: Int.self)
      try future.setResult(42)
      #expect(try future.concurrentFuture().outcome?.get() == 42)
      let failed = loop.createFuture(of: Int.self)
      try failed.setException(TestError())
      let error = #expect(throws: TestError.self) { try failed.concurrentFuture().outcome?.get() }
      #expect(error == TestError())
      let cancelled = loop.createFuture(of: Int.self)
      cancelled.cancel()
      #expect(cancelled.concurrentFuture().isCancelled)
      try loop.close()
      #expect(try future.concurrentFuture().outcome?.get() == 42)
      #expect(loop.createFuture(of: Int.self).concurrentFuture().isCancelled)
    }
  }

  @Test("cancelling a concurrentFuture cancels the future, and asks a task, which may deny")
  func cancellingConcurrentFuture() throws {
    try withLoop { loop in
      let future = loop.createFuture(of: Int.self)
      let task = try loop.createTask { () async throws -> String in
        do { try await Asyncio.sleep(.seconds(1000)) } catch is CancellationError { return "no" }
        return "slept"
      }
      let results = (future.concurrentFuture(), task.concurrentFuture())
      try loop.runBriefly()
      results.0.cancel()
      results.1.cancel()
      #expect(results.0.isCancelled && results.1.isCancelled)
      #expect(!future.isDone)
      let value = try loop.runUntilComplete(task)
      #expect(future.isCancelled)
      #expect(value == "no")
    }
  }

  @Test("a concurrentFuture that the loop cannot keep is cancelled with it; nothing is left behind")
  func concurrentFutureOfAClosedLoop() throws {
    let results = Box<[Asyncio.ConcurrentFuture<Int>]>([])
    try expectNoLeak { loop, _ in
      let future = loop.createFuture(of: Int.self)
      results.value = [future.concurrentFuture(), future.concurrentFuture()]
      try loop.runBriefly()
      #expect(!results.value[0].isDone)
    }
    #expect(results.value.map(\.isCancelled) == [true, true])
  }

  // MARK: A queue as a sequence

  @Test("a queue's elements are its items, until it is shut down and empty")
  func queueElements() throws {
    try runOnLoop { loop in
      let queue = Asyncio.Queue<Int>(maxsize: 2)
      let producer = Asyncio.createTask {
        for number in 1...5 {
          try await queue.put(number)
          try await Asyncio.sleep(.seconds(1))
        }
        queue.shutdown()
      }
      var received: [Int] = []
      for try await number in queue.elements {
        received.append(number)
        try queue.taskDone()
      }
      #expect(received == [1, 2, 3, 4, 5])
      expectTime(loop, .seconds(5))
      try await producer.value
      try await queue.join()
    }
  }

  @Test("tasks that iterate over one queue share its items, and each sees the end")
  func sharedElements() throws {
    try runOnLoop { _ in
      let queue = Asyncio.PriorityQueue<Int>()
      let received = Box<[Int]>([])
      let tasks = (0..<3).map { _ in
        Asyncio.createTask {
          for try await number in queue.elements {
            received.value.append(number)
            try await Asyncio.sleep(.zero)
          }
        }
      }
      for number in [3, 1, 2, 6, 5, 4] { try queue.putNowait(number) }
      try await Asyncio.sleep(.seconds(1))
      queue.shutdown()
      _ = try await Asyncio.gather(tasks).value
      #expect(received.value == [1, 2, 3, 4, 5, 6])
    }
  }

  @Test("a task that is cancelled while it iterates takes no item; a shut-down at once drops those that are left")
  func interruptedElements() throws {
    try withLoop { loop in
      let queue = Asyncio.Queue<Int>(loop: loop)
      let task = try loop.createTask { for try await _ in queue.elements {} }
      try loop.runBriefly()
      task.cancel()
      try loop.runBriefly()
      #expect(task.isCancelled)
      try queue.putNowait(1)
      #expect(queue.qsize == 1)
      queue.shutdown(immediate: true)
      let next = try loop.runUntilComplete { try await queue.elements.makeAsyncIterator().next() }
      #expect(next == nil)
    }
  }

  @Test("a child of a task may iterate over a queue of its own loop that it makes")
  func elementsInAChild() throws {
    try runOnLoop { _ in
      async let sum = { () async throws -> Int in
        let queue = Asyncio.Queue<Int>()
        let producer = Asyncio.createTask {
          for number in 1...3 {
            try await Asyncio.sleep(.seconds(1))
            try await queue.put(number)
          }
          queue.shutdown()
        }
        var sum = 0
        for try await number in queue.elements { sum += number }
        try await producer.value
        return sum
      }()
      let total = try await sum
      #expect(total == 6)
    }
  }
}

/// Lets threads go on when all of them have come.
private final class Rendezvous: Sendable {
  private let missing: Locked<Int>
  private let complete = ThreadEvent()

  init(_ count: Int) { missing = Locked(count) }

  func arrive() {
    let isLast = missing.withLock { missing in
      missing -= 1
      return missing == 0
    }
    if isLast { complete.set() }
    _ = complete.wait()
  }
}
