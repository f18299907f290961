import Testing

@testable import AsyncioBridge

@Suite struct ToThreadTests {
  private static let variable = Asyncio.ContextVar<String>("variable", default: "none")

  @Test(
    "THREAD-01: it returns what the work returns on another thread, while the loop runs on",
    arguments: Asyncio.LoopClock.Kind.both
  )
  func value(_ clock: Asyncio.LoopClock.Kind) throws {
    try runOnLoop(clock) { loop in
      let thread = currentThreadID()
      let release = ThreadEvent()
      try loop.callSoon { release.set() }
      let (sum, worker) = try await Asyncio.toThread {
        _ = release.wait()
        return ([40, 2].reduce(0, +), currentThreadID())
      }
      #expect(sum == 42)
      #expect(worker != thread)
      #expect(currentThreadID() == thread)
    }
  }

  @Test("THREAD-02: an error of the work is thrown to who awaits it, the same object")
  func failure() throws {
    try runOnLoop { loop in
      let failure = ObjectError()
      let error = await errorThrown { try await Asyncio.toThread { throw failure } }
      #expect(error as? ObjectError === failure)
    }
  }

  @Test("THREAD-03: the work is done exactly once, in the loop's default executor")
  func once() throws {
    try runOnLoop { loop in
      let executor = CountingExecutor()
      loop.setDefaultExecutor(executor)
      let calls = Shared(0)
      try await Asyncio.toThread { calls.update { $0 += 1 } }
      #expect(calls.value == 1)
      #expect(executor.executed.value == 1)
    }
  }

  @Test("THREAD-04: ten calls that are gathered all run")
  func concurrent() throws {
    try runOnLoop { loop in
      let calls = Shared(0)
      let coroutines = (0..<10).map { number in
        Asyncio.Coroutine {
          try await Asyncio.toThread {
            calls.update { $0 += 1 }
            return number
          }
        }
      }
      let results = try await Asyncio.gather(coroutines).value
      #expect(results == Array(0..<10))
      #expect(calls.value == 10)
    }
  }

  @Test("THREAD-06: the work sees the caller's context variables, and what it sets stays its own")
  func context() throws {
    let variable = Self.variable
    try Asyncio.Context().run {
      try runOnLoop { loop in
        // On one thread, so that the second piece of work would find what the first left behind.
        loop.setDefaultExecutor(Asyncio.ThreadPoolExecutor(maxWorkers: 1))
        variable.set("parrot")
        let seen = try await Asyncio.toThread {
          let before = variable.value
          variable.set("dead")
          return [before, variable.value]
        }
        #expect(seen == ["parrot", "dead"])
        #expect(variable.value == "parrot")
        variable.reset()
        #expect(try await Asyncio.toThread { variable.value } == "none")
      }
    }
  }

  @Test("THREAD-06: the work of several callers sees the values of its own caller")
  func contextOfEachCaller() throws {
    let variable = Self.variable
    try Asyncio.Context().run {
      try runOnLoop { loop in
        let release = ThreadEvent()
        let tasks = ["a", "b"].map { value in
          Asyncio.createTask {
            variable.set(value)
            return try await Asyncio.toThread {
              _ = release.wait()
              return variable.value
            }
          }
        }
        try await Asyncio.sleep(.zero)
        variable.set("later")
        release.set()
        #expect(try await Asyncio.gather(tasks).value == ["a", "b"])
      }
    }
  }

  @Test(
    "a task that is cancelled while it waits keeps work from beginning, but does not end work that runs",
    .pinsOrder
  )
  func cancellation() throws {
    try runOnLoop { loop in
      let pool = Asyncio.ThreadPoolExecutor(maxWorkers: 1)
      loop.setDefaultExecutor(pool)
      let begun = ThreadEvent()
      let release = ThreadEvent()
      let done = Journal<String>()
      let running = Asyncio.createTask {
        try await Asyncio.toThread {
          begun.set()
          _ = release.wait()
          done.append("running")
        }
      }
      let queued = Asyncio.createTask { try await Asyncio.toThread { done.append("queued") } }
      try await Asyncio.sleep(.zero)
      _ = begun.wait()
      for task in [running, queued] { task.cancel() }
      _ = try await Asyncio.wait([running, queued])
      #expect(running.isCancelled && queued.isCancelled)
      #expect(done.entries.isEmpty)
      release.set()
      try await Asyncio.toThread { done.append("last") }
      #expect(done.entries == ["running", "last"])
    }
  }

  @Test("without a running loop it throws")
  func noLoop() async {
    let error = await #expect(throws: Asyncio.RuntimeError.self) { try await Asyncio.toThread { 1 } }
    #expect(error?.message.hasPrefix("no running event loop") == true)
  }
}

/// Counts what it is asked to do, and passes it on.
private final class CountingExecutor: Asyncio.Executor {
  private let pool = Asyncio.ThreadPoolExecutor(maxWorkers: 1)
  let executed = Shared(0)

  func execute(_ work: @escaping @Sendable () -> Void) {
    executed.update { $0 += 1 }
    pool.execute(work)
  }

  func shutdown() { pool.shutdown() }
}
