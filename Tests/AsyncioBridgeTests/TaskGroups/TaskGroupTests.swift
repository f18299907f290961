import Testing

@testable import AsyncioBridge

@Suite struct TaskGroupTests {
  /// A body that sleeps for a time that no test waits for, and counts its cancellations.
  private static func sleepLong(counting cancellations: Box<Int>) async throws {
    do {
      try await Asyncio.sleep(.seconds(1000))
    } catch {
      cancellations.value += 1
      throw error
    }
  }

  /// A body that fails.
  private static func fail(after milliseconds: Int, _ name: String = "child") async throws {
    try await Asyncio.sleep(.milliseconds(milliseconds))
    throw TestError(name: name)
  }

  /// The names of the errors in a group; those of groups in it in brackets.
  private func names(_ error: (any Error)?) -> [String]? {
    (error as? Asyncio.ErrorGroup)?.errors.map { error in
      names(error).map { "\($0)" } ?? (error as? TestError)?.name ?? "\(error)"
    }
  }

  // MARK: Waiting

  @Test("TG-01: leaving the group waits for all children", arguments: Asyncio.LoopClock.Kind.both)
  func waitsForAll(_ clock: Asyncio.LoopClock.Kind) throws {
    try runOnLoop(clock) { loop in
      let (a, b) = try await Asyncio.withTaskGroup { group in
        (
          try group.createTask { try await Asyncio.sleep(.milliseconds(10), result: 42) },
          try group.createTask { try await Asyncio.sleep(.milliseconds(20), result: 11) }
        )
      }
      #expect(try a.result() == 42)
      #expect(try b.result() == 11)
      expectTime(loop, .milliseconds(20))
    }
  }

  @Test("TG-02: children may be added while the body runs")
  func addsLater() throws {
    try runOnLoop { loop in
      let (a, b) = try await Asyncio.withTaskGroup { group in
        let a = try group.createTask { try await Asyncio.sleep(.milliseconds(100), result: 42) }
        try await Asyncio.sleep(.milliseconds(200))
        return (a, try group.createTask { try await Asyncio.sleep(.milliseconds(200), result: 11) })
      }
      #expect(try a.result() + b.result() == 53)
      expectTime(loop, .milliseconds(400))
    }
  }

