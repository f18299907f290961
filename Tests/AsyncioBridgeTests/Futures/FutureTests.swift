import Testing

@testable import AsyncioBridge

/// What a future is, how it is completed and read, and how it is awaited.
@Suite struct FutureTests {
  @Test("setResult(with:) completes a future with a value or an error, once")
  func resultOfEitherKind() throws {
    try withLoop { loop in
      let value = loop.createFuture(of: Int.self)
      try value.setResult(with: .success(1))
      #expect(try value.result() == 1)
      let failed = loop.createFuture(of: Int.self)
      try failed.setResult(with: .failure(TestError()))
      #expect(try failed.exception() is TestError)
      #expect(throws: Asyncio.InvalidStateError.self) { try failed.setResult(with: .success(1)) }
    }
  }

  // MARK: What counts as a future

  @Test("FUT-01, FUT-02: a future is recognised by its type, other values are not")
  func typeTest() throws {
    try withLoop { loop in
      let future: Any = loop.createFuture(of: Int.self)
      let task: Any = try loop.createTask { 1 }
      #expect(future is Asyncio.AnyFuture)
      #expect(future is Asyncio.Future<Int>)
      #expect(!(future is Asyncio.Future<String>))
      #expect(task is Asyncio.AnyFuture)
      #expect(!((5 as Any) is Asyncio.AnyFuture))
      #expect(!(Box(future) as Any is Asyncio.AnyFuture))
      try loop.runUntilIdle()
    }
  }

  /// Stands for a future without being one.
  private struct Order: Asyncio.Awaitable {
    let receipt: Asyncio.Future<Int>
    func ensureFuture(on loop: Asyncio.EventLoop?) throws -> Asyncio.Future<Int> { receipt }
  }

  @Test("FUT-03: a type of one's own that conforms to the protocol is taken wherever a future is")
  func ownAwaitable() throws {
    try runOnLoop { loop in
      let order = Order(receipt: loop.createFuture())
      #expect(try Asyncio.ensureFuture(order) === order.receipt)
      try loop.callSoon { try order.receipt.setResult(3) }
      let (number, doubled) = try await Asyncio.gather(order, Asyncio.Coroutine { try await order.receipt.value * 2 })
        .value
      #expect(number == 3)
      #expect(doubled == 6)
    }
  }

  private final class NamedFuture: Asyncio.Future<Int> {
    let name = "named"
  }

  @Test("FUT-04: wrapping or ensuring what is a future already gives that same object")
  func wrapOwnFuture() throws {
    try withLoop { loop in
      let future = NamedFuture(loop: loop)
      #expect(Asyncio.wrapFuture(future) === future)
      let ensured = try Asyncio.ensureFuture(future)
      #expect(ensured === future)
      let order = Order(receipt: future)
      #expect(try Asyncio.ensureFuture(order, loop: loop) === future)
    }
  }

  @Test("FUT-07, BIND-02: what is made without a loop belongs to the running one")
  func currentLoop() throws {
    try runOnLoop { loop in
      #expect(loop.createFuture(of: Int.self).loop === loop)
      #expect(EventLoop.running()?.createFuture(of: Int.self).loop === loop)
      let task = Asyncio.createTask {}
      #expect(task.loop === loop)
      #expect(Asyncio.shield(task).loop === loop)
      let gathered = try Asyncio.gather([task])
      #expect(gathered.loop === loop)
      #expect(Asyncio.wrapFuture(Asyncio.ConcurrentFuture<Int>()).loop === loop)
    }
  }

  @Test("FUT-55: a future keeps its loop when it is done, and when the loop is closed")
  func loopAfterwards() throws {
    let loop = EventLoop(clock: .virtual)
    let future = loop.createFuture(of: Int.self)
    #expect(future.loop === loop)
    try future.setResult(1)
    #expect(future.loop === loop)
    try loop.close()
    #expect(future.loop === loop)
    #expect(try future.result() == 1)
  }

