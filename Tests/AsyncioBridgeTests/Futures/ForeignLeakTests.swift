import Testing

@testable import AsyncioBridge

/// What a program leaves behind outside its loop is ended when that is closed, and leaves nothing behind either:
/// foreign awaits, child tasks, and what other threads wait for.
@Suite struct ForeignLeakTests {
  // MARK: Awaits of something that is not the loop's

  @Test("tasks in foreign awaits are cancelled and waited for, with their child tasks")
  func foreign() async throws {
    try await onOwnThread {
      try expectNoLeak(.monotonic, reports: 4) { loop, traces in
        try loop.createTask {
          let box = traces.enter()
          defer { traces.leave(box) }
          try await Task.sleep(for: .seconds(1000))
        }
        try loop.createTask {
          let box = traces.enter()
          defer { traces.leave(box) }
          async let a: Void = Task.sleep(for: .seconds(1000))
          async let b: Void = Asyncio.sleep(.seconds(1000))
          _ = try await (a, b)
        }
        try loop.createTask {
          let box = traces.enter()
          defer { traces.leave(box) }
          let future = loop.createFuture(of: Void.self)
          let boxed = UncheckedBox(future)
          try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 { group.addTask { try await boxed.value.value } }
            try await group.waitForAll()
          }
        }
        try loop.createTask {
          let box = traces.enter()
          defer { traces.leave(box) }
          // Ignores the cancellation of a foreign await once, and is told again by the loop's own.
          try? await Task.sleep(for: .seconds(1000))
          try await Asyncio.sleep(.seconds(1000))
        }
        try loop.runUntilComplete { try await Asyncio.sleep(.milliseconds(5)) }
        #expect(traces.entered == 4)
      }
    }
  }

  @Test(
    "children of a task that wait for the loop when it is closed are unwound, even those that ignore it for a while"
  )
  func children() async throws {
    try await onOwnThread {
      try expectNoLeak(.monotonic, reports: 1) { loop, traces in
        let ends = Asyncio.ConcurrentFuture<Int>()
        try loop.createTask {
          let box = traces.enter()
          defer { traces.leave(box) }
          async let child: Int = {
            var caught = 0
            for _ in 0..<5 {
              do { try await Asyncio.sleep(.seconds(1000)) } catch is CancellationError { caught += 1 }
            }
            ends.resolve(.success(caught))
            return caught
          }()
          _ = try await child
        }
        try loop.runUntilComplete { try await Asyncio.sleep(.milliseconds(5)) }
        try loop.close()
        #expect(try ends.result() == 5)
      }
    }
  }

  @Test("foreign operations are cancelled and waited for")
  func operations() async throws {
    try await onOwnThread {
      let ended = Asyncio.ConcurrentFuture<Bool>()
      try expectNoLeak(.monotonic) { loop, traces in
        try loop.runUntilComplete {
          let begun = Asyncio.ConcurrentFuture<Void>()
          let operation = Asyncio.ensureFuture(operation: {
            begun.resolve(.success(()))
            try? await Task.sleep(for: .seconds(1000))
            ended.resolve(.success(Task.isCancelled))
          })
          Asyncio.createTask {
            let box = traces.enter()
            defer { traces.leave(box) }
            try await operation.value
          }
          try await Asyncio.wrapFuture(begun).value
        }
      }
      #expect(try ended.outcome?.get() == true)
    }
  }

  // MARK: Other threads

  @Test("a result that another thread waits for is cancelled when the loop is closed, begun or not")
  func runCoroutineThreadsafe() async throws {
    try await onOwnThread {
      let begun = Asyncio.ConcurrentFuture<Void>()
      var futures: [Asyncio.ConcurrentFuture<Int>] = []
      var handle: Asyncio.LoopHandle?
      let unwound = Asyncio.ConcurrentFuture<Void>()
      try expectNoLeak(.monotonic, reports: 1) { loop, _ in
        handle = loop.threadsafe
        futures.append(
          loop.threadsafe.runCoroutineThreadsafe {
            defer { unwound.resolve(.success(())) }
            begun.resolve(.success(()))
            try await Asyncio.sleep(.seconds(1000))
            return 1
          }
        )
        try loop.runUntilComplete { try await Asyncio.wrapFuture(begun).value }
        futures.append(loop.threadsafe.runCoroutineThreadsafe { 2 })
        #expect(futures.map(\.isDone) == [false, false])
      }
      #expect(unwound.isDone)
      futures.append(handle!.runCoroutineThreadsafe { 3 })
      #expect(futures.map(\.isCancelled) == [true, true, true])
    }
  }

  @Test("a callback on such a result may use the loop's handle while the loop is being closed")
  func callbackWhileClosing() throws {
    let loop = EventLoop()
    let handle = loop.threadsafe
    let refused = Asyncio.ConcurrentFuture<Bool>()
    handle.runCoroutineThreadsafe { 1 }.addDoneCallback { _ in
      do {
        try handle.callSoonThreadsafe {}
        refused.resolve(.success(false))
      } catch {
        refused.resolve(.success(true))
      }
    }
    try loop.close()
    #expect(try refused.outcome?.get() == true)
  }

  @Test("wrappers of results from other threads that never come are released, and those that come late are dropped")
  func wrappers() throws {
    let sources = (0..<3).map { _ in Asyncio.ConcurrentFuture<Int>() }
    try expectNoLeak(reports: 1) { loop, traces in
      let wrappers = sources.map { Asyncio.wrapFuture($0, loop: loop) }
      try loop.createTask {
        let box = traces.enter()
        defer { traces.leave(box) }
        _ = try await wrappers[0].value
      }
      try loop.runBriefly()
      sources[1].resolve(.success(1))
    }
    for source in sources { source.resolve(.success(2)) }
  }

  @Test("what is asked of other threads by a body that is being unwound is refused, and kept by nobody")
  func refusedByAClosedLoop() async throws {
    let began = Asyncio.ConcurrentFuture<Void>()
    try await onOwnThread {
      try expectNoLeak(reports: 1) { loop, traces in
        let source = Asyncio.ConcurrentFuture<Int>()
        source.resolve(.success(1))
        try loop.createTask {
          let box = traces.enter()
          defer { traces.leave(box) }
          try? await Asyncio.sleep(.seconds(1000))
          let wrapper = Asyncio.wrapFuture(source)
          let operation = Asyncio.ensureFuture(operation: { began.resolve(.success(())) })
          let pending = loop.createFuture(of: Int.self).concurrentFuture()
          #expect(operation.isCancelled)
          #expect(pending.isCancelled)
          _ = try await wrapper.value
        }
        try loop.runBriefly()
      }
    }
    #expect(!began.isDone)
  }
}