  @Test("TG-21: children that are done are forgotten at once")
  func forgets() throws {
    try runOnLoop { _ in
      try await Asyncio.withTaskGroup { group in
        weak var first: Asyncio.Task<Void>?
        for number in 0..<10 {
          try await Asyncio.sleep(.milliseconds(100))
          let task = try group.createTask { try await Asyncio.sleep(.milliseconds(250)) }
          if number == 0 { first = task }
          if number >= 5 { #expect(group.description == "<TaskGroup tasks=3 entered>") }
        }
        #expect(first == nil)
        try await Asyncio.sleep(.milliseconds(1350))
        #expect(group.description == "<TaskGroup entered>")
      }
    }
  }

  @Test("TG-22: children may add others, while the parent waits for them")
  func childrenAdd() throws {
    try runOnLoop { loop in
      let ended = Box(0)
      try await Asyncio.withTaskGroup { group in
        _ = try group.createTask {
          try await Asyncio.sleep(.milliseconds(100))
          for milliseconds in [100, 200] {
            try group.createTask {
              try await Asyncio.sleep(.milliseconds(milliseconds))
              ended.value += 1
            }
          }
        }
      }
      #expect(ended.value == 2)
      expectTime(loop, .milliseconds(300))
    }
  }

  @Test("TG-35: an empty group does not suspend")
  func empty() throws {
    try runOnLoop { loop in
      let turn = loop.turnCount
      let value = try await Asyncio.withTaskGroup { _ in "value" }
      #expect(value == "value")
      #expect(loop.turnCount == turn)
    }
  }

  // MARK: Failing children

  @Test("TG-03: a child that is cancelled on purpose concerns nobody else")
  func cancelledChild() throws {
    try runOnLoop { loop in
      let (a, b) = try await Asyncio.withTaskGroup { group in
        let a = try group.createTask { try await Asyncio.sleep(.seconds(10)) }
        let b = try group.createTask { try await Asyncio.sleep(.milliseconds(100), result: 11) }
        try await Asyncio.sleep(.milliseconds(50))
        a.cancel()
        return (a, b)
      }
      #expect(a.isCancelled)
      #expect(try b.result() == 11)
      expectTime(loop, .milliseconds(100))
    }
  }

  @Test(
    "TG-04, TG-05: when a child fails its sibling is cancelled, and the block throws the error in a group",
    arguments: Asyncio.LoopClock.Kind.both
  )
  func failingChild(_ clock: Asyncio.LoopClock.Kind) throws {
    try runOnLoop(clock) { loop in
      let cancellations = Box(0)
      let sibling = Box<Asyncio.Task<Void>?>(nil)
      let wentOn = Box(false)
      let thrown = await errorThrown {
        try await Asyncio.withTaskGroup { group in
          try group.createTask { try await Self.fail(after: 10) }
          sibling.value = try group.createTask { try await Self.sleepLong(counting: cancellations) }
        }
        wentOn.value = true
      }
      #expect(names(thrown) == ["child"])
      #expect((thrown as? Asyncio.ErrorGroup)?.message == "unhandled errors in a TaskGroup")
      #expect(cancellations.value == 1)
      #expect(sibling.value?.isCancelled == true)
      #expect(!wentOn.value)
      expectTime(loop, .milliseconds(10))
    }
  }

  @Test("TG-06: children that fail together are all in the group; sibling and body are cancelled", .pinsOrder)
  func severalFail() throws {
    try runOnLoop { _ in
      let sibling = Box(0)
      let body = Box(0)
      let thrown = await errorThrown {
        try await Asyncio.withTaskGroup { group in
          for name in ["a", "b", "c"] { try group.createTask { try await Self.fail(after: 10, name) } }
          try group.createTask { try await Self.sleepLong(counting: sibling) }
          try await Self.sleepLong(counting: body)
        }
      }
      #expect(names(thrown) == ["a", "b", "c"])
      #expect(sibling.value == 1)
      #expect(body.value == 1)
    }
  }

  @Test("TG-23: one failure stops children that keep adding others")
  func hydra() throws {
    try runOnLoop { _ in
      let heads = Box(0)
      func hydra(_ group: Asyncio.TaskGroup) async throws {
        heads.value += 1
        try await Asyncio.sleep(.milliseconds(10))
        for _ in 0..<2 { try group.createTask { try await hydra(group) } }
      }
      let thrown = await errorThrown {
        try await Asyncio.withTaskGroup { group in
          try group.createTask { try await hydra(group) }
          try group.createTask {
            while heads.value < 10 { try await Asyncio.sleep(.milliseconds(15)) }
            throw TestError(name: "hercules")
          }
        }
      }
      #expect(names(thrown) == ["hercules"])
      #expect(heads.value >= 10)
      #expect(Asyncio.allTasks().count == 1)
    }
  }

  @Test("TG-33: a failure that is handled outside does not count as a cancellation")
  func countAfterFailure() throws {
    try runOnLoop { _ in
      let thrown = await errorThrown {
        try await Asyncio.withTaskGroup { group in _ = try group.createTask { try await Self.fail(after: 0) } }
      }
      #expect(names(thrown) == ["child"])
      #expect(Asyncio.currentTask()?.cancelling == 0)
      try await Asyncio.sleep(.zero)
    }
  }

  @Test("TG-39: a body that swallows the interruption does not hide the failure")
  func swallowedInterruption() throws {
    try runOnLoop { _ in
      let thrown = await errorThrown {
        try await Asyncio.withTaskGroup { group in
          try group.createTask { try await Self.fail(after: 10) }
          #expect(await errorThrown { try await Asyncio.sleep(.seconds(10)) } is CancellationError)
        }
      }
      #expect(names(thrown) == ["child"])
      #expect(Asyncio.currentTask()?.cancelling == 0)
      try await Asyncio.sleep(.zero)
    }
  }

  // MARK: Failing bodies

  @Test("TG-10: an error of the body cancels the children, and leaves in a group")
  func failingBody() throws {
    try runOnLoop { loop in
      let tasks = Box<[Asyncio.Task<Void>]>([])
      let thrown = await errorThrown {
        try await Asyncio.withTaskGroup { group in
          for seconds in [1, 2] {
            tasks.value.append(try group.createTask { try await Asyncio.sleep(.seconds(seconds)) })
          }
          try await Self.fail(after: 100, "body")
        }
      }
      #expect(names(thrown) == ["body"])
      #expect(tasks.value.map(\.isCancelled) == [true, true])
      expectTime(loop, .milliseconds(100))
    }
  }

  @Test("TG-17: an error that ends the program leaves by itself", arguments: [true, false])
  func baseError(_ hasChild: Bool) throws {
    struct Interrupt: Asyncio.BaseError {}
    let reports = Box<[String]>([])
    try withLoop { loop in
      loop.logger = { reports.value.append($0) }
      try loop.runUntilComplete {
        let thrown = await errorThrown {
          try await Asyncio.withTaskGroup { group in
            if hasChild { try group.createTask { try await Self.fail(after: 100) } }
            let task = try #require(Asyncio.currentTask())
            if !hasChild { try loop.callLater(.milliseconds(100)) { task.cancel() } }
            do { try await Asyncio.sleep(.seconds(10)) } catch { throw Interrupt() }
          }
        }
        #expect(thrown is Interrupt)
      }
    }
    #expect(reports.value.isEmpty)
  }

  @Test("TG-18, TG-19: whatever else the body answers an interruption with is in the group, behind the child's error")
  func bothFail() throws {
    try runOnLoop { _ in
      let error = ObjectError("body")
      let thrown = await errorThrown {
        try await Asyncio.withTaskGroup { group in
          try group.createTask { try await Self.fail(after: 100) }
          do { try await Asyncio.sleep(.seconds(10)) } catch { throw ObjectError("body") }
        }
      }
      #expect(names(thrown) == ["child", "\(error)"])
    }
  }

  @Test("TG-36: a cancellation that the body throws of its own leaves as it is")
  func bodyThrowsCancellation() throws {
    try withLoop { loop in
      let child = Box<Asyncio.Task<Void>?>(nil)
      let task = try loop.createTask {
        try await Asyncio.withTaskGroup { group in
          child.value = try group.createTask { try await Asyncio.sleep(.seconds(10)) }
          throw CancellationError()
        }
      }
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(task) }
      #expect(task.isCancelled)
      #expect(task.cancelling == 0)
      #expect(child.value?.isCancelled == true)
    }
  }