  @Test("A loop lives until its last future has gone, and no longer")
  func loopAfterLastFuture() throws {
    weak var loop: EventLoop?
    var futures: [Asyncio.AnyFuture] = []
    do {
      let ours = EventLoop(clock: .virtual)
      loop = ours
      futures = [ours.createFuture(of: Int.self), ours.createFuture(of: String.self), try ours.createTask {}]
      try ours.runUntilIdle()
      try ours.close()
    }
    while !futures.isEmpty {
      #expect(loop != nil)
      #expect(futures[0].loop === loop)
      futures.removeLast()
    }
    #expect(loop == nil)
  }

  @Test("Sets and dictionaries tell futures apart, however many there are")
  func hashing() throws {
    try withLoop { loop in
      let futures = (0..<10_000).map { _ in loop.createFuture(of: Int.self) }
      #expect(Set(futures).count == futures.count)
      for seed in [0, 1, -1, 1 << 40] {
        #expect(Set(futures.map { $0._rawHashValue(seed: seed) }).count == futures.count)
      }
      let places = Dictionary(uniqueKeysWithValues: zip(futures, 0...))
      #expect(futures.indices.allSatisfy { places[futures[$0]] == $0 })
      #expect(!Set(futures.dropFirst()).contains(futures[0]))
    }
  }

  // MARK: States

  @Test("FUT-05, FUT-06: a new future is neither done nor cancelled, and is cancelled as soon as cancel() returns")
  func initialState() throws {
    try withLoop { loop in
      let future = loop.createFuture(of: Int.self)
      #expect(!future.isDone)
      #expect(!future.isCancelled)
      future.cancel()
      #expect(future.isCancelled)
    }
  }

  @Test(
    "FUT-11, FUT-12, FUT-13, FUT-14: a cancelled future throws the cancellation, and can't be completed or cancelled"
  )
  func cancelled() throws {
    try withLoop { loop in
      let future = loop.createFuture(of: Int.self)
      #expect(future.cancel())
      #expect(future.isCancelled)
      #expect(future.isDone)
      #expect(throws: CancellationError.self) { try future.result() }
      #expect(throws: CancellationError.self) { try future.exception() }
      #expect(throws: Asyncio.InvalidStateError.self) { try future.setResult(1) }
      #expect(throws: Asyncio.InvalidStateError.self) { try future.setException(TestError()) }
      #expect(!future.cancel())
      #expect(future.isCancelled)
      #expect(throws: CancellationError.self) { try future.result() }
    }
  }

  @Test("FUT-15, FUT-16, FUT-17, FUT-18: a result can be read once it is set, and nothing replaces it")
  func result() throws {
    try withLoop { loop in
      let future = loop.createFuture(of: Int.self)
      #expect(throws: Asyncio.InvalidStateError.self) { try future.result() }
      try future.setResult(42)
      #expect(future.isDone)
      #expect(!future.isCancelled)
      #expect(try future.result() == 42)
      #expect(try future.exception() == nil)
      #expect(throws: Asyncio.InvalidStateError.self) { try future.setResult(43) }
      #expect(throws: Asyncio.InvalidStateError.self) { try future.setException(TestError()) }
      #expect(!future.cancel())
      #expect(!future.isCancelled)
      #expect(try future.result() == 42)
      #expect(try future.exception() == nil)
    }
  }

  @Test("FUT-19, FUT-21, FUT-22: an error can be read and is thrown, the same object, and nothing replaces it")
  func exception() throws {
    try withLoop { loop in
      let future = loop.createFuture(of: Int.self)
      #expect(throws: Asyncio.InvalidStateError.self) { try future.exception() }
      let error = ObjectError()
      try future.setException(error)
      #expect(future.isDone)
      #expect(!future.isCancelled)
      let thrown = #expect(throws: ObjectError.self) { try future.result() }
      #expect(thrown === error)
      #expect(try future.exception() as? ObjectError === error)
      #expect(throws: Asyncio.InvalidStateError.self) { try future.setResult(1) }
      #expect(throws: Asyncio.InvalidStateError.self) { try future.setException(ObjectError()) }
      #expect(!future.cancel())
      #expect(!future.isCancelled)
      #expect(try future.exception() as? ObjectError === error)
    }
  }

