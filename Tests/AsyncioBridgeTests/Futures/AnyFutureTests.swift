import Testing

@testable import AsyncioBridge

/// Futures of which nobody knows the type of the value: waited for, gathered, shielded, called back.
@Suite struct AnyFutureTests {
  @Test("waiting for the completion takes as many turns as waiting for the value, and throws the same")
  func completion() throws {
    try runOnLoop { loop in
      var turns: [Int] = []
      for isErased in [true, false] {
        let future = loop.createFuture(of: Int.self)
        let erased: Asyncio.AnyFuture = future
        try loop.callLater(.seconds(1)) { try future.setResult(1) }
        for _ in 1...2 {
          let start = loop.turnCount
          if isErased { try await erased.completion } else { _ = try await future.value }
          turns.append(loop.turnCount - start)
        }
      }
      #expect(turns.prefix(2) == turns.suffix(2))
      #expect(turns[0] > 0 && turns[1] == 0)

      let failing: Asyncio.AnyFuture = Asyncio.createTask { throw TestError() }
      #expect(await errorThrown { try await failing.completion } as? TestError == TestError())
      #expect(!failing.hasUnretrievedError)
    }
  }

  @Test(
    "waitFor follows the loop's version whatever the type of the future: in 3.13 an answer to the timeout is returned",
    arguments: Asyncio.Semantics.all
  )
  func answerToTimeout(_ semantics: Asyncio.Semantics) throws {
    try runOnLoop(semantics: semantics) { _ in
      let task: Asyncio.AnyFuture = Asyncio.createTask {
        do { try await Asyncio.sleep(.seconds(10)) } catch is CancellationError {}
        return 5
      }
      var answer: Any?
      let error = await errorThrown { answer = try await Asyncio.waitFor(task, timeout: .seconds(1)) }
      switch semantics {
      case .python3_13:
        #expect(answer as? Int == 5)
        #expect(error == nil)
      default: #expect(error is Asyncio.TimeoutError)
      }
    }
  }

  @Test("cancelling a task that waits for a completion cancels the future", .pinsOrder)
  func cancellingCompletion() throws {
    try runOnLoop { loop in
      let future: Asyncio.AnyFuture = loop.createFuture(of: Int.self)
      let waiting = Asyncio.createTask { try await future.completion }
      try await Asyncio.sleep(.zero)
      waiting.cancel()
      #expect(future.isCancelled)
      #expect(await errorThrown { try await waiting.value } is CancellationError)
    }
  }

  @Test("a closure is called when the future is done, unless it is removed", .pinsOrder)
  func doneCallback() throws {
    try runOnLoop { loop in
      let future = loop.createFuture(of: Int.self)
      let erased: Asyncio.AnyFuture = future
      var called: [Int] = []
      erased.addDoneCallback { future in
        #expect(future === erased && future.isDone)
        called.append(1)
      }
      let removed = erased.addDoneCallback { _ in called.append(2) }
      #expect(erased.removeDoneCallback(removed) == 1)
      let context = Asyncio.Context()
      erased.addDoneCallback(context: context) { _ in called.append(Asyncio.Context.current() === context ? 3 : 0) }
      try future.setResult(7)
      try await Asyncio.sleep(.zero)
      #expect(called == [1, 3])
    }
  }

  @Test("gather gives the values of futures of different types, or the first error")
  func gather() throws {
    try runOnLoop { loop in
      let text = loop.createFuture(of: String.self)
      let mixed: [Asyncio.AnyFuture] = [sleeper(2), text, sleeper(1), Asyncio.createTask {}, text]
      try loop.callLater(.milliseconds(3)) { try text.setResult("a") }
      let values = try await Asyncio.gather(mixed).value
      #expect(values.count == 5)
      #expect(values[0] as? Int == 2)
      #expect(values[1] as? String == "a")
      #expect(values[2] as? Int == 1)
      #expect(values[3] is Void)
      #expect(values[4] as? String == "a")
      expectTime(loop, .milliseconds(3))

      let slow = sleeper(10)
      let failing = Asyncio.createTask { throw TestError() }
      let error = await errorThrown { try await Asyncio.gather([slow, failing] as [Asyncio.AnyFuture]).value }
      #expect(error as? TestError == TestError())
      #expect(!slow.isDone)
    }
  }

  @Test("gather gives errors as results among values of different types")
  func gatherReturningErrors() throws {
    try runOnLoop { loop in
      let failing = Asyncio.createTask { throw TestError() }
      let cancelled = loop.createFuture(of: Int?.self)
      cancelled.cancel()
      let mixed: [Asyncio.AnyFuture] = [sleeper(1), failing, cancelled]
      let outcomes = try await Asyncio.gather(returningErrors: mixed).value
      #expect(try outcomes[0].get() as? Int == 1)
      #expect(throws: TestError.self) { try outcomes[1].get() }
      #expect(throws: CancellationError.self) { try outcomes[2].get() }
    }
  }

  @Test("all tasks can be gathered, and cancelled together")
  func gatherAllTasks() throws {
    try runOnLoop { loop in
      let first = sleeper(1)
      let others = Asyncio.allTasks().filter { $0 !== Asyncio.currentTask() }
      #expect(try await Asyncio.gather(others).value.first as? Int == 1)

      let slow = [sleeper(100), sleeper(200)]
      try await Asyncio.sleep(.zero)
      let rest = Asyncio.allTasks().filter { $0 !== Asyncio.currentTask() }
      let outcomes = try Asyncio.gather(returningErrors: rest)
      outcomes.cancel()
      _ = await errorThrown { try await outcomes.value }
      #expect(slow[0].isCancelled && slow[1].isCancelled && first.isDone)
    }
  }

  @Test("waitFor gives the value, throws the error, and cancels what is late")
  func waitFor() throws {
    try runOnLoop { loop in
      let task: Asyncio.AnyFuture = sleeper(1)
      let inTime = try await Asyncio.waitFor(task, timeout: .seconds(1))
      let afterwards = try await Asyncio.waitFor(task, timeout: nil)
      #expect(inTime as? Int == 1 && afterwards as? Int == 1)
      let empty: Asyncio.AnyFuture = Asyncio.createTask { nil as Int? }
      let nothing = try await Asyncio.waitFor(empty, timeout: .seconds(1))
      #expect(nothing as? Int == nil)
      let failing: Asyncio.AnyFuture = Asyncio.createTask { throw TestError() }
      #expect(await errorThrown { try await Asyncio.waitFor(failing, timeout: .seconds(1)) } is TestError)
      let late: Asyncio.AnyFuture = sleeper(10)
      #expect(
        await errorThrown { try await Asyncio.waitFor(late, timeout: .milliseconds(5)) } is Asyncio.TimeoutError
      )
      #expect(late.isCancelled)
    }
  }

  @Test("a shield is of the type of what it shields, and keeps cancellations from it")
  func shield() throws {
    try runOnLoop { loop in
      let inner = sleeper(1)
      let outer = Asyncio.shield(inner as Asyncio.AnyFuture)
      #expect(outer is Asyncio.Future<Int>)
      outer.cancel()
      #expect(await errorThrown { try await outer.completion } is CancellationError)
      let value = try await inner.value
      #expect(value == 1)
      #expect(Asyncio.shield(inner as Asyncio.AnyFuture) === inner)
    }
  }
}
