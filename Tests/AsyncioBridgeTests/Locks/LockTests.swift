import Testing

@testable import AsyncioBridge

@Suite struct LockTests {
  @Test("LOCK-02: it belongs to the running loop")
  func runningLoop() throws {
    try runOnLoop { loop in
      let lock = Asyncio.Lock()
      #expect(lock.loop === loop)
      try await lock.acquire()
      let waits = Asyncio.createTask { try await lock.acquire() }
      try await Asyncio.sleep(.zero)
      try lock.release()
      try await waits.value
      #expect(lock.isLocked)
    }
  }

  @Test("LOCK-02: without a loop there must be a running one")
  func noLoop() async {
    await #expect(processExitsWith: .failure) { _ = Asyncio.Lock() }
  }

  @Test("LOCK-03: the description tells whether it is free, and how many wait")
  func description() throws {
    try withLoop { loop in
      let lock = Asyncio.Lock(loop: loop)
      #expect("\(lock)" == "<Lock [unlocked]>")
      try lock.acquire(on: loop)
      #expect("\(lock)" == "<Lock [locked]>")
      let waiting = try (0..<2).map { _ in try loop.createTask { try await lock.acquire() } }
      try loop.runBriefly()
      #expect("\(lock)" == "<Lock [locked, waiters:2]>")
      for task in waiting { task.cancel() }
      try loop.runBriefly()
    }
  }

  @Test("LOCK-04, LOCK-11: acquiring a free lock takes it at once, and releasing it frees it")
  func acquireAndRelease() throws {
    try runOnLoop { loop in
      let lock = Asyncio.Lock()
      #expect(!lock.isLocked)
      let turn = loop.turnCount
      try await lock.acquire()
      #expect(loop.turnCount == turn)
      #expect(lock.isLocked)
      try lock.release()
      #expect(!lock.isLocked)
    }
  }

  @Test("LOCK-06, LOCK-07: tasks obtain it in the order of their arrival, one for each release", .pinsOrder)
  func order() throws {
    try withLoop { loop in
      let lock = Asyncio.Lock(loop: loop)
      let order = Box<[Int]>([])
      func acquire(_ number: Int) throws -> Asyncio.Task<Bool> {
        try loop.createTask {
          try await lock.acquire()
          order.value.append(number)
          return true
        }
      }
      try lock.acquire(on: loop)
      let first = try acquire(1)
      let second = try acquire(2)
      try loop.runBriefly()
      #expect(order.value == [])

      try lock.release()
      try loop.runBriefly()
      #expect(order.value == [1])
      for _ in 1...3 { try loop.runBriefly() }
      #expect(order.value == [1])

      let third = try acquire(3)
      try lock.release()
      try loop.runBriefly()
      #expect(order.value == [1, 2])
      try lock.release()
      try loop.runBriefly()
      #expect(order.value == [1, 2, 3])
      for task in [first, second, third] { #expect(try task.result()) }
    }
  }

  @Test("LOCK-08: a cancelled wait throws, and leaves nothing behind")
  func cancelled() throws {
    try withLoop { loop in
      let lock = Asyncio.Lock(loop: loop)
      try lock.acquire(on: loop)
      let waits = try loop.createTask { try await lock.acquire() }
      try loop.callSoon { waits.cancel() }
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(waits) }
      #expect(waits.isCancelled)
      #expect(lock.waiterCount == 0)
      #expect(lock.isLocked)
    }
  }

  @Test("LOCK-09, LOCKX-05: it passes over a task that is cancelled in the turn in which it is released")
  func releaseAndCancellation() throws {
    try withLoop { loop in
      let lock = Asyncio.Lock(loop: loop)
      func hold(until blocker: Asyncio.Future<Void>?) throws -> Asyncio.Task<Void> {
        try loop.createTask { try await lock.withLock { try await blocker?.value } }
      }
      let blocker = loop.createFuture(of: Void.self)
      let a = try hold(until: blocker)
      try loop.runBriefly()
      #expect(lock.isLocked)
      let b = try hold(until: nil)
      try loop.runBriefly()
      #expect(lock.waiterCount == 1)
      let c = try hold(until: nil)
      try loop.runBriefly()
      #expect(lock.waiterCount == 2)

      try blocker.setResult()
      b.cancel()
      try loop.runBriefly()
      #expect(!lock.isLocked)
      #expect(a.isDone)
      #expect(b.isCancelled)
      #expect(c.isDone)
      #expect(!c.isCancelled)
    }
  }

  @Test("LOCK-09: one that was woken and is cancelled passes it on, to one other only", .pinsOrder)
  func cancelledAfterRelease() throws {
    try withLoop { loop in
      let lock = Asyncio.Lock(loop: loop)
      try lock.acquire(on: loop)
      let waiting = try (0..<3).map { _ in try loop.createTask { try await lock.acquire() } }
      try loop.runBriefly()
      try lock.release()
      waiting[0].cancel()
      try loop.runBriefly()
      #expect(waiting[0].isCancelled)
      try waiting[1].result()
      try loop.runBriefly()
      #expect(!waiting[2].isDone)
      #expect(lock.isLocked)
      waiting[2].cancel()
      try loop.runBriefly()
    }
  }

  @Test("LOCK-10: a free lock can't be released")
  func releaseOfFreeLock() throws {
    try withLoop { loop in
      let lock = Asyncio.Lock(loop: loop)
      #expect(throws: Asyncio.RuntimeError.self) { try lock.release() }
      #expect(!lock.isLocked)
    }
  }