  @Test("FUT-54: cancellation, timeout and invalid state are errors of three types")
  func errorKinds() throws {
    let errors: [any Error] = [Asyncio.CancelledError(), Asyncio.TimeoutError(), Asyncio.InvalidStateError("")]
    #expect(errors.map { $0 is CancellationError } == [true, false, false])
    #expect(errors.map { $0 is Asyncio.TimeoutError } == [false, true, false])
    #expect(errors.map { $0 is Asyncio.InvalidStateError } == [false, false, true])

    // A handler for another type lets a cancellation pass.
    try withLoop { loop in
      let task = try loop.createTask {
        do { try await Asyncio.sleep(.seconds(1)) } catch is Asyncio.TimeoutError {} catch is Asyncio.InvalidStateError
        {}
      }
      try loop.runBriefly()
      task.cancel()
      try loop.runBriefly()
      #expect(task.isCancelled)
    }
  }

  // MARK: Copying and helpers

  @Test("FUT-28, FUT-29, FUT-30: copying the state of a future gives its result, its error, or its cancellation")
  func copyState() throws {
    try withLoop { loop in
      let finished = loop.createFuture(of: Int.self)
      try finished.setResult(10)
      let finishedCopy = loop.createFuture(of: Int.self)
      finishedCopy.copyState(of: finished)
      #expect(finishedCopy.isDone)
      #expect(try finishedCopy.result() == 10)

      let error = ObjectError()
      let failed = loop.createFuture(of: Int.self)
      try failed.setException(error)
      let failedCopy = loop.createFuture(of: Int.self)
      failedCopy.copyState(of: failed)
      #expect(failedCopy.isDone)
      let thrown = #expect(throws: ObjectError.self) { try failedCopy.result() }
      #expect(thrown === error)

      let cancelled = loop.createFuture(of: Int.self)
      cancelled.cancel()
      let cancelledCopy = loop.createFuture(of: Int.self)
      cancelledCopy.copyState(of: cancelled)
      #expect(cancelledCopy.isCancelled)
    }
  }

  @Test("FUT-31: completing a future unless it is done leaves a cancelled one cancelled")
  func setUnlessCancelled() throws {
    try withLoop { loop in
      let future = loop.createFuture(of: Void.self)
      future.cancel()
      future.completeIfPending()
      #expect(future.isCancelled)
      #expect(throws: CancellationError.self) { try future.result() }

      let pending = loop.createFuture(of: Void.self)
      pending.completeIfPending()
      #expect(pending.isDone)
      #expect(!pending.isCancelled)
    }
  }

  @Test("FUT-38: once read an error counts as read for good; nothing makes it unread again")
  func unretrievedFlag() throws {
    try withLoop { loop in
      let future = loop.createFuture(of: Int.self)
      #expect(!future.hasUnretrievedError)
      try future.setException(TestError())
      #expect(future.hasUnretrievedError)
      _ = try future.exception()
      #expect(!future.hasUnretrievedError)
      _ = future.description
      future.addDoneCallback { _ in }
      try? future.setException(TestError())
      _ = try? future.result()
      try loop.runUntilIdle()
      #expect(!future.hasUnretrievedError)
    }
  }

  // MARK: Awaiting

  @Test("FUT-24: awaiting a pending future suspends once; a second await of it does not suspend")
  func awaitTwice() throws {
    try withLoop { loop in
      let future = loop.createFuture(of: Int.self)
      var steps: [String] = []
      let task = try loop.createTask {
        steps.append("before")
        let first = try await future.value
        steps.append("first")
        try loop.callSoon { steps.append("callback") }
        let second = try await future.value
        steps.append("second")
        return [first, second]
      }
      try loop.runBriefly()
      #expect(steps == ["before"])
      #expect(task.waiter === future)
      try future.setResult(42)
      #expect(steps == ["before"])
      #expect(try loop.runUntilComplete(task) == [42, 42])
      try loop.runUntilIdle()
      #expect(steps == ["before", "first", "second", "callback"])
    }
  }

