import Testing

@testable import AsyncioBridge

extension TaskGroupTests {
  /// Children whose first step is taken while the group makes them. As in Python 3.13.2 and later.
  @Suite struct EagerChildren {
    private func runEagerly(_ body: @escaping (EventLoop) async throws -> Void) throws {
      try withLoop { loop in
        loop.taskFactory = Asyncio.EagerTaskFactory()
        try loop.runUntilComplete { try await body(loop) }
      }
    }

    private func names(_ error: (any Error)?) -> [String]? {
      (error as? Asyncio.ErrorGroup)?.errors.map { ($0 as? TestError)?.name ?? "\($0)" }
    }

    @Test(
      "a child is cancelled though the group was told to end in its first step, by the failure of a child of its own"
    )
    func failureWithinTheFirstStep() throws {
      try runEagerly { _ in
        let events = Box<[String]>([])
        let child = Box<Asyncio.Task<Void>?>(nil)
        let thrown = await errorThrown {
          try await Asyncio.withTaskGroup { group in
            child.value = try group.createTask {
              try group.createTask { throw TestError(name: "E") }
              events.value.append("child goes on")
              do { try await Asyncio.Event().wait() } catch {
                events.value.append("child: \(type(of: error))")
                throw error
              }
            }
            events.value.append("body goes on")
          }
        }
        #expect(names(thrown) == ["E"])
        #expect(events.value == ["child goes on", "body goes on", "child: CancellationError"])
        #expect(child.value?.isCancelled == true)
        #expect(Asyncio.currentTask()?.cancelling == 0)
      }
    }

    @Test(
      "a child that fails in its first step tells the group on the next turn: until then that takes others",
      .pinsOrder
    )
    func failureIsToldOnTheNextTurn() throws {
      try runEagerly { _ in
        let events = Box<[String]>([])
        let long = Box<Asyncio.Task<Void>?>(nil)
        let thrown = await errorThrown {
          try await Asyncio.withTaskGroup { group in
            try group.createTask { throw TestError(name: "a") }
            events.value.append(group.description)
            try group.createTask { events.value.append("second") }
            long.value = try group.createTask { try await Asyncio.sleep(.seconds(100)) }
            events.value.append(group.description)
            if await errorThrown(by: { try await Asyncio.sleep(.zero) }) is CancellationError {
              events.value.append("cancelled")
            }
            events.value.append(group.description)
            let refusal = await errorThrown { try group.createTask { events.value.append("late") } }
            events.value.append(refusal is Asyncio.RuntimeError ? "refused" : "accepted")
          }
        }
        #expect(names(thrown) == ["a"])
        #expect(
          events.value == [
            "<TaskGroup tasks=1 entered>", "second", "<TaskGroup tasks=3 entered>", "cancelled",
            "<TaskGroup tasks=1 errors=1 cancelling>", "refused",
          ]
        )
        #expect(long.value?.isCancelled == true)
        #expect(Asyncio.currentTask()?.cancelling == 0)
      }
    }

    @Test("children that fail in their first steps are all in the group's error, before the body's", .pinsOrder)
    func severalFailures() throws {
      try runEagerly { _ in
        let thrown = await errorThrown {
          try await Asyncio.withTaskGroup { group in
            for name in ["a", "b"] { try group.createTask { throw TestError(name: name) } }
            throw TestError(name: "body")
          }
        }
        #expect(names(thrown) == ["a", "b", "body"])
        #expect(Asyncio.currentTask()?.cancelling == 0)
      }
    }

    @Test("a child that is done after its first step is one of the group's until the next turn")
    func doneAtOnce() throws {
      try runEagerly { loop in
        let scope = Box<Asyncio.TaskGroup?>(nil)
        let turn = loop.turnCount
        try await Asyncio.withTaskGroup { group in
          scope.value = group
          let child = try group.createTask { 1 }
          #expect(child.isDone)
          #expect(group.description == "<TaskGroup tasks=1 entered>")
        }
        #expect(loop.turnCount > turn)
        #expect(scope.value?.description == "<TaskGroup finished>")
      }
    }

    @Test("a factory's own doings, in the middle of createTask, do not hide a failure from the child that it makes")
    func factoryThatCreates() throws {
      struct Factory: Asyncio.TaskFactory {
        let act: Box<(() throws -> Void)?>
        func makeTask<Value>(on loop: EventLoop, _ coroutine: Asyncio.Coroutine<Value>) throws -> Asyncio.Task<Value> {
          if let act = act.value {
            self.act.value = nil
            try act()
          }
          return try coroutine.makeEagerTask(on: loop)
        }
      }
      try withLoop { loop in
        let act = Box<(() throws -> Void)?>(nil)
        let child = Box<Asyncio.Task<Void>?>(nil)
        loop.taskFactory = Factory(act: act)
        let task = try loop.createTask {
          try await Asyncio.withTaskGroup { group in
            act.value = { try group.createTask { throw TestError(name: "factory's") } }
            child.value = try group.createTask { try await Asyncio.Event().wait() }
          }
        }
        let error = #expect(throws: Asyncio.ErrorGroup.self) { try loop.runUntilComplete(task) }
        #expect(names(error) == ["factory's"])
        #expect(child.value?.isCancelled == true)
      }
    }
  }
}
