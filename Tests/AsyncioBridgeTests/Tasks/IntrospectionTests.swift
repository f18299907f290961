import Testing

@testable import AsyncioBridge

/// A task of the user's own: a future with a name that tells the loop about itself.
private final class CustomTask: Asyncio.Future<Int>, Asyncio.TaskProtocol {
  var name = "custom"
}

@Suite struct IntrospectionTests {
  // MARK: The current task

  @Test("INTRO-01, INTRO-02: the current task is the one whose step runs, and none before and after a run")
  func currentTask() throws {
    try withLoop { loop in
      #expect(Asyncio.currentTask(loop) == nil)
      let own = Box<Asyncio.Task<Void>?>(nil)
      let task = try loop.createTask {
        #expect(Asyncio.currentTask(loop) === own.value)
        #expect(Asyncio.currentTask() === own.value)
        #expect(Asyncio.currentTask(nil) === own.value)
      }
      own.value = task
      #expect(Asyncio.currentTask(loop) == nil)
      try loop.runUntilComplete(task)
      #expect(Asyncio.currentTask(loop) == nil)
      own.value = nil
    }
  }

  @Test("INTRO-03: tasks that take turns each see themselves as current, before and after every await", .pinsOrder)
  func interleavedTasks() throws {
    try withLoop { loop in
      let first = loop.createFuture(of: Bool.self)
      let second = loop.createFuture(of: Bool.self)
      let tasks = Box<[Asyncio.Task<Void>]>([])
      let trace = Box<[String]>([])
      func check(_ index: Int) {
        #expect(Asyncio.currentTask(loop) === tasks.value[index])
        trace.value.append("\(index)")
      }
      tasks.value = [
        try loop.createTask {
          check(0)
          _ = try await first.value
          check(0)
          try second.setResult(true)
        },
        try loop.createTask {
          check(1)
          try first.setResult(true)
          check(1)
          _ = try await second.value
          check(1)
        },
      ]
      try loop.runUntilComplete { _ = try await Asyncio.wait(tasks.value) }
      #expect(trace.value == ["0", "1", "1", "0", "1"])
      #expect(Asyncio.currentTask(loop) == nil)
      tasks.value = []
    }
  }

  @Test("INTRO-06: an idle loop has no current task, nor has it while another one runs a task")
  func idleLoop() throws {
    try withLoop { idle in
      #expect(Asyncio.currentTask(idle) == nil)
      try runOnLoop { loop in
        #expect(Asyncio.currentTask(idle) == nil)
        #expect(Asyncio.currentTask(loop) != nil)
      }
    }
  }

  @Test("INTRO-07: asking for the current task of no loop, when none is running, traps")
  func noRunningLoop() async {
    await #expect(processExitsWith: .failure) { _ = Asyncio.currentTask() }
    await #expect(processExitsWith: .failure) { _ = Asyncio.allTasks() }
  }

  @Test("INTRO-08: in a task, naming the loop, naming none and no argument all give the same task")
  func implicitLoop() throws {
    try withLoop { loop in
      let task = try loop.createTask {
        let explicit = try #require(Asyncio.currentTask(loop))
        #expect(explicit === Asyncio.currentTask(nil))
        #expect(explicit === Asyncio.currentTask())
        return ObjectIdentifier(explicit)
      }
      #expect(try loop.runUntilComplete(task) == ObjectIdentifier(task))
      #expect(Asyncio.currentTask(loop) == nil)
    }
  }

  @Test("INTRO-21: a plain callback has no current task, nor has a future's", .pinsOrder)
  func callbacks() throws {
    try runOnLoop { loop in
      let trace = Box<[String]>([])
      func note(_ label: String) {
        trace.value.append("\(label): \(Asyncio.currentTask()?.name ?? "none"), \(Asyncio.currentTask(loop) == nil)")
      }
      try loop.callSoon { note("soon") }
      try loop.callLater(.milliseconds(1)) { note("later") }
      let task = Asyncio.createTask(name: "T") { note("task") }
      task.addDoneCallback { _ in note("done") }
      try await Asyncio.sleep(.milliseconds(2))
      #expect(trace.value == ["soon: none, true", "task: T, false", "done: none, true", "later: none, true"])
    }
  }

  // MARK: All tasks