  @Test("FUT-25: a tuple arrives as the tuple it is")
  func tuple() throws {
    try runOnLoop { loop in
      let future = loop.createFuture(of: (Int, Int).self)
      try loop.callSoon { try future.setResult((1, 2)) }
      let pair = try await future.value
      #expect(pair == (1, 2))
    }
  }

  @Test("FUT-53: awaiting a future that is done does not give up the turn", .pinsOrder)
  func awaitDone() throws {
    try runOnLoop { loop in
      var order: [String] = []
      let future = loop.createFuture(of: Int.self)
      try future.setResult(1)
      try loop.callSoon { order.append("callback") }
      let turn = loop.turnCount
      _ = try await future.value
      order.append("awaited")
      #expect(loop.turnCount == turn)
      try await Asyncio.sleep(.zero)
      #expect(order == ["awaited", "callback"])
    }
  }

  @Test("FUT-57: tasks that await the same future resume in the order in which they began to", .pinsOrder)
  func awaitersInOrder() throws {
    try withLoop { loop in
      let future = loop.createFuture(of: Int.self)
      var order: [String] = []
      for name in ["a", "b", "c", "d"] {
        try loop.createTask {
          // b begins to wait after the others.
          if name == "b" { try await Asyncio.sleep(.zero) }
          _ = try await future.value
          order.append(name)
        }
      }
      try loop.runBriefly()
      try loop.runBriefly()
      try future.setResult(1)
      try loop.runBriefly()
      #expect(order == ["a", "c", "d", "b"])
    }
  }

  // MARK: Objects that call back

  /// A result whose end re-enters the library.
  private final class Meddler {
    private let loop: EventLoop
    private let future: Asyncio.Future<Int>
    private let count: Box<Int>

    init(_ loop: EventLoop, _ count: Box<Int>) {
      self.loop = loop
      self.count = count
      future = loop.createFuture()
    }

    deinit {
      count.value += 1
      _ = "\(loop) \(future) \(Asyncio.allTasks(loop))"
      try? future.setResult(count.value)
      _ = try? loop.callSoon {}
      _ = loop.createFuture(of: Meddler?.self)
    }
  }

  /// A value that does not fit into a word.
  private struct Wide: Equatable { var a = 1, b = "b", c = 3.5, d: [Int] = [4] }

  @Test("A value of any size and kind comes out as it went in, and goes with its future")
  func values() throws {
    func check<Value: Equatable>(_ value: Value) throws {
      try runOnLoop { loop in
        let future = loop.createFuture(of: Value.self)
        try future.setResult(value)
        #expect(try future.result() == value)
        #expect(try await future.value == value)
        let task = Asyncio.createTask { value }
        #expect(try await task.value == value)
        #expect(try await Asyncio.gather([task, task]).value == [value, value])
      }
    }
    try check(true)
    try check(Int8(-3))
    try check(UInt64.max)
    try check(2.5)
    try check(Optional<Int>.none)
    try check(Optional<Int>.some(1))
    try check("")
    try check("a text that is too long to be in place")
    try check([1, 2, 3])
    try check(Wide())

    weak var object: Box<Int>?
    weak var error: FailingObject?
    try withLoop { loop in
      var futures = [loop.createFuture(of: Box<Int>.self), loop.createFuture(of: Box<Int>.self)]
      do {
        let (box, failure) = (Box(1), FailingObject())
        (object, error) = (box, failure)
        try futures[0].setResult(box)
        try futures[1].setException(failure)
      }
      #expect(try futures[0].result() === object)
      #expect(try futures[1].exception() as? FailingObject === error)
      futures = []
      #expect(object == nil)
      #expect(error == nil)
    }
  }

  private final class FailingObject: Error, Sendable {}

  @Test("FUT-40: a result object whose deinitialiser calls the library does no harm to the future")
  func meddlingResult() throws {
    try withLoop { loop in
      let count = Box(0)
      for _ in 0..<100 {
        let future = loop.createFuture(of: Meddler.self)
        try future.setResult(Meddler(loop, count))
      }
      #expect(count.value == 100)
      try loop.runUntilIdle()
      expectNoObjects(loop.debugCounters)
    }
  }
}
