import Testing

@testable import AsyncioBridge

@Suite struct QueueTests {
  enum Kind: CaseIterable {
    case fifo, lifo, priority

    func make(maxsize: Int = 0, loop: EventLoop) -> Asyncio.Queue<Int> {
      switch self {
      case .fifo: Asyncio.Queue(maxsize: maxsize, loop: loop)
      case .lifo: Asyncio.LifoQueue(maxsize: maxsize, loop: loop)
      case .priority: Asyncio.PriorityQueue(maxsize: maxsize, loop: loop)
      }
    }

    var name: String {
      switch self {
      case .fifo: "Queue"
      case .lifo: "LifoQueue"
      case .priority: "PriorityQueue"
      }
    }
  }

  // MARK: Creation and descriptions

  @Test("QUEUE-02: it belongs to the running loop")
  func runningLoop() throws {
    try runOnLoop { loop in
      let queue = Asyncio.Queue<Int>()
      #expect(queue.loop === loop)
      let getter = Asyncio.createTask { try await queue.get() }
      try await Asyncio.sleep(.zero)
      try queue.putNowait(1)
      #expect(try await getter.value == 1)
    }
  }

  @Test("QUEUE-02: without a loop there must be a running one")
  func noLoop() async {
    await #expect(processExitsWith: .failure) { _ = Asyncio.Queue<Int>() }
  }

  @Test("QUEUE-03, QUEUE-04: the identity is in the debug description only", arguments: Kind.allCases)
  func identity(_ kind: Kind) throws {
    try withLoop { loop in
      let queue = kind.make(loop: loop)
      let identity = ObjectIdentifier(queue).hexDescription
      #expect(queue.debugDescription == "<\(kind.name) at \(identity) maxsize=0>")
      #expect("\(queue)" == "<\(kind.name) maxsize=0>")
    }
  }

  @Test("QUEUE-05: the description tells how many wait", arguments: Kind.allCases)
  func waitersInDescription(_ kind: Kind) throws {
    try withLoop { loop in
      let queue = kind.make(maxsize: 1, loop: loop)
      let getter = try loop.createTask { try await queue.get() }
      try loop.runBriefly()
      #expect("\(queue)" == "<\(kind.name) maxsize=1 _getters[1]>")
      getter.cancel()
      try loop.runBriefly()
      try queue.putNowait(1)
      let putter = try loop.createTask { try await queue.put(2) }
      try loop.runBriefly()
      #expect("\(queue)" == "<\(kind.name) maxsize=1 _queue=[1] _putters[1] tasks=1>")
      #expect(queue.debugDescription.contains("_putters[1]"))
      putter.cancel()
      try loop.runBriefly()
    }
  }

  @Test("QUEUE-06: the description shows the items", arguments: Kind.allCases)
  func itemsInDescription(_ kind: Kind) throws {
    try withLoop { loop in
      let queue = kind.make(loop: loop)
      try queue.putNowait(1)
      #expect("\(queue)".contains("_queue=[1]"))
    }
  }

  @Test("QUEUE-36: the description tells how many items are not done", arguments: Kind.allCases)
  func unfinishedInDescription(_ kind: Kind) throws {
    try withLoop { loop in
      let queue = kind.make(loop: loop)
      #expect("\(queue)" == "<\(kind.name) maxsize=0>")
      for item in 1...2 {
        try queue.putNowait(item)
        _ = try queue.getNowait()
      }
      #expect("\(queue)" == "<\(kind.name) maxsize=0 tasks=2>")
    }
  }

  // MARK: Size

  @Test("QUEUE-07: it is empty until an item is put, and when that is taken", arguments: Kind.allCases)
  func isEmpty(_ kind: Kind) throws {
    try withLoop { loop in
      let queue = kind.make(loop: loop)
      #expect(queue.isEmpty)
      #expect(queue.qsize == 0)
      try queue.putNowait(1)
      #expect(!queue.isEmpty)
      #expect(queue.qsize == 1)
      #expect(try queue.getNowait() == 1)
      #expect(queue.isEmpty)
    }
  }

  @Test("QUEUE-08, QUEUE-39: without a limit, or one of zero or less, it is never full", arguments: [0, -1])
  func unbounded(_ maxsize: Int) throws {
    try runOnLoop { loop in
      let queue = Asyncio.Queue<Int>(maxsize: maxsize)
      #expect(!queue.isFull)
      let turn = loop.turnCount
      for item in 0..<100 { try await queue.put(item) }
      #expect(loop.turnCount == turn)
      #expect(!queue.isFull)
      #expect(queue.qsize == 100)
      #expect(queue.maxsize == maxsize)
    }
  }

  @Test("QUEUE-08: it is full when it holds as many as it may", arguments: Kind.allCases)
  func isFull(_ kind: Kind) throws {
    try withLoop { loop in
      let queue = kind.make(maxsize: 1, loop: loop)
      #expect(!queue.isFull)
      try queue.putNowait(1)
      #expect(queue.isFull)
      _ = try queue.getNowait()
      #expect(!queue.isFull)
    }
  }

