import Testing

@testable import AsyncioBridge

/// Task-locals are Swift's context variables: what is created inherits its creator's.
@Suite struct TaskLocalTests {
  @TaskLocal private static var request = "none"
  @TaskLocal private static var user: Int?
  @TaskLocal private static var secret = "none"

  @Test("a task has its creator's task-locals, as they were when it was created")
  func tasks() throws {
    try runOnLoop { loop in
      let tasks = ["a", "b"].map { (name: String) in
        Self.$request.withValue(name) {
          Asyncio.createTask {
            let before = Self.request
            try await Asyncio.sleep(.milliseconds(1))
            let inner = Asyncio.createTask { Self.request }
            return try await [before, Self.request, inner.value]
          }
        }
      }
      #expect(Self.request == "none")
      let values = try await Asyncio.gather(tasks).value
      #expect(values == [["a", "a", "a"], ["b", "b", "b"]])
    }
  }

  @Test("on a loop that reuses its hosts a task inherits what the loop has been told, and nothing else")
  func reusedHosts() throws {
    let loop = EventLoop(clock: .virtual, reusesHosts: true, inheriting: Self.$request, Self.$user)
    let main = try loop.createTask {
      var seen: [[String]] = []
      for name in ["a", "b", "none"] {
        let task = Self.$request.withValue(name) {
          Self.$user.withValue(name == "b" ? 7 : nil) {
            Self.$secret.withValue(name) {
              Asyncio.createTask {
                try await Asyncio.sleep(.milliseconds(1))
                // Each runs on the host of the one before.
                return [Self.request, Self.user.map(String.init) ?? "nobody", Self.secret]
              }
            }
          }
        }
        seen.append(try await task.value)
      }
      #expect(Self.request == "none")
      return seen
    }
    let seen = try loop.runUntilComplete(main)
    #expect(seen == [["a", "nobody", "none"], ["b", "7", "none"], ["none", "nobody", "none"]])
    try loop.close()

    let exact = EventLoop(clock: .virtual, reusesHosts: false, inheriting: Self.$request)
    let inheriting = try Self.$secret.withValue("a") { try exact.createTask { Self.secret } }
    #expect(try exact.runUntilComplete(inheriting) == "a")
    try exact.close()
  }

  @Test("a value that is bound around an await stays bound behind it, and is no other task's", .pinsOrder)
  func acrossAwaits() throws {
    try runOnLoop { _ in
      let trace = Box<[String]>([])
      let tasks = ["a", "b"].map { (name: String) in
        Asyncio.createTask {
          try await Self.$request.withValue(name) {
            for _ in 0..<2 {
              trace.value.append(Self.request)
              try await Asyncio.sleep(.zero)
            }
          }
          trace.value.append(Self.request)
        }
      }
      _ = try await Asyncio.gather(tasks).value
      #expect(trace.value == ["a", "b", "a", "b", "none", "none"])
    }
  }

  @Test("callbacks of futures elsewhere, and the exception handler, don't run within the step of a task")
  func strangersSteps() throws {
    try withLoop { loop in
      let seen = Journal<String>()
      @Sendable func note(_ place: String) {
        seen.append("\(place): \(Self.request), \(Asyncio.currentTask()?.name ?? "no task")")
      }
      loop.exceptionHandler = { _, _ in note("handler") }
      let future = loop.createFuture(of: Int.self)
      future.concurrentFuture().addDoneCallback { _ in note("exported") }
      let source = Asyncio.ConcurrentFuture<Int>()
      source.addDoneCallback { _ in note("wrapped") }
      let wrapper = Asyncio.wrapFuture(source, loop: loop)
      let shielded = loop.createFuture(of: Int.self)
      let shield = Asyncio.shield(shielded)
      // Has tasks before and behind it that run the loop themselves while they wait.
      for name in ["a", "b", "c"] {
        try Self.$request.withValue(name) {
          try loop.createTask(name: name) { for _ in 0..<5 { try await Asyncio.sleep(.zero) } }
        }
      }
      try loop.createTask(name: "setter") {
        try future.setResult(1)
        wrapper.cancel()
        // A result of its own, which the shielded future's then comes too late for.
        try shield.setResult(2)
        try shielded.setResult(3)
      }
      try loop.runUntilIdle()
      #expect(Set(seen.entries) == ["exported: none, no task", "wrapped: none, no task", "handler: none, no task"])
      #expect(seen.entries.count == 3)
    }
  }

  @Test("children, and what makes tasks of bodies, pass task-locals on")
  func children() throws {
    try runOnLoop { _ in
      let values = try await Self.$request.withValue("r") {
        async let child = { () async throws -> String in
          try await Asyncio.sleep(.milliseconds(1))
          return Self.request
        }()
        let (gathered, _) = try await Asyncio.gather(Asyncio.Coroutine { Self.request }, Asyncio.Coroutine {}).value
        let timed = try await Asyncio.waitFor(timeout: .seconds(1)) { Self.request }
        let shielded = try await Asyncio.shield { Self.request }.value
        return try await [child, gathered, timed, shielded]
      }
      #expect(values == ["r", "r", "r", "r"])
    }
  }

  @Test("a callback has the task-locals around the loop's run, not those of who scheduled it")
  func callbacks() throws {
    let seen = Box<[String]>([])
    try Self.$request.withValue("outer") {
      try runOnLoop { loop in
        try Self.$request.withValue("inner") {
          try loop.callSoon { seen.value.append(Self.request) }
        }
        try await Asyncio.sleep(.zero)
        seen.value.append(Self.request)
      }
    }
    #expect(seen.value == ["outer", "outer"])
  }

  @Test("the body of run has its caller's task-locals, in both forms")
  func run() async throws {
    let blocking = try Self.$request.withValue("blocking") { try runOnLoop { _ in Self.request } }
    #expect(blocking == "blocking")
    let async = try await Self.$request.withValue("async") {
      try await Asyncio.run(clock: .virtual) {
        let task = Asyncio.createTask { Self.request }
        try await Asyncio.sleep(.seconds(1))
        return [Self.request, try await task.value]
      }
    }
    #expect(async == ["async", "async"])
  }

  @Test("a foreign operation has the task-locals of who started it")
  func foreignOperation() async throws {
    let value = try await onOwnThread {
      try runOnLoop { _ in
        let future = Self.$request.withValue("r") { Asyncio.ensureFuture(operation: { Self.request }) }
        return try await future.value
      }
    }
    #expect(value == "r")
  }
}