  // MARK: Creating tasks

  @Test("TG-24: a child may be given a name")
  func name() throws {
    try runOnLoop { _ in
      try await Asyncio.withTaskGroup { group in
        let task = try group.createTask(name: "yolo") {}
        #expect(task.name == "yolo")
      }
    }
  }

  @Test("TG-25: a child may be given a context, which it shares")
  func context() throws {
    let variable = Asyncio.ContextVar<Int>("variable", default: 0)
    try runOnLoop { _ in
      try await Asyncio.withTaskGroup { group in
        let context = Asyncio.copyContext()
        for number in [1, 2] {
          let task = try group.createTask(context: context) {
            try await Asyncio.sleep(.zero)
            variable.set(number)
          }
          try await task.value
          #expect(context.run { variable.value } == number)
        }
        #expect(variable.value == 0)
      }
    }
  }

  @Test("TG-26: a group that is shutting down takes no more children")
  func shuttingDown() throws {
    try runOnLoop { _ in
      let hasRun = Box(false)
      let refusal = Box<(any Error)?>(nil)
      let thrown = await errorThrown {
        try await Asyncio.withTaskGroup { group in
          try group.createTask { try await Self.fail(after: 0) }
          #expect(await errorThrown { try await Asyncio.sleep(.seconds(10)) } is CancellationError)
          refusal.value = await errorThrown { try group.createTask { hasRun.value = true } }
        }
      }
      #expect(refusal.value.map { "\($0)" }?.contains("is shutting down") == true)
      #expect(names(thrown) == ["child"])
      #expect(!hasRun.value)
    }
  }

