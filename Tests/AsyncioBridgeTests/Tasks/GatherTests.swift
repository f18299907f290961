import Testing

@testable import AsyncioBridge

@Suite struct GatherTests {
  // MARK: Results

  @Test("GATHER-01, GATHER-02, GATHER-04: values come in the order of the arguments, when all children are done")
  func values() throws {
    try withLoop { loop in
      let (a, b, c) = (
        loop.createFuture(of: Int.self), loop.createFuture(of: Int.self), loop.createFuture(of: Int.self)
      )
      let gather = try Asyncio.gather(a, b, c)
      let calls = CallCounter(gather)
      try b.setResult(1)
      try a.setResult(2)
      try loop.runBriefly()
      #expect(!gather.isDone)
      #expect(calls.count == 0)

      try c.setResult(3)
      try loop.runBriefly()
      #expect(try gather.result() == (2, 1, 3))
      #expect(calls.count == 1)
    }
  }

  @Test("GATHER-01, GATHER-02: an array of futures gives an array of values")
  func arrayOfValues() throws {
    try withLoop { loop in
      let children = (0..<3).map { _ in loop.createFuture(of: Int.self) }
      let gather = try Asyncio.gather(children)
      let calls = CallCounter(gather)
      try children[1].setResult(1)
      try children[0].setResult(2)
      try loop.runBriefly()
      #expect(!gather.isDone)
      try children[2].setResult(3)
      try loop.runBriefly()
      #expect(try gather.result() == [2, 1, 3])
      #expect(calls.count == 1)
    }
  }

  @Test("GATHER-01: each value has its own type")
  func typedTuple() throws {
    try runOnLoop { loop in
      let future = loop.createFuture(of: Double.self)
      try loop.callSoon { try future.setResult(0.5) }
      let task = Asyncio.createTask { "task" }
      let (text, number, list) = try await Asyncio.gather(task, future, Asyncio.Coroutine { [1, 2] }).value
      #expect(text == "task")
      #expect(number == 0.5)
      #expect(list == [1, 2])
    }
  }

  @Test("GATHER-01: a future that is given twice is waited for once, and its value comes twice")
  func duplicates() throws {
    try withLoop { loop in
      let a = loop.createFuture(of: Int.self)
      let b = loop.createFuture(of: Int.self)
      let array = try Asyncio.gather([a, b, a])
      #expect(a.callbackCount == 1)
      let tuple = try Asyncio.gather(a, a)
      #expect(a.callbackCount == 2)
      try a.setResult(1)
      try b.setResult(2)
      #expect(try loop.runUntilComplete(array) == [1, 2, 1])
      #expect(try tuple.result() == (1, 1))
    }
  }

  @Test("GATHER-03: coroutines give their values in the order of the arguments, too")
  func coroutines() throws {
    try runOnLoop { loop in
      let order = Box<[Int]>([])
      let gather = try Asyncio.gather(
        recording(2, after: 2, order),
        recording(1, after: 1, order),
        recording(3, after: 3, order)
      )
      let calls = CallCounter(gather)
      #expect(try await gather.value == (2, 1, 3))
      #expect(order.value == [1, 2, 3])
      #expect(calls.count == 1)
      expectTime(loop, .milliseconds(3))

      #expect(try await Asyncio.gather([2, 1, 3].map { recording($0, after: $0, order) }).value == [2, 1, 3])
      let mixed: [any Asyncio.Awaitable<Int>] = [sleeper(2), recording(1, after: 1, order)]
      #expect(try await Asyncio.gather(mixed).value == [2, 1])
    }
  }

  @Test("GATHER-05: returning errors, values are successes")
  func returningErrorsOfValues() throws {
    try withLoop { loop in
      let (a, b, c) = (
        loop.createFuture(of: Int.self), loop.createFuture(of: Int.self), loop.createFuture(of: Int.self)
      )
      let tuple = try Asyncio.gather(returningErrors: a, b, c)
      let array = try Asyncio.gather(returningErrors: [a, b, c])
      try b.setResult(1)
      try a.setResult(2)
      try loop.runBriefly()
      #expect(!tuple.isDone)
      #expect(!array.isDone)
      try c.setResult(3)
      try loop.runBriefly()
      let (x, y, z) = try tuple.result()
      #expect(try [x.get(), y.get(), z.get()] == [2, 1, 3])
      #expect(try array.result().map { try $0.get() } == [2, 1, 3])
    }
  }