  @Test("QUEUE-10, QUEUE-11: a full queue makes the producer wait until an item is taken")
  func maxsize() throws {
    try withLoop { loop in
      let queue = Asyncio.Queue<Int>(maxsize: 2, loop: loop)
      #expect(queue.maxsize == 2)
      let put = Box<[Int]>([])
      let producer = try loop.createTask {
        for item in 0..<3 {
          try await queue.put(item)
          put.value.append(item)
        }
        return true
      }
      try loop.runBriefly()
      #expect(put.value == [0, 1])
      #expect(!producer.isDone)

      #expect(try queue.getNowait() == 0)
      #expect(put.value == [0, 1])
      try loop.runBriefly()
      #expect(put.value == [0, 1, 2])
      #expect(try producer.result())
      #expect(try queue.getNowait() == 1)
      #expect(try queue.getNowait() == 2)
    }
  }

  // MARK: Order

  @Test("QUEUE-09, QUEUE-31, QUEUE-32: items come in the order of the queue's kind", arguments: Kind.allCases)
  func order(_ kind: Kind) throws {
    try withLoop { loop in
      let queue = kind.make(loop: loop)
      for item in [1, 3, 2] { try queue.putNowait(item) }
      let items = try (0..<3).map { _ in try queue.getNowait() }
      switch kind {
      case .fifo: #expect(items == [1, 3, 2])
      case .lifo: #expect(items == [2, 3, 1])
      case .priority: #expect(items == [1, 2, 3])
      }
    }
  }

  @Test("QUEUE-32: many items come by priority, equal ones in the order in which heapq has them")
  func equalPriorities() throws {
    struct Item: Comparable, CustomStringConvertible {
      let priority: Int
      let name: Character
      var description: String { "\(priority)\(name)" }
      static func < (a: Self, b: Self) -> Bool { a.priority < b.priority }
    }
    try withLoop { loop in
      let queue = Asyncio.PriorityQueue<Item>(loop: loop)
      for (priority, name) in zip([2, 1, 2, 1, 3, 1, 2, 3, 1, 2], "abcdefghij") {
        try queue.putNowait(Item(priority: priority, name: name))
      }
      #expect("\(queue)".contains("_queue=[1b, 1d, 1f, 1i, 2j, 2c, 2g, 3h, 2a, 3e]"))
      #expect(try queue.getNowait().name == "b")
      #expect("\(queue)".contains("_queue=[1f, 1d, 2g, 1i, 2j, 2c, 3e, 3h, 2a]"))
      let names = try (0..<9).map { _ in try queue.getNowait().name }
      #expect(String(names) == "fdigcjahe")
    }
  }

  // MARK: Joining

  @Test("QUEUE-33: an item can't be done that was never put", arguments: Kind.allCases)
  func taskDoneUnderflow(_ kind: Kind) throws {
    try withLoop { loop in
      let queue = kind.make(loop: loop)
      #expect(throws: Asyncio.ValueError.self) { try queue.taskDone() }
      try queue.putNowait(1)
      try queue.taskDone()
      #expect(throws: Asyncio.ValueError.self) { try queue.taskDone() }
    }
  }

  @Test("QUEUE-34: joining waits until every item is done", arguments: Kind.allCases)
  func join(_ kind: Kind) throws {
    try runOnLoop { loop in
      let queue = kind.make(loop: loop)
      for item in 0..<100 { try queue.putNowait(item) }
      let sum = Box(0)
      let doneCount = Box(0)
      let workers = (0..<2).map { _ in
        Asyncio.createTask {
          while true {
            sum.value += try await queue.get()
            try await Asyncio.sleep(.milliseconds(1))
            doneCount.value += 1
            try queue.taskDone()
          }
        }
      }
      try await queue.join()
      #expect(sum.value == 4950)
      #expect(doneCount.value == 100)
      expectTime(loop, .milliseconds(50))
      for worker in workers { worker.cancel() }
    }
  }

  @Test("QUEUE-35: joining a fresh queue returns at once, as often as one likes", arguments: Kind.allCases)
  func joinEmpty(_ kind: Kind) throws {
    try runOnLoop { loop in
      let queue = kind.make(loop: loop)
      let turn = loop.turnCount
      try await queue.join()
      try await queue.join()
      #expect(loop.turnCount == turn)
    }
  }

  @Test("QUEUE-38: an item is not done when it is taken, but when that is said", arguments: Kind.allCases)
  func unfinished(_ kind: Kind) throws {
    try withLoop { loop in
      let queue = kind.make(maxsize: 1, loop: loop)
      try queue.putNowait(1)
      #expect(throws: Asyncio.QueueFull.self) { try queue.putNowait(2) }
      let joins = try loop.createTask { try await queue.join() }
      #expect(try queue.getNowait() == 1)
      try queue.putNowait(2)
      #expect(try queue.getNowait() == 2)
      try queue.taskDone()
      try loop.runBriefly()
      #expect(!joins.isDone)
      try queue.taskDone()
      try loop.runUntilComplete(joins)
    }
  }

  @Test("QUEUE-40: the last item that is done releases all who join", arguments: Kind.allCases)
  func severalJoins(_ kind: Kind) throws {
    try withLoop { loop in
      let queue = kind.make(loop: loop)
      for item in 0..<2 { try queue.putNowait(item) }
      let joins = try (0..<3).map { _ in try loop.createTask { try await queue.join() } }
      try loop.runBriefly()
      try queue.taskDone()
      try loop.runBriefly()
      #expect(!joins.contains { $0.isDone })
      try queue.taskDone()
      try loop.runBriefly()
      #expect(!joins.contains { !$0.isDone })
    }
  }
}