  @Test("TG-29: a group that has ended takes no more children")
  func finished() throws {
    try runOnLoop { _ in
      let hasRun = Box(false)
      let group = try await Asyncio.withTaskGroup { $0 }
      let thrown = await errorThrown { try group.createTask { hasRun.value = true } }
      #expect((thrown as? Asyncio.RuntimeError)?.message == "TaskGroup is finished: it takes no more children")
      try await Asyncio.sleep(.zero)
      #expect(!hasRun.value)
    }
  }

  @Test("TG-31: outside of a task a group is refused, and the body does not run")
  func outsideOfATask() async throws {
    let hasRun = Shared(false)
    let withoutLoop = await errorThrown { try await Asyncio.withTaskGroup { _ in hasRun.value = true } }
    #expect(withoutLoop is Asyncio.RuntimeError)

    try await onOwnThread {
      try runOnLoop { _ in
        async let refusal = { () async -> String? in
          let thrown = await errorThrown { try await Asyncio.withTaskGroup { _ in hasRun.value = true } }
          return thrown.map { "\($0)" }
        }()
        #expect(await refusal?.hasPrefix("RuntimeError: TaskGroup cannot determine the parent task: ") == true)
        #expect(await refusal?.contains("Asyncio.createTask") == true)
      }
    }
    #expect(!hasRun.value)
  }

  @Test("TG-37: the description shows children, errors, and whether they are told to end")
  func descriptions() throws {
    try runOnLoop { _ in
      let scope = Box<Asyncio.TaskGroup?>(nil)
      let thrown = await errorThrown {
        try await Asyncio.withTaskGroup { group in
          scope.value = group
          #expect(group.description == "<TaskGroup entered>")
          try group.createTask { try await Self.fail(after: 0) }
          #expect(group.description == "<TaskGroup tasks=1 entered>")
          try group.createTask {
            do { try await Asyncio.sleep(.seconds(1)) } catch { try await Asyncio.sleep(.seconds(1)) }
          }
          _ = await errorThrown { try await Asyncio.sleep(.seconds(1)) }
          #expect(group.description == "<TaskGroup tasks=1 errors=1 cancelling>")
        }
      }
      #expect(thrown.map { "\($0)" } == "ErrorGroup: unhandled errors in a TaskGroup [TestError(name: \"child\")]")
      #expect(scope.value?.description == "<TaskGroup finished>")
    }
  }

  @Test(
    "TG-37: a group is finished when its body has ended and all its children have, be it by an error",
    .pinsOrder,
    arguments: [false, true]
  )
  func finishedDescription(_ fails: Bool) throws {
    try runOnLoop { _ in
      let scope = Box<Asyncio.TaskGroup?>(nil)
      let seen = Box<[String]>([])
      let thrown = await errorThrown {
        try await Asyncio.withTaskGroup { group in
          scope.value = group
          _ = try group.createTask {
            defer { seen.value.append(group.description) }
            try await Asyncio.sleep(.milliseconds(1))
          }
          try await Asyncio.sleep(.zero)
          if fails { throw TestError(name: "body") }
        }
      }
      #expect(names(thrown) == (fails ? ["body"] : nil))
      #expect(seen.value == ["<TaskGroup tasks=1 \(fails ? "cancelling" : "entered")>"])
      #expect(scope.value?.description == "<TaskGroup finished>")
    }
  }
}
