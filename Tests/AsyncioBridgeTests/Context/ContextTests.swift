import Testing

@testable import AsyncioBridge

/// Which values of context variables and task-locals the tasks and callbacks of a loop see.
@Suite struct ContextTests {
  private static let variable = Asyncio.ContextVar<Int>("variable", default: -1)

  /// Runs `body` with a loop in a context of its own, so that what it sets stays there.
  private func withLoopInOwnContext(_ body: (EventLoop) throws -> Void) throws {
    try Asyncio.Context().run { try withLoop { loop in try body(loop) } }
  }

  // MARK: Tasks

  @Test(
    "CTX-01, CTX-02, DIFF-06: a task has a copy of its creator's context, and neither sees what the other sets from then on"
  )
  func creatorAndChild() throws {
    let variable = Self.variable
    try withLoopInOwnContext { loop in
      var seen: [Int] = []
      try loop.runUntilComplete {
        variable.set(1)
        let child = Asyncio.createTask {
          seen.append(variable.value)
          try await Asyncio.sleep(.milliseconds(10))
          seen.append(variable.value)
          variable.set(4)
          seen.append(variable.value)
        }
        variable.set(2)
        try await Asyncio.sleep(.zero)
        variable.set(3)
        try await child.value
        #expect(variable.value == 3)
      }
      #expect(seen == [1, 1, 4])
      #expect(variable.value == -1)
    }
  }

  @Test("CTX-03, CTX-04: what a task sets survives its awaits, and is not seen outside")
  func survivesAwaits() throws {
    let variable = Self.variable
    try withLoopInOwnContext { loop in
      try loop.runUntilComplete {
        for index in 0..<10 {
          let future = loop.createFuture(of: Void.self)
          try loop.callLater(.milliseconds(1)) {
            #expect(variable.value == index - 1)
            try future.setResult()
          }
          variable.set(index)
          try await future.value
          #expect(variable.value == index)
          try await Asyncio.sleep(.zero)
          #expect(variable.value == index)
          try await Asyncio.sleep(.milliseconds(1))
          #expect(variable.value == index)
        }
      }
      #expect(variable.value == -1)
    }
  }

  @Test("CTX-05: a hundred tasks that set the variable and sleep never see each other's values")
  func isolation() throws {
    let variable = Self.variable
    try withLoopInOwnContext { loop in
      let checks = Box(0)
      try loop.runUntilComplete {
        let tasks = (0..<100).map { number in
          Asyncio.createTask {
            for round in 0..<10 {
              variable.set(number * 10 + round)
              try await Asyncio.sleep(.milliseconds((number * 7 + round * 3) % 5))
              #expect(variable.value == number * 10 + round)
              checks.value += 1
            }
          }
        }
        _ = try await Asyncio.gather(tasks).value
      }
      #expect(checks.value == 1000)
      #expect(variable.value == -1)
    }
  }

  @Test("CTX-06: a setting of each task's own stays its own across interleaved sleeps in a gather")
  func taskSetting() throws {
    let digits = Asyncio.ContextVar<Int>("digits", default: 28)
    func fraction() -> String { String("0.3333333333".prefix(2 + digits.value)) }
    func work(_ count: Int, _ delay: Duration) -> Asyncio.Coroutine<[String]> {
      Asyncio.Coroutine {
        digits.set(count)
        var results: [String] = []
        for _ in 0..<4 {
          results.append(fraction())
          try await Asyncio.sleep(delay)
        }
        return results
      }
    }
    try withLoopInOwnContext { loop in
      try loop.runUntilComplete {
        let (three, six) = try await Asyncio.gather(work(3, .milliseconds(2)), work(6, .milliseconds(1))).value
        #expect(three == Array(repeating: "0.333", count: 4))
        #expect(six == Array(repeating: "0.333333", count: 4))
        #expect(digits.value == 28)
      }
    }
  }

  @Test("CTX-08: a task that is given a context shares it instead of copying the current one")
  func taskInGivenContext() throws {
    let variable = Self.variable
    try withLoopInOwnContext { loop in
      variable.set(1)
      let context = Asyncio.Context()
      context.run { variable.set(5) }
      let task = try Asyncio.Task(loop: loop, context: context) {
        let before = variable.value
        try await Asyncio.sleep(.zero)
        variable.set(6)
        return before
      }
      #expect(try loop.runUntilComplete(task) == 5)
      #expect(context.run { variable.value } == 6)
      #expect(variable.value == 1)
    }
  }

