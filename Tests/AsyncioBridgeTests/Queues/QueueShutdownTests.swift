import Testing

@testable import AsyncioBridge

/// Shutting a queue down, of each kind.
@Suite struct QueueShutdownTests {
  typealias Kind = QueueTests.Kind

  /// Whether the queue refuses all four operations.
  private func expectShutDown(_ queue: Asyncio.Queue<Int>, sourceLocation: SourceLocation = #_sourceLocation) async {
    let errors = [
      await errorThrown { try await queue.put(1) },
      await errorThrown { try queue.putNowait(1) },
      await errorThrown { try await queue.get() },
      await errorThrown { try queue.getNowait() },
    ]
    #expect(errors.map { $0 is Asyncio.QueueShutDown } == [true, true, true, true], sourceLocation: sourceLocation)
  }

  @Test("QSHUT-01: the description tells that it is shut down", arguments: Kind.allCases)
  func inDescription(_ kind: Kind) throws {
    try withLoop { loop in
      let queue = kind.make(loop: loop)
      queue.shutdown()
      #expect("\(queue)" == "<\(kind.name) maxsize=0 shutdown>")
    }
  }

  @Test(
    "QSHUT-02, DIFF-38: shutting an empty queue down makes all blocked gets throw",
    .pinsOrder,
    arguments: Kind.allCases,
    [false, true]
  )
  func blockedGet(_ kind: Kind, _ immediate: Bool) throws {
    try runOnLoop { loop in
      let queue = kind.make(loop: loop)
      let getters = (0..<2).map { _ in Asyncio.createTask { try await queue.get() } }
      try await Asyncio.sleep(.zero)
      #expect(queue.waiterCounts.getters == 2)
      queue.shutdown(immediate: immediate)
      #expect(queue.waiterCounts.getters == 0)
      for getter in getters {
        #expect(await errorThrown { try await getter.value } is Asyncio.QueueShutDown)
      }
    }
  }

  @Test(
    "QSHUT-03, QSHUT-04: an empty queue that is shut down lets join pass, and refuses all else",
    arguments: Kind.allCases
  )
  func empty(_ kind: Kind) throws {
    try runOnLoop { loop in
      let queue = kind.make(loop: loop)
      queue.shutdown()
      let turn = loop.turnCount
      try await queue.join()
      await expectShutDown(queue)
      #expect(loop.turnCount == turn)
      #expect(queue.qsize == 0)
    }
  }

  @Test(
    "QSHUT-05: shutting a full queue down makes all blocked puts throw, and keeps the item",
    .pinsOrder,
    arguments: Kind.allCases
  )
  func blockedPut(_ kind: Kind) throws {
    try runOnLoop { loop in
      let queue = kind.make(maxsize: 1, loop: loop)
      try await queue.put(1)
      let putters = [2, 3].map { item in Asyncio.createTask { try await queue.put(item) } }
      try await Asyncio.sleep(.zero)
      #expect(queue.waiterCounts.putters == 2)
      queue.shutdown()
      for putter in putters {
        #expect(await errorThrown { try await putter.value } is Asyncio.QueueShutDown)
      }
      #expect(queue.qsize == 1)
      #expect(queue.waiterCounts.putters == 0)
    }
  }

  @Test("QSHUT-06: what is left can be got, and then get throws; put throws all the while", arguments: Kind.allCases)
  func remainingItems(_ kind: Kind) throws {
    try runOnLoop { loop in
      let queue = kind.make(maxsize: 2, loop: loop)
      try await queue.put(1)
      try await queue.put(2)
      queue.shutdown()
      // Full, not full, and empty.
      for _ in 0..<2 {
        #expect(await errorThrown { try await queue.put(3) } is Asyncio.QueueShutDown)
        #expect(await errorThrown { try queue.putNowait(3) } is Asyncio.QueueShutDown)
        #expect([1, 2].contains(try await queue.get()))
      }
      await expectShutDown(queue)
    }
  }

  @Test("QSHUT-07: join waits until the item that was left is done; once more is too often", arguments: Kind.allCases)
  func join(_ kind: Kind) throws {
    try runOnLoop { loop in
      let queue = kind.make(maxsize: 1, loop: loop)
      try await queue.put(1)
      let join = Asyncio.createTask { try await queue.join() }
      queue.shutdown()
      try await Asyncio.sleep(.zero)
      #expect(try queue.getNowait() == 1)
      try await Asyncio.sleep(.zero)
      try await Asyncio.sleep(.zero)
      #expect(!join.isDone)
      try queue.taskDone()
      try await join.value
      #expect(throws: Asyncio.ValueError.self) { try queue.taskDone() }
    }
  }

  @Test(
    "QSHUT-08, QSHUT-09: shutting it down at once drops the items as if they were done",
    arguments: Kind.allCases
  )
  func immediate(_ kind: Kind) throws {
    try runOnLoop { loop in
      let queue = kind.make(maxsize: 2, loop: loop)
      try await queue.put(1)
      try await queue.put(2)
      let join = Asyncio.createTask { try await queue.join() }
      let putter = Asyncio.createTask { try await queue.put(3) }
      try await Asyncio.sleep(.zero)
      #expect(!join.isDone)
      queue.shutdown(immediate: true)
      #expect(queue.qsize == 0)
      try await join.value
      // There is a free place now, which the put was not woken for.
      #expect(await errorThrown { try await putter.value } is Asyncio.QueueShutDown)
      await expectShutDown(queue)
      #expect(throws: Asyncio.ValueError.self) { try queue.taskDone() }
      #expect("\(queue)" == "<\(kind.name) maxsize=2 shutdown>")
    }
  }

  @Test("QSHUT-08: items that were got before are still waited for", arguments: Kind.allCases)
  func immediateWithWorkInHand(_ kind: Kind) throws {
    try runOnLoop { loop in
      let queue = kind.make(loop: loop)
      try await queue.put(1)
      try await queue.put(2)
      _ = try await queue.get()
      let join = Asyncio.createTask { try await queue.join() }
      queue.shutdown(immediate: true)
      try await Asyncio.sleep(.zero)
      try await Asyncio.sleep(.zero)
      #expect(!join.isDone)
      try queue.taskDone()
      try await join.value
    }
  }

  @Test("QSHUT-10: it may be shut down again, and at once after all", arguments: Kind.allCases)
  func again(_ kind: Kind) throws {
    try runOnLoop { loop in
      let queue = kind.make(loop: loop)
      try await queue.put(1)
      queue.shutdown()
      queue.shutdown()
      #expect(queue.qsize == 1)
      queue.shutdown(immediate: true)
      queue.shutdown(immediate: true)
      queue.shutdown()
      #expect(queue.qsize == 0)
      try await queue.join()
      await expectShutDown(queue)
    }
  }

  @Test("QSHUT-11: the error is neither that of an empty queue nor that of a full one")
  func error() throws {
    try withLoop { loop in
      let queue = Asyncio.Queue<Int>(maxsize: 1, loop: loop)
      try queue.putNowait(1)
      queue.shutdown()
      let whenFull = #expect(throws: (any Error).self) { try queue.putNowait(2) }
      #expect(whenFull is Asyncio.QueueShutDown && !(whenFull is Asyncio.QueueFull))
      _ = try queue.getNowait()
      let whenEmpty = #expect(throws: (any Error).self) { try queue.getNowait() }
      #expect(whenEmpty is Asyncio.QueueShutDown && !(whenEmpty is Asyncio.QueueEmpty))
      #expect(whenEmpty.map { "\($0)" } == "QueueShutDown")
    }
  }
}