  @Test("GATHER-06: returning errors, the values of coroutines are successes")
  func returningErrorsOfCoroutines() throws {
    try runOnLoop { _ in
      let order = Box<[Int]>([])
      let coroutines = [2, 1, 3].map { recording($0, after: $0, order) }
      let array = try await Asyncio.gather(returningErrors: coroutines).value
      #expect(try array.map { try $0.get() } == [2, 1, 3])
      let (x, y) = try await Asyncio.gather(returningErrors: coroutines[0], Asyncio.Coroutine { "text" }).value
      #expect(try x.get() == 2)
      #expect(try y.get() == "text")
      let mixed: [any Asyncio.Awaitable<Int>] = [sleeper(2), coroutines[1]]
      #expect(try await Asyncio.gather(returningErrors: mixed).value.map { try $0.get() } == [2, 1])
    }
  }

  @Test("GATHER-12, BIND-13: of nothing, it is done at once, and belongs to the running loop")
  func empty() throws {
    try runOnLoop { loop in
      let values = try Asyncio.gather([] as [Asyncio.Future<Int>])
      #expect(values.loop === loop)
      #expect(try values.result() == [])
      let results = try Asyncio.gather(returningErrors: [] as [any Asyncio.Awaitable<Int>])
      #expect(results.loop === loop)
      #expect(try results.result().isEmpty)
    }
  }

  @Test("GATHER-12, BIND-12: of nothing, there must be a running loop")
  func emptyWithoutLoop() async {
    await #expect(processExitsWith: .failure) { _ = try Asyncio.gather([] as [Asyncio.Future<Int>]) }
  }

  @Test("GATHER-14: futures of different loops are refused")
  func differentLoops() throws {
    try withLoop { one in
      try withLoop { other in
        let a = one.createFuture(of: Int.self)
        let b = other.createFuture(of: Int.self)
        #expect(throws: Asyncio.ValueError.self) { try Asyncio.gather(a, b) }
        #expect(throws: Asyncio.ValueError.self) { try Asyncio.gather(returningErrors: b, a) }
        #expect(throws: Asyncio.ValueError.self) { try Asyncio.gather([a, b]) }
        #expect(throws: Asyncio.ValueError.self) { try Asyncio.gather(returningErrors: [b, a]) }
        #expect(throws: Asyncio.ValueError.self) { try Asyncio.gather([a, b] as [any Asyncio.Awaitable<Int>]) }
      }
    }
  }

  @Test("GATHER-16, BIND-16: coroutines run on the running loop, and it belongs to that")
  func runningLoop() throws {
    try runOnLoop { loop in
      let gather = try Asyncio.gather(
        Asyncio.Coroutine { Asyncio.EventLoop.running() === loop },
        Asyncio.Coroutine { Asyncio.EventLoop.running() === loop }
      )
      #expect(gather.loop === loop)
      #expect(try await gather.value == (true, true))
    }
  }

  @Test("GATHER-16: beside a future, coroutines run on its loop")
  func loopOfFuture() throws {
    try withLoop { loop in
      let future = loop.createFuture(of: Int.self)
      try future.setResult(1)
      let gather = try Asyncio.gather(future, Asyncio.Coroutine { Asyncio.EventLoop.running() === loop })
      #expect(gather.loop === loop)
      #expect(try loop.runUntilComplete(gather) == (1, true))
    }
  }

  @Test("GATHER-26, DIFF-23: of what is done already, it is done on the next turn", .pinsOrder)
  func doneAlready() throws {
    try runOnLoop { loop in
      let child = loop.createFuture(of: Int.self)
      try child.setResult(1)
      let gather = try Asyncio.gather([child, child])
      #expect(!gather.isDone)
      try await Asyncio.sleep(.zero)
      #expect(try gather.result() == [1, 1])
    }
  }

