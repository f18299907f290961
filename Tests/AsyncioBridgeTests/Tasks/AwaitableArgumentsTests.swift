import Testing

@testable import AsyncioBridge

/// Coroutines, and other things that can be waited for, where a function waits for something.
@Suite struct AwaitableArgumentsTests {
  @Test("wait makes tasks of coroutines in their order, and gives those", .pinsOrder)
  func waiting() throws {
    try runOnLoop { loop in
      var started: [Int] = []
      let coroutines = [3, 1, 2].map { number in
        Asyncio.Coroutine(name: "\(number)") {
          started.append(number)
          try await Asyncio.sleep(.seconds(number))
          return number
        }
      }
      let (done, pending) = try await Asyncio.wait(coroutines, returnWhen: .firstCompleted)
      #expect(started == [3, 1, 2])
      #expect(try done.map { try $0.result() } == [1])
      #expect(pending.allSatisfy { $0 is Asyncio.Task<Int> && !$0.isDone })
      expectTime(loop, .seconds(1))

      let rest = try await Asyncio.wait(pending)
      #expect(try Set(rest.done.map { try $0.result() }) == [2, 3])
      let none: [Asyncio.Coroutine<Int>] = []
      #expect(await errorThrown { try await Asyncio.wait(none) } is Asyncio.ValueError)
    }
  }

  @Test(
    "asCompleted makes the tasks of coroutines once, also if one of its arguments is refused",
    arguments: Asyncio.Semantics.all
  )
  func refusedCompletions(_ semantics: Asyncio.Semantics) throws {
    let other = EventLoop()
    defer { try? other.close() }
    try runOnLoop(semantics: semantics) { _ in
      var started = 0
      let coroutine = Asyncio.Coroutine {
        started += 1
        return 1
      }
      let either: [any Asyncio.Awaitable<Int>] = [coroutine, other.createFuture(of: Int.self)]
      let sequence = Asyncio.asCompleted(either)
      #expect(await errorThrown { try await sequence.next() } is Asyncio.ValueError)
      try await Asyncio.sleep(.seconds(1))
      #expect(started == 1)
    }
  }

  @Test("wait takes futures and coroutines together, and gives futures as they are")
  func waitingForEither() throws {
    try runOnLoop { loop in
      let future = loop.createFuture(of: Int.self)
      try future.setResult(1)
      let either: [any Asyncio.Awaitable<Int>] = [future, Asyncio.Coroutine { 2 }]
      let (done, pending) = try await Asyncio.wait(either)
      #expect(done.contains(future))
      #expect(try done.map { try $0.result() }.sorted() == [1, 2])
      #expect(pending.isEmpty)
    }
  }

  @Test("waitFor runs a coroutine in a task of its own, and without a timeout in the caller's")
  func waitForCoroutine() throws {
    try runOnLoop { loop in
      let caller = Asyncio.currentTask()
      let isOwn = Asyncio.Coroutine { Asyncio.currentTask() === caller }
      let isOwnWithTimeout = try await Asyncio.waitFor(isOwn, timeout: .seconds(1))
      let isOwnWithout = try await Asyncio.waitFor(isOwn, timeout: nil)
      #expect(!isOwnWithTimeout && isOwnWithout)

      var isUnwound = false
      let slow = Asyncio.Coroutine(name: "slow") {
        #expect(Asyncio.currentTask()?.name == "slow")
        defer { isUnwound = true }
        try await Asyncio.sleep(.seconds(10))
      }
      let error = await errorThrown { try await Asyncio.waitFor(slow, timeout: .seconds(1)) }
      #expect(error is Asyncio.TimeoutError)
      #expect(isUnwound)
      expectTime(loop, .seconds(1))
    }
  }

  @Test("waitFor takes a type of the user's own")
  func waitForOwnType() throws {
    struct Doubled: Asyncio.Awaitable {
      let number: Int
      func ensureFuture(on loop: EventLoop?) throws -> Asyncio.Future<Int> {
        try Asyncio.Coroutine { number * 2 }.ensureFuture(on: loop)
      }
    }
    try runOnLoop { _ in
      let doubled = try await Asyncio.waitFor(Doubled(number: 2), timeout: .seconds(1))
      #expect(doubled == 4)
      let again = try await Asyncio.waitFor(Doubled(number: 2), timeout: nil)
      #expect(again == 4)
    }
  }

  @Test("asCompleted starts coroutines when the first element is asked for")
  func asCompleted() throws {
    try runOnLoop { loop in
      let coroutines = [3, 1].map { number in
        Asyncio.Coroutine { try await Asyncio.sleep(.seconds(number), result: loop.elapsed) }
      }
      let completed = Asyncio.asCompleted(coroutines, timeout: .seconds(5))
      try await Asyncio.sleep(.seconds(10))
      #expect(Asyncio.allTasks().count == 1)
      var times: [Duration] = []
      for try await future in completed {
        _ = try future.result()
        times.append(loop.elapsed)
      }
      #expect(times == [.seconds(11), .seconds(13)])
    }
  }

  @Test("asCompleted(starting:) takes futures and coroutines together, and starts these at once")
  func asCompletedStarting() throws {
    try runOnLoop { loop in
      let future: Asyncio.Future<Int> = sleeper(3)
      let either: [any Asyncio.Awaitable<Int>] = [future, Asyncio.Coroutine { 2 }]
      let completed = try Asyncio.asCompleted(starting: either)
      #expect(Asyncio.allTasks().count == 3)
      var values: [Int] = []
      for try await future in completed { values.append(try future.result()) }
      #expect(values == [2, 3])

      var lazily: [Int] = []
      for try await future in Asyncio.asCompleted(either) { lazily.append(try future.result()) }
      #expect(lazily == [3, 2])
    }
  }
}
