import Testing

@testable import AsyncioBridge

extension QueueTests {
  // MARK: Getting

  @Test("QUEUE-12: an item that is there is returned at once", arguments: Kind.allCases)
  func get(_ kind: Kind) throws {
    try runOnLoop { loop in
      let queue = kind.make(loop: loop)
      try queue.putNowait(1)
      let turn = loop.turnCount
      #expect(try await queue.get() == 1)
      #expect(loop.turnCount == turn)
    }
  }

  @Test("QUEUE-13: taking an item wakes the producer that has waited longest", .pinsOrder)
  func getWakesPutter() throws {
    try withLoop { loop in
      let queue = Asyncio.Queue<Int>(maxsize: 1, loop: loop)
      try queue.putNowait(1)
      let first = try loop.createTask { try await queue.put(2) }
      let second = try loop.createTask { try await queue.put(3) }
      try loop.runBriefly()
      let putter = try #require(queue.firstPutter)
      #expect(first.waiter === putter)
      #expect(!putter.isDone)
      #expect(try queue.getNowait() == 1)
      try putter.result()
      #expect(second.waiter === queue.firstPutter)
      #expect(second.waiter?.isDone == false)
      second.cancel()
      try loop.runBriefly()
      #expect(try queue.getNowait() == 2)
    }
  }

  @Test("QUEUE-14: an empty queue makes the consumer wait until an item is put", arguments: Asyncio.LoopClock.Kind.both)
  func getWaits(_ clock: Asyncio.LoopClock.Kind) throws {
    try runOnLoop(clock) { loop in
      let queue = Asyncio.Queue<Int>()
      let isPut = Box(false)
      try loop.callLater(.milliseconds(10)) {
        isPut.value = true
        try queue.putNowait(1)
      }
      #expect(try await queue.get() == 1)
      #expect(isPut.value)
      expectTime(loop, .milliseconds(10))
    }
  }

  @Test("QUEUE-15, QUEUE-16: without waiting, an item is returned or QueueEmpty thrown", arguments: Kind.allCases)
  func getNowait(_ kind: Kind) throws {
    try withLoop { loop in
      let queue = kind.make(loop: loop)
      try queue.putNowait(1)
      #expect(try queue.getNowait() == 1)
      #expect(throws: Asyncio.QueueEmpty.self) { try queue.getNowait() }
    }
  }

  @Test("QUEUE-17: an item that comes before a timeout is returned", arguments: Asyncio.LoopClock.Kind.both)
  func getWithTimeout(_ clock: Asyncio.LoopClock.Kind) throws {
    try runOnLoop(clock) { loop in
      let queue = Asyncio.Queue<Int>()
      try loop.callLater(.milliseconds(10)) { try queue.putNowait(1) }
      #expect(try await Asyncio.waitFor(timeout: .milliseconds(51)) { try await queue.get() } == 1)
      expectTime(loop, .milliseconds(10))
    }
  }

  @Test("QUEUE-18: the items of producers that wait come in their order", .pinsOrder)
  func getFromWaitingPutters() throws {
    try withLoop { loop in
      let queue = Asyncio.Queue<String>(maxsize: 1, loop: loop)
      try loop.createTask { try await queue.put("a") }
      try loop.createTask { try await queue.put("b") }
      try loop.runBriefly()
      let items = try (0..<2).map { _ in try loop.runUntilComplete { try await queue.get() } }
      #expect(items == ["a", "b"])
    }
  }

  @Test("QUEUE-19: a producer and a consumer take turns over a queue of one place")
  func producerAndConsumer() throws {
    try runOnLoop { _ in
      let queue = Asyncio.Queue<Int>(maxsize: 1)
      let produces = Asyncio.createTask { for item in 0..<5 { try await queue.put(item) } }
      let consumes = Asyncio.createTask {
        var items: [Int] = []
        while items.count < 5 { items.append(try await queue.get()) }
        return items
      }
      let (_, items) = try await Asyncio.gather(produces, consumes).value
      #expect(items == [0, 1, 2, 3, 4])
    }
  }

  @Test("QUEUE-20: a get that timed out leaves nothing behind")
  func timedOutGetter() throws {
    try runOnLoop { loop in
      let queue = Asyncio.Queue<Int>()
      let thrown = await errorThrown {
        try await Asyncio.waitFor(timeout: .milliseconds(100)) { try await queue.get() }
      }
      #expect(thrown is Asyncio.TimeoutError)
      #expect(queue.waiterCounts.getters == 0)
      try queue.putNowait(1)
      #expect(try queue.getNowait() == 1)
      expectTime(loop, .milliseconds(100))
    }
  }