  // MARK: Callbacks

  @Test("CTX-07: a callback runs in a copy of the context in which it was scheduled")
  func callbacks() throws {
    let variable = Self.variable
    try withLoopInOwnContext { loop in
      var seen: [String: Int] = [:]
      let future = loop.createFuture(of: Void.self)
      variable.set(1)
      try loop.callSoon {
        seen["callSoon"] = variable.value
        variable.set(100)
      }
      variable.set(2)
      try loop.callLater(.milliseconds(1)) {
        seen["callLater"] = variable.value
        variable.set(100)
      }
      variable.set(3)
      try loop.callAt(loop.time.advanced(by: .milliseconds(2))) {
        seen["callAt"] = variable.value
        variable.set(100)
      }
      variable.set(4)
      future.addDoneCallback { _ in
        seen["doneCallback"] = variable.value
        variable.set(100)
      }
      variable.set(5)
      let threadsafe = Asyncio.ConcurrentFuture<Int>()
      try loop.callSoonThreadsafe {
        threadsafe.resolve(.success(variable.value))
        variable.set(100)
      }
      variable.set(6)
      try future.setResult()
      try loop.runUntilIdle()
      #expect(seen == ["callSoon": 1, "callLater": 2, "callAt": 3, "doneCallback": 4])
      #expect(try threadsafe.outcome?.get() == 5)
      #expect(variable.value == 6)
    }
  }

  @Test("CTX-07: what another thread hands in runs in a copy of that thread's context")
  func callbacksFromOtherThreads() throws {
    let variable = Self.variable
    try withLoopInOwnContext { loop in
      variable.set(1)
      let handle = loop.threadsafe
      let answer = Asyncio.ConcurrentFuture<Int>()
      startThread {
        variable.set(2)
        let task = handle.runCoroutineThreadsafe {
          try await Asyncio.sleep(.zero)
          defer { variable.set(4) }
          return variable.value
        }
        variable.set(3)
        task.addDoneCallback { _ = $0.outcome.map(answer.resolve) }
      }
      let seen = try loop.runUntilComplete(Asyncio.wrapFuture(answer, loop: loop))
      #expect(seen == 2)
      #expect(variable.value == 1)
    }
  }

  @Test("CTX-08: an explicitly passed context is used instead of a copy of the current one")
  func explicitContext() throws {
    let variable = Self.variable
    try withLoopInOwnContext { loop in
      let context = Asyncio.Context()
      context.run { variable.set(10) }
      variable.set(1)
      var seen: [Int] = []
      func next() {
        seen.append(variable.value)
        variable.set(variable.value + 1)
      }
      let future = loop.createFuture(of: Void.self)
      future.addDoneCallback(context: context) { _ in next() }
      future.addDoneCallback(Asyncio.DoneCallback { _ in next() }, context: context)
      try future.setResult()
      try loop.callSoon(context: context) { next() }
      try loop.callLater(.milliseconds(1), context: context) { next() }
      try loop.callAt(loop.time.advanced(by: .milliseconds(2)), context: context) { next() }
      try loop.runUntilIdle()
      #expect(seen == [10, 11, 12, 13, 14])
      #expect(context.run { variable.value } == 15)
      #expect(variable.value == 1)
    }
  }

  // MARK: Actors and task-locals

  private actor Reader {
    func read(_ variable: Asyncio.ContextVar<Int>) -> Int { variable.value }
    func set(_ variable: Asyncio.ContextVar<Int>, _ value: Int) -> String? {
      variable.set(value)
      return Asyncio.currentTask()?.name
    }
  }

  @Test("CTX-03: a task keeps its context in the actors that it calls, whose code runs on the loop")
  func actors() async throws {
    let variable = Self.variable
    let (values, names) = try await onOwnThread { () -> ([Int], [String?]) in
      try Asyncio.run {
        let reader = Reader()
        var values: [Int] = []
        var names: [String?] = []
        variable.set(1)
        let other = Asyncio.createTask(name: "other") {
          for value in 10..<20 {
            names.append(await reader.set(variable, value))
            if variable.value != value { values.append(-100) }
            try await Asyncio.sleep(.zero)
            if variable.value != value { values.append(-200) }
          }
        }
        for _ in 0..<3 {
          values.append(await reader.read(variable))
          try await Asyncio.sleep(.zero)
          values.append(variable.value)
        }
        try await other.value
        values.append(variable.value)
        return (values, names)
      }
    }
    #expect(values == [1, 1, 1, 1, 1, 1, 1])
    #expect(names == Array(repeating: "other", count: 10))
  }