  @Test("DIFF-23: in 3.13 what is done already is looked at at once, before the call returns")
  func doneAlreadyInLaterVersions() throws {
    try withLoop(semantics: .python3_13) { loop in
      let one = loop.createFuture(of: Int.self)
      try one.setResult(1)
      let gather = try Asyncio.gather([one, one])
      #expect(try gather.result() == [1, 1])
      #expect(try Asyncio.gather(one, one).result() == (1, 1))

      let error = ObjectError()
      let failed = [loop.createFuture(of: Int.self), loop.createFuture(of: Int.self)]
      for future in failed { try future.setException(error) }
      let pending = loop.createFuture(of: Int.self)
      let failing = try Asyncio.gather([pending] + failed)
      #expect(try failing.exception() as? ObjectError === error)
      #expect(!failed.contains { $0.hasUnretrievedError })
      let returning = try Asyncio.gather(returningErrors: [one] + failed)
      #expect(try returning.result().map { try? $0.get() } == [1, nil, nil])

      let waits = try Asyncio.gather([one, pending])
      try loop.runBriefly()
      #expect(!waits.isDone)
      #expect(pending.callbackCount == 2)
      try pending.setResult(2)
      #expect(try loop.runUntilComplete(waits) == [1, 2])
    }
  }

  // MARK: Errors

  @Test("GATHER-07, GATHER-08: the first error ends it at once, and nothing that follows has an effect")
  func firstError() throws {
    try withLoop { loop in
      let reports = Reports(loop)
      let error = ObjectError()
      let children = (0..<5).map { _ in loop.createFuture(of: Int.self) }
      let gather = try Asyncio.gather(children)
      let calls = CallCounter(gather)
      try children[0].setResult(1)
      try children[1].setException(error)
      try loop.runBriefly()
      #expect(gather.isDone)
      #expect(calls.count == 1)
      #expect(try gather.exception() as? ObjectError === error)

      try children[2].setResult(3)
      children[3].cancel()
      try children[4].setException(TestError())
      try loop.runBriefly()
      #expect(try gather.exception() as? ObjectError === error)
      #expect(calls.count == 1)
      // The gather has read the error that came too late.
      #expect(!children[4].hasUnretrievedError)
      #expect(reports.messages.isEmpty)
    }
  }

  @Test("What ends early stays with none of the futures that go on, whose errors count as read")
  func leavesWhatGoesOn() throws {
    try withLoop { loop in
      let reports = Reports(loop)
      let immortal = loop.createFuture(of: Int.self)
      for round in 0..<100 {
        let ends = loop.createFuture(of: Int.self)
        let gather = try Asyncio.gather([ends, immortal, immortal])
        if round % 2 == 0 { try ends.setException(TestError()) } else { ends.cancel() }
        try loop.runBriefly()
        #expect(gather.isDone)
        _ = try gather.exception()
      }
      let left = immortal.callbacks.count
      #expect(left == 0)
      try immortal.setException(TestError())
      try loop.runBriefly()
      #expect(!immortal.hasUnretrievedError)
      #expect(reports.messages.isEmpty)
    }
  }

  @Test("What is refused stays with none of the futures that came before")
  func refusedLeaves() throws {
    try withLoop { other in
      let foreign = other.createFuture(of: Int.self)
      try withLoop { loop in
        let own = loop.createFuture(of: Int.self)
        #expect(throws: Asyncio.ValueError.self) { try Asyncio.gather(own, foreign) }
        #expect(throws: Asyncio.ValueError.self) { try Asyncio.gather(own, own, foreign) }
        #expect(throws: Asyncio.ValueError.self) { try Asyncio.gather(returningErrors: [own, foreign]) }
        #expect(throws: Asyncio.ValueError.self) { try Asyncio.gather([own, foreign] as [Asyncio.AnyFuture]) }
        let left = own.callbacks.count
        #expect(left == 0)
        try own.setException(TestError())
        try loop.runBriefly()
        #expect(own.hasUnretrievedError)
        _ = try own.exception()
      }
    }
  }

  @Test("GATHER-09: the first error of a coroutine ends it at once, too", .pinsOrder)
  func firstErrorOfCoroutine() throws {
    try runOnLoop { loop in
      let error = ObjectError()
      let order = Box<[Int]>([])
      let fails = Asyncio.Coroutine { () -> Int in
        try await Asyncio.sleep(.milliseconds(1))
        throw error
      }
      let gather = try Asyncio.gather(recording(2, after: 2, order), fails, recording(3, after: 3, order))
      #expect(await errorThrown { try await gather.value } as? ObjectError === error)
      expectTime(loop, .milliseconds(1))
      #expect(order.value == [])
      try await Asyncio.sleep(.milliseconds(2))
      #expect(order.value == [2, 3])
    }
  }