  @Test("QUEUE-24: the item for a consumer that is cancelled goes to the next")
  func cancelledGetterPassesItemOn() throws {
    try withLoop { loop in
      let queue = Asyncio.Queue<Int>(loop: loop)
      let readers = try (0..<3).map { _ in try loop.createTask { try await queue.get() } }
      try loop.runBriefly()
      try queue.putNowait(1)
      try queue.putNowait(2)
      readers[0].cancel()
      try loop.runBriefly()
      #expect(readers[0].isCancelled)
      try loop.runBriefly()
      #expect(try readers[1].result() + readers[2].result() == 3)
      #expect(queue.isEmpty)
      #expect(queue.waiterCounts == (0, 0))
    }
  }

  // MARK: Putting

  @Test("QUEUE-21: putting into a queue without a limit does not wait", arguments: Kind.allCases)
  func put(_ kind: Kind) throws {
    try runOnLoop { loop in
      let queue = kind.make(loop: loop)
      let turn = loop.turnCount
      try await queue.put(1)
      #expect(loop.turnCount == turn)
      #expect(try await queue.get() == 1)
    }
  }

  @Test("QUEUE-22: putting into a full queue waits until an item is taken", arguments: Asyncio.LoopClock.Kind.both)
  func putWaits(_ clock: Asyncio.LoopClock.Kind) throws {
    try runOnLoop(clock) { loop in
      let queue = Asyncio.Queue<Int>(maxsize: 1)
      let isTaken = Box(false)
      try loop.callLater(.milliseconds(10)) {
        let item = try queue.getNowait()
        #expect(item == 1)
        isTaken.value = true
      }
      try await queue.put(1)
      expectTime(loop, .zero)
      try await queue.put(2)
      #expect(isTaken.value)
      expectTime(loop, .milliseconds(10))
      #expect(try queue.getNowait() == 2)
    }
  }

  @Test("QUEUE-23, QUEUE-25: without waiting, an item is put or QueueFull thrown", arguments: Kind.allCases)
  func putNowait(_ kind: Kind) throws {
    try withLoop { loop in
      let queue = kind.make(maxsize: 1, loop: loop)
      try queue.putNowait(1)
      #expect(throws: Asyncio.QueueFull.self) { try queue.putNowait(2) }
      #expect(queue.qsize == 1)
      #expect(try queue.getNowait() == 1)
    }
  }

  @Test("QUEUE-27: a put in a task of its own is received")
  func putInTask() throws {
    try withLoop { loop in
      let queue = Asyncio.Queue<Int>(loop: loop)
      let puts = try loop.createTask {
        try await queue.put(1)
        return true
      }
      let item = try loop.runUntilComplete { try await queue.get() }
      #expect(item == 1)
      #expect(try puts.result())
    }
  }

  @Test("QUEUE-28: a consumer that waits gets what is put")
  func putForWaitingGetter() throws {
    try withLoop { loop in
      let queue = Asyncio.Queue<String>(loop: loop)
      let getter = try loop.createTask { try await queue.get() }
      try loop.runBriefly()
      #expect(queue.waiterCounts.getters == 1)
      try loop.runUntilComplete { try await queue.put("a") }
      #expect(try loop.runUntilComplete(getter) == "a")
    }
  }

  @Test("QUEUE-29: a consumer that takes what it sees lets all producers finish", .pinsOrder)
  func drainingConsumer() throws {
    try runOnLoop { _ in
      let queue = Asyncio.Queue<Int>(maxsize: 2)
      let consumes = Asyncio.createTask {
        try await Asyncio.sleep(.zero)
        #expect(queue.qsize == 2)
        for _ in 0..<queue.qsize { _ = try queue.getNowait() }
      }
      let producers = (0..<4).map { item in Asyncio.createTask { try await queue.put(item) } }
      _ = try await Asyncio.gather([consumes] + producers).value
      #expect(try (0..<2).map { _ in try queue.getNowait() } == [2, 3])
      #expect(queue.waiterCounts == (0, 0))
    }
  }

  @Test("QUEUE-30: a put that is cancelled leaves nothing behind")
  func cancelledPutter() throws {
    try withLoop { loop in
      let queue = Asyncio.Queue<Int>(maxsize: 1, loop: loop)
      try queue.putNowait(1)
      let putter = try loop.createTask { try await queue.put(2) }
      try loop.runBriefly()
      #expect(queue.waiterCounts.putters == 1)
      putter.cancel()
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(putter) }
      #expect(queue.waiterCounts.putters == 0)
      #expect(queue.qsize == 1)
    }
  }

  @Test("QUEUE-37: the place for a producer that is cancelled goes to the next")
  func cancelledPutterPassesPlaceOn() throws {
    try withLoop { loop in
      let queue = Asyncio.Queue<Int>(maxsize: 1, loop: loop)
      try queue.putNowait(1)
      let first = try loop.createTask { try await queue.put(2) }
      let second = try loop.createTask { try await queue.put(3) }
      try loop.runBriefly()
      #expect(try queue.getNowait() == 1)
      first.cancel()
      try loop.runUntilComplete(second)
      #expect(first.isCancelled)
      #expect(try queue.getNowait() == 3)
      #expect(queue.isEmpty)
    }
  }
}