  /// An actor of Swift's own kind, in which many tasks wait for the loop at a time.
  private actor Meeting {
    var present = 0
    func attend(_ variable: Asyncio.ContextVar<Int>, _ number: Int) async throws -> Bool {
      present += 1
      defer { present -= 1 }
      var isOwn = variable.value == number
      for _ in 0..<5 {
        try await Asyncio.sleep(.milliseconds(number % 3))
        await Task.yield()
        isOwn = isOwn && variable.value == number && Asyncio.currentTask()?.name == "\(number)"
        variable.set(number)
      }
      return isOwn
    }
  }

  @Test("CTX-05: tasks that wait for the loop within the same actor keep their contexts, and are told apart")
  func sharedActor() async throws {
    let variable = Self.variable
    let (results, outside) = try await onOwnThread {
      try Asyncio.run {
        let meeting = Meeting()
        let tasks = (0..<20).map { number in
          Asyncio.createTask(name: "\(number)") {
            variable.set(number)
            let wasOwn = try await meeting.attend(variable, number)
            return wasOwn && variable.value == number && Asyncio.currentTask()?.name == "\(number)"
          }
        }
        return (try await Asyncio.gather(tasks).value, variable.value)
      }
    }
    #expect(results == Array(repeating: true, count: 20))
    #expect(outside == -1)
  }

  @Test("CTX-02: what a child task of Swift's own sets is seen by nobody else")
  func childTasks() throws {
    let variable = Self.variable
    try withLoopInOwnContext { loop in
      variable.set(1)
      try loop.runUntilComplete {
        variable.set(2)
        async let child: Void = {
          variable.set(100)
          try await Asyncio.sleep(.milliseconds(1))
          variable.set(101)
        }()
        try await Asyncio.sleep(.zero)
        #expect(variable.value == 2)
        try await child
        #expect(variable.value == 2)
      }
      #expect(variable.value == 1)
    }
  }

  @TaskLocal private static var local = "default"

  @Test("CTX-01: a task inherits the task-locals of its creator, and keeps them across awaits", .pinsOrder)
  func taskLocals() throws {
    try withLoop { loop in
      var seen: [String] = []
      func body(_ label: String) async throws {
        seen.append("\(label) \(Self.local)")
        try await Asyncio.sleep(.milliseconds(1))
        seen.append("\(label) \(Self.local)")
      }
      // Created outside of any task.
      let first = try Self.$local.withValue("outside") { try loop.createTask { try await body("first") } }
      // Created by a task, within and after a scope.
      let second = try loop.createTask {
        let inner = Self.$local.withValue("inside") { Asyncio.createTask { try await body("inner") } }
        try await Self.$local.withValue("await") {
          try await inner.value
          try await body("second")
        }
        #expect(Self.local == "default")
      }
      try loop.runUntilComplete(second)
      #expect(first.isDone)
      #expect(
        seen == [
          "first outside", "inner inside", "first outside", "inner inside", "second await", "second await",
        ]
      )
    }
  }

  @Test("what another thread starts has its context, but not its task-locals")
  func startedElsewhere() throws {
    let variable = Asyncio.ContextVar<String>("elsewhere", default: "none")
    try runOnLoop { loop in
      variable.set("here")
      let handle = loop.threadsafe
      let seen = try await Self.$local.withValue("bound") {
        try await Asyncio.toThread {
          [Self.local, variable.value, try handle.runCoroutineThreadsafe { Self.local }.result()]
        }
      }
      #expect(seen == ["default", "here", "default"])
    }
  }

  @Test("a context may be entered while it is entered")
  func enteredTwice() throws {
    let variable = Asyncio.ContextVar<Int>("entered", default: 0)
    let context = Asyncio.copyContext()
    context.run {
      variable.set(1)
      context.run { variable.set(2) }
      #expect(variable.value == 2)
    }
    #expect(variable.value == 0)
  }
}
