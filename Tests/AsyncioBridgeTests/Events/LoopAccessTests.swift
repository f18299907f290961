import Testing

@testable import AsyncioBridge

// There is neither a policy nor a default loop: a loop is the running one during its run, and nothing else installs
// one.

@Suite struct LoopAccessTests {
  @Test("ACCESS-01: in tasks and callbacks the running loop is the one that runs them, whatever others there are")
  func runningLoop() throws {
    try withLoop { loop in
      try withLoop { _ in
        let seen = Box<[Bool]>([])
        try loop.callSoon { seen.value.append(EventLoop.running() === loop) }
        try loop.callLater(.seconds(1)) { seen.value.append(EventLoop.running() === loop) }
        try loop.runUntilComplete {
          seen.value.append(EventLoop.running() === loop)
          // What needs a loop and is given none takes it.
          let task = Asyncio.createTask { EventLoop.running() === loop }
          #expect(task.loop === loop)
          #expect(try await task.value)
          try await Asyncio.sleep(.seconds(2))
          seen.value.append(EventLoop.running() === loop)
        }
        #expect(seen.value == [true, true, true, true])
      }
    }
  }

  @Test("ACCESS-02: outside any run there is no running loop")
  func noRunningLoop() throws {
    #expect(EventLoop.running() == nil)
    #expect(try runningLoopOfAnotherThread() == nil)
  }

  @Test("ACCESS-02: what waits outside any run throws an error that says so")
  func waitingOutsideARun() async throws {
    let errors = [
      await #expect(throws: Asyncio.RuntimeError.self) { try await Asyncio.sleep(.zero) },
      await #expect(throws: Asyncio.RuntimeError.self) { try await Asyncio.sleep(.seconds(1), result: 1) },
      await #expect(throws: Asyncio.RuntimeError.self) { try await Asyncio.waitFor(timeout: .seconds(1)) { 1 } },
    ]
    for error in errors { #expect(error?.message.hasPrefix("no running event loop") == true) }
  }

  @Test(
    "ACCESS-03, DIFF-26: outside any run a primitive that is given no loop traps with a message that says what to do"
  )
  func primitiveWithoutALoop() async {
    let results = [
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = Asyncio.Lock() },
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = Asyncio.Queue<Int>() },
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { Asyncio.createTask {} },
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = Asyncio.allTasks() },
    ]
    for result in results {
      expectExplanation(result, "no running event loop: call this from a task or callback of an Asyncio.EventLoop")
      expectExplanation(result, "or pass a loop")
    }
  }

  @Test("ACCESS-03: outside any run a gather of nothing throws, since it is no loop's")
  func gatherWithoutALoop() {
    let error = #expect(throws: Asyncio.RuntimeError.self) { _ = try Asyncio.gather([Asyncio.Future<Int>]()) }
    #expect(error?.message.hasPrefix("no running event loop") == true)
  }

  @Test("ACCESS-03: outside any run primitives are made with the loop they are for")
  func primitiveWithALoop() throws {
    try withLoop { loop in
      let lock = Asyncio.Lock(loop: loop)
      let event = Asyncio.Event(loop: loop)
      let condition = Asyncio.Condition(loop: loop)
      let semaphore = Asyncio.Semaphore(1, loop: loop)
      let queue = Asyncio.Queue<Int>(loop: loop)
      try loop.runUntilComplete {
        try await lock.acquire()
        event.set()
        try await event.wait()
        try await condition.acquire()
        try await semaphore.acquire()
        try await queue.put(1)
        #expect(try await queue.get() == 1)
      }
    }
  }

  @Test("ACCESS-04: when a run has ended there is no running loop again, however it ended")
  func afterARun() throws {
    try withLoop { loop in
      try loop.runBriefly()
      #expect(EventLoop.running() == nil)
      #expect(throws: TestError.self) { try loop.runUntilComplete { throw TestError() } }
      #expect(EventLoop.running() == nil)
      #expect(throws: Asyncio.SystemExit.self) { try loop.runUntilComplete { throw Asyncio.SystemExit() } }
      #expect(EventLoop.running() == nil)
      #expect(throws: Asyncio.DeadlockError.self) { try loop.runForever() }
      #expect(EventLoop.running() == nil)
    }
  }

  @Test("ACCESS-07, ACCESS-08: making a loop installs it nowhere, on any thread")
  func makingALoopInstallsNothing() throws {
    try withLoop { _ in #expect(EventLoop.running() == nil) }
    let loop = try joinThread { try withLoop { _ in EventLoop.running()?.threadsafe } }
    #expect(loop == nil)
  }

  @Test("ACCESS-09: after a run primitives need a loop again, as before it")
  func afterARunPrimitivesNeedALoop() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try withLoop { loop in
        try loop.runUntilComplete { _ = Asyncio.Lock() }
        writeToStandardError("lock made")
        _ = Asyncio.Lock()
      }
    }
    expectExplanation(result, "lock made")
    expectExplanation(result, "no running event loop")
  }

  @Test("ACCESS-10: the loop that runs on one thread is not the running loop of another")
  func otherThread() throws {
    try withLoop { loop in
      try loop.callSoon {
        #expect(EventLoop.running() === loop)
        let other = try runningLoopOfAnotherThread()
        #expect(other == nil)
        loop.stop()
      }
      try loop.runForever()
    }
  }

  @Test("ACCESS-11: every new loop is a fresh one")
  func newLoops() throws {
    try withLoop { first in
      try withLoop { second in
        #expect(first !== second)
        #expect(first.threadsafe !== second.threadsafe)
        try first.callSoon {}
        #expect(second.readyHandles.isEmpty)
        try first.close()
        #expect(!second.isClosed)
      }
    }
  }

  @Test("ACCESS-12, ACCESS-15: the loop that is run next is the running one in its turn")
  func nextLoop() throws {
    try withLoop { first in
      try withLoop { second in
        for loop in [first, second, first] {
          let running = try loop.runUntilComplete { EventLoop.running() }
          #expect(running === loop)
        }
      }
    }
  }

  @Test("ACCESS-14: the running loop is the same object every time, and that of its tasks and futures")
  func sameObject() throws {
    try runOnLoop { loop in
      for _ in 0..<3 {
        #expect(EventLoop.running() === loop)
        #expect(Asyncio.currentTask()?.loop === loop)
        try await Asyncio.sleep(.zero)
      }
    }
  }
}

private func runningLoopOfAnotherThread() throws -> Asyncio.LoopHandle? {
  try joinThread { EventLoop.running()?.threadsafe }
}