  @Test("LOCK-17, DIFF-31: an acquire that begins after a release does not overtake who was woken")
  func noOvertaking() throws {
    try withLoop { loop in
      let lock = Asyncio.Lock(loop: loop)
      let order = Box<[String]>([])
      try lock.acquire(on: loop)
      try loop.createTask {
        try await lock.withLock { order.value.append("older") }
      }
      try loop.runBriefly()
      let newcomer = try loop.createTask {
        try lock.release()
        try await lock.acquire()
        order.value.append("newcomer")
      }
      try loop.runUntilComplete(newcomer)
      #expect(order.value == ["older", "newcomer"])
    }
  }

  @Test("LOCK-18: until the task that was woken resumes, the lock is free")
  func freeUntilResumption() throws {
    try withLoop { loop in
      let lock = Asyncio.Lock(loop: loop)
      try lock.acquire(on: loop)
      let waits = try loop.createTask { try await lock.acquire() }
      try loop.runBriefly()
      try lock.release()
      #expect(!lock.isLocked)
      #expect(throws: Asyncio.RuntimeError.self) { try lock.release() }
      try loop.runUntilComplete(waits)
      #expect(lock.isLocked)
    }
  }

  @Test(
    "LOCK-20: if the only task that waits is cancelled with the release, the lock is free",
    arguments: [true, false]
  )
  func cancellationOfTheOnlyWaiter(_ cancelsFirst: Bool) throws {
    try withLoop { loop in
      let lock = Asyncio.Lock(loop: loop)
      try lock.acquire(on: loop)
      let waits = try loop.createTask { try await lock.acquire() }
      try loop.runBriefly()
      if cancelsFirst { waits.cancel() }
      try lock.release()
      if !cancelsFirst { waits.cancel() }
      try loop.runBriefly()
      #expect(waits.isCancelled)
      #expect(!lock.isLocked)
      #expect(lock.waiterCount == 0)
      try loop.runUntilComplete {
        let turn = loop.turnCount
        try await lock.acquire()
        #expect(loop.turnCount == turn)
      }
    }
  }
}

/// `withLock`, which all of them have.
@Suite struct ScopedLockTests {
  enum Kind: CaseIterable {
    case lock, condition, semaphore, boundedSemaphore

    func make() -> any Asyncio.LockProtocol {
      switch self {
      case .lock: Asyncio.Lock()
      case .condition: Asyncio.Condition()
      case .semaphore: Asyncio.Semaphore()
      case .boundedSemaphore: Asyncio.BoundedSemaphore()
      }
    }
  }

  @Test("LOCK-15, LOCKX-04: it is held within the scope, across awaits, and free after it", arguments: Kind.allCases)
  func scope(_ kind: Kind) throws {
    try runOnLoop { _ in
      let lock = kind.make()
      #expect(!lock.isLocked)
      let result = try await lock.withLock {
        #expect(lock.isLocked)
        try await Asyncio.sleep(.milliseconds(10))
        #expect(lock.isLocked)
        return "result"
      }
      #expect(result == "result")
      #expect(!lock.isLocked)
    }
  }

  @Test("LOCK-15: scopes exclude each other, in the order in which tasks arrive", .pinsOrder, arguments: Kind.allCases)
  func exclusion(_ kind: Kind) throws {
    try runOnLoop { loop in
      let lock = kind.make()
      let events = Box<[String]>([])
      let tasks = (1...3).map { number in
        Asyncio.createTask {
          try await lock.withLock {
            events.value.append("in \(number)")
            try await Asyncio.sleep(.milliseconds(10))
            events.value.append("out \(number)")
          }
        }
      }
      _ = try await Asyncio.gather(tasks).value
      #expect(events.value == ["in 1", "out 1", "in 2", "out 2", "in 3", "out 3"])
      expectTime(loop, .milliseconds(30))
    }
  }

  @Test("LOCK-19: the scope frees it when its body throws", arguments: Kind.allCases)
  func throwing(_ kind: Kind) throws {
    try runOnLoop { _ in
      let lock = kind.make()
      let error = ObjectError()
      #expect(await errorThrown { try await lock.withLock { throw error } } as? ObjectError === error)
      #expect(!lock.isLocked)
    }
  }

  @Test("LOCK-19: the scope frees it when its task is cancelled within", .pinsOrder, arguments: Kind.allCases)
  func cancelledWithin(_ kind: Kind) throws {
    try runOnLoop { _ in
      let lock = kind.make()
      let holds = Asyncio.createTask { try await lock.withLock { try await Asyncio.sleep(.seconds(1)) } }
      try await Asyncio.sleep(.zero)
      #expect(lock.isLocked)
      holds.cancel()
      #expect(await errorThrown { try await holds.value } is CancellationError)
      #expect(!lock.isLocked)
    }
  }

  @Test("LOCK-19: a task that is cancelled before the scope begins frees nothing", arguments: Kind.allCases)
  func cancelledBefore(_ kind: Kind) throws {
    try runOnLoop { _ in
      let lock = kind.make()
      try await lock.acquire()
      let began = Box(false)
      let waits = Asyncio.createTask { try await lock.withLock { began.value = true } }
      try await Asyncio.sleep(.zero)
      waits.cancel()
      #expect(await errorThrown { try await waits.value } is CancellationError)
      #expect(!began.value)
      #expect(lock.isLocked)
      try lock.release()
    }
  }

  @Test("LOCK-15: a body that has released it already makes the scope throw")
  func releasedWithin() throws {
    try runOnLoop { _ in
      let lock = Asyncio.Lock()
      #expect(await errorThrown { try await lock.withLock { try lock.release() } } is Asyncio.RuntimeError)
      let bounded = Asyncio.BoundedSemaphore()
      #expect(await errorThrown { try await bounded.withLock { try bounded.release() } } is Asyncio.ValueError)
      #expect(bounded.value == 1)
    }
  }
}