  @Test("INTRO-20: all tasks of a loop are those that are not done, the ones that have not begun included", .pinsOrder)
  func allTasks() throws {
    try withLoop { other in
      try withLoop { loop in
        let foreign = try other.createTask {}
        #expect(Asyncio.allTasks(loop).isEmpty)
        let done = try loop.createTask {}
        try loop.runUntilComplete(done)
        let future = loop.createFuture(of: Void.self)
        let blocked = try loop.createTask { try await future.value }
        try loop.runBriefly()
        let fresh = try loop.createTask {}
        let cancelled = try loop.createTask {}
        cancelled.cancel()
        #expect(
          Asyncio.allTasks(loop).map(ObjectIdentifier.init) == [blocked, fresh, cancelled].map(ObjectIdentifier.init)
        )
        try loop.runUntilComplete {
          let tasks = Asyncio.allTasks()
          #expect(tasks.count == 2)
          #expect(tasks.first === blocked)
          #expect(tasks.last === Asyncio.currentTask())
        }
        try future.setResult()
        try loop.runUntilComplete(blocked)
        #expect(Asyncio.allTasks(loop).isEmpty)
        #expect(Asyncio.allTasks(other).map(ObjectIdentifier.init) == [ObjectIdentifier(foreign)])
        try other.runUntilComplete(foreign)
      }
    }
  }

  // MARK: Tasks of the user's own

  @Test("INTRO-09, INTRO-10: a task of the user's own that was registered is listed with its loop's tasks")
  func register() throws {
    try withLoop { other in
      try withLoop { loop in
        let task = CustomTask(loop: loop)
        #expect(Asyncio.allTasks(loop).isEmpty)
        Asyncio.registerTask(task)
        Asyncio.registerTask(task)
        #expect(Asyncio.allTasks(loop).map(ObjectIdentifier.init) == [ObjectIdentifier(task)])
        #expect(Asyncio.allTasks(other).isEmpty)
        Asyncio.unregisterTask(task)
      }
    }
  }

  @Test("INTRO-11: a registered task that is done is not listed")
  func registerDone() throws {
    try withLoop { loop in
      let task = CustomTask(loop: loop)
      Asyncio.registerTask(task)
      try task.setResult(1)
      #expect(Asyncio.allTasks(loop).isEmpty)
      Asyncio.unregisterTask(task)
    }
  }

  @Test("INTRO-13, INTRO-14: a task that was unregistered is not listed; to unregister one that is not does nothing")
  func unregister() throws {
    try withLoop { loop in
      let task = CustomTask(loop: loop)
      Asyncio.unregisterTask(task)
      #expect(Asyncio.allTasks(loop).isEmpty)
      Asyncio.registerTask(task)
      #expect(Asyncio.allTasks(loop).count == 1)
      Asyncio.unregisterTask(task)
      #expect(Asyncio.allTasks(loop).isEmpty)
    }
  }

  @Test("INTRO-15, INTRO-17: a task that was entered is the current one, until it is left")
  func enterAndLeave() throws {
    try withLoop { loop in
      let task = CustomTask(loop: loop)
      #expect(Asyncio.currentTask(loop) == nil)
      try Asyncio.enterTask(task)
      #expect(Asyncio.currentTask(loop) === task)
      try Asyncio.leaveTask(task)
      #expect(Asyncio.currentTask(loop) == nil)
    }
  }

  @Test("INTRO-16: entering a task while another is current throws, and that stays current")
  func enterWhileEntered() throws {
    try withLoop { loop in
      let first = CustomTask(loop: loop)
      let second = CustomTask(loop: loop)
      try Asyncio.enterTask(first)
      #expect(throws: Asyncio.RuntimeError.self) { try Asyncio.enterTask(second) }
      #expect(Asyncio.currentTask(loop) === first)
      try Asyncio.leaveTask(first)

      try loop.runUntilComplete {
        let current = try #require(Asyncio.currentTask())
        #expect(throws: Asyncio.RuntimeError.self) { try Asyncio.enterTask(first) }
        #expect(Asyncio.currentTask() === current)
      }
    }
  }

  @Test("a task's step while a task of the user's own is current is reported, as asyncio does")
  func stepWhileEntered() throws {
    try withLoop { loop in
      let reports = Reports(loop)
      let custom = CustomTask(loop: loop)
      try Asyncio.enterTask(custom)
      let hasRun = Box(false)
      let task = try loop.createTask(name: "T") { hasRun.value = true }
      try loop.runUntilIdle()
      #expect(!hasRun.value)
      #expect(!task.isDone)
      let error = try #require(reports.contexts.first?.error as? Asyncio.RuntimeError)
      #expect(error.message.contains("Cannot enter into task <Task pending name='T'"))
      try Asyncio.leaveTask(custom)
    }
  }

  @Test("INTRO-18: leaving another task than the current one throws, and that stays current")
  func leaveAnother() throws {
    try withLoop { loop in
      let first = CustomTask(loop: loop)
      let second = CustomTask(loop: loop)
      try Asyncio.enterTask(first)
      #expect(throws: Asyncio.RuntimeError.self) { try Asyncio.leaveTask(second) }
      #expect(Asyncio.currentTask(loop) === first)
      try Asyncio.leaveTask(first)
    }
  }

  @Test("INTRO-19: leaving when no task is current throws")
  func leaveNone() throws {
    try withLoop { loop in
      let error = #expect(throws: Asyncio.RuntimeError.self) { try Asyncio.leaveTask(CustomTask(loop: loop)) }
      #expect(error?.message.hasSuffix("does not match the current task none.") == true)
    }
  }

  @Test("INTRO-09: registering a task does not keep it: one that nobody keeps goes, and is listed no more")
  func registrationIsWeak() throws {
    try withLoop { loop in
      weak var gone: CustomTask?
      let kept = CustomTask(loop: loop)
      do {
        let task = CustomTask(loop: loop)
        gone = task
        Asyncio.registerTask(task)
        Asyncio.registerTask(kept)
        #expect(Asyncio.allTasks(loop).count == 2)
      }
      #expect(gone == nil)
      #expect(Asyncio.allTasks(loop).map(ObjectIdentifier.init) == [ObjectIdentifier(kept)])
      for _ in 0..<100 { Asyncio.registerTask(CustomTask(loop: loop)) }
      #expect(Asyncio.allTasks(loop).count == 1)
      Asyncio.unregisterTask(kept)
      #expect(Asyncio.allTasks(loop).isEmpty)
    }
  }
}