  @Test("GATHER-10: returning errors, none ends it early, and each is in its place")
  func returningErrors() throws {
    try withLoop { loop in
      let (first, second) = (ObjectError("first"), ObjectError("second"))
      let children = (0..<4).map { _ in loop.createFuture(of: Int.self) }
      let array = try Asyncio.gather(returningErrors: children)
      let tuple = try Asyncio.gather(returningErrors: children[3], children[0])
      let calls = CallCounter(array)
      try children[0].setResult(3)
      try loop.runBriefly()
      try children[2].setException(first)
      try children[3].setException(second)
      try loop.runBriefly()
      #expect(!array.isDone)
      #expect(calls.count == 0)

      try children[1].setResult(1)
      try loop.runBriefly()
      let results = try array.result()
      #expect(try results.prefix(2).map { try $0.get() } == [3, 1])
      #expect(results[2].objectError === first)
      #expect(results[3].objectError === second)
      #expect(calls.count == 1)
      let (error, value) = try tuple.result()
      #expect(error.objectError === second)
      #expect(try value.get() == 3)
      #expect(!children.contains { $0.hasUnretrievedError })
    }
  }

  @Test("GATHER-10: returning errors, a cancelled child is one that failed with CancellationError")
  func returningCancellations() throws {
    try runOnLoop { _ in
      let isCancelled = sleeper(10)
      isCancelled.cancel()
      let results = try await Asyncio.gather(returningErrors: [isCancelled, sleeper(5)]).value
      #expect(throws: CancellationError.self) { try results[0].get() }
      #expect(try results[1].get() == 5)
    }
  }

  @Test("GATHER-11: returning errors, those of coroutines are in their places, too")
  func returningErrorsOfFailingCoroutines() throws {
    try runOnLoop { loop in
      let (first, second) = (ObjectError("first"), ObjectError("second"))
      let order = Box<[Int]>([])
      let results = try await Asyncio.gather(returningErrors: [
        recording(3, after: 3, order), recording(1, after: 4, order),
        Asyncio.Coroutine { throw first }, Asyncio.Coroutine { throw second },
      ]).value
      #expect(try results.prefix(2).map { try $0.get() } == [3, 1])
      #expect(results[2].objectError === first)
      #expect(results[3].objectError === second)
      expectTime(loop, .milliseconds(4))
    }
  }

  @Test("GATHER-24: the error of one child does not cancel the others")
  func errorCancelsNobody() throws {
    try runOnLoop { _ in
      let sleeps = sleeper(10)
      let fails = Asyncio.createTask { () -> Int in throw TestError() }
      let gather = try Asyncio.gather(sleeps, fails)
      #expect(await errorThrown { try await gather.value } is TestError)
      #expect(!sleeps.isDone)
      #expect(!sleeps.mustCancel)
      #expect(try await sleeps.value == 10)
    }
  }

  @Test("A child that is done already is taken note of before the coroutines behind it begin", .pinsOrder)
  func doneBeforeCoroutines() throws {
    try runOnLoop { loop in
      let failed = loop.createFuture(of: Int.self)
      try failed.setException(TestError())
      let outer = Box<Asyncio.AnyFuture?>(nil)
      var order: [String] = []
      func body(_ name: String) -> Asyncio.Coroutine<Int> {
        Asyncio.Coroutine {
          order.append("\(name): \(outer.value!.isDone)")
          return 0
        }
      }
      let gathering = try Asyncio.gather(body("before"), failed, body("behind"))
      outer.value = gathering
      await #expect(throws: TestError.self) { _ = try await gathering.value }
      #expect(order == ["before: false", "behind: true"])
      outer.value = nil
    }
  }
}

/// A coroutine that sleeps, notes its number, and returns it.
private func recording(_ number: Int, after milliseconds: Int, _ order: Box<[Int]>) -> Asyncio.Coroutine<Int> {
  Asyncio.Coroutine {
    try await Asyncio.sleep(.milliseconds(milliseconds))
    order.value.append(number)
    return number
  }
}

/// Counts how often a future calls back.
final class CallCounter {
  private(set) var count = 0
  init<Value>(_ future: Asyncio.Future<Value>) { future.addDoneCallback { _ in self.count += 1 } }
}

extension Result {
  /// The error, if it is one with an identity.
  fileprivate var objectError: ObjectError? {
    if case .failure(let error) = self { error as? ObjectError } else { nil }
  }
}
