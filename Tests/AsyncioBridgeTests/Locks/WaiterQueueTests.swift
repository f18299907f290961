import Testing

@testable import AsyncioBridge

@Suite struct WaiterQueueTests {
  private enum State { case pending, woken, cancelled }

  /// How waiters are, in the order of their coming.
  private func states(_ waiters: [WaiterFuture]) -> [State] {
    waiters.map { $0.isCancelled ? .cancelled : $0.isDone ? .woken : .pending }
  }

  private func join(_ count: Int, _ line: inout WaiterQueue, _ loop: EventLoop) -> [WaiterFuture] {
    var waiters: [WaiterFuture] = []
    for _ in 0..<count { waiters.append(line.join(loop, for: loop)) }
    return waiters
  }

  @Test("who joins comes last")
  func join() throws {
    try withLoop { loop in
      var line = WaiterQueue()
      #expect(line.first == nil)
      #expect(line.count == 0)
      let waiters = join(40, &line, loop)
      #expect(line.count == 40)
      for waiter in waiters {
        #expect(line.first === waiter)
        line.leave(waiter)
      }
      #expect(line.count == 0)
    }
  }

  @Test("one that leaves from between the others leaves their order as it is; leaving twice does nothing")
  func leave() throws {
    try withLoop { loop in
      var line = WaiterQueue()
      let waiters = join(4, &line, loop)
      for index in [2, 2, 0, 0] { line.leave(waiters[index]) }
      #expect(line.count == 2)
      #expect(line.first === waiters[1])
      line.leave(waiters[1])
      #expect(line.first === waiters[3])
    }
  }

  @Test("waking the first wakes nobody else, and leaves everybody in the line")
  func wakeFirst() throws {
    try withLoop { loop in
      var line = WaiterQueue()
      line.wakeFirst()
      let waiters = join(2, &line, loop)
      for _ in 0..<2 {
        line.wakeFirst()
        #expect(states(waiters) == [.woken, .pending])
      }
      #expect(line.count == 2)
      #expect(line.pendingCount == 1)

      line.leave(waiters[0])
      waiters[1].cancel()
      let last = line.join(loop, for: loop)
      line.wakeFirst()
      #expect(states([waiters[1], last]) == [.cancelled, .pending])
    }
  }

  @Test("so many are woken, not counting those that are done", arguments: [-1, 0, 1, 2, 3, Int.max])
  func wakeAtMost(_ n: Int) throws {
    try withLoop { loop in
      var line = WaiterQueue()
      let waiters = join(5, &line, loop)
      line.wakeFirst()
      waiters[2].cancel()
      line.wake(atMost: n)
      let woken = min(max(n, 0), 3)
      #expect(states([waiters[1], waiters[3], waiters[4]]).map { $0 == .woken } == (0..<3).map { $0 < woken })
      #expect(states([waiters[0], waiters[2]]) == [.woken, .cancelled])
      #expect(line.count == 5)
    }
  }

  @Test("waking all wakes those that are not done, and leaves everybody in the line")
  func wakeAll() throws {
    try withLoop { loop in
      var line = WaiterQueue()
      line.wakeAll()
      let waiters = join(3, &line, loop)
      waiters[1].cancel()
      line.wakeAll()
      #expect(states(waiters) == [.woken, .cancelled, .woken])
      #expect(line.count == 3)
      #expect(line.pendingCount == 0)
    }
  }

  @Test("whoever is not cancelled has a claim, woken or not")
  func claimants() throws {
    try withLoop { loop in
      var line = WaiterQueue()
      #expect(line.hasClaimants == false)
      let cancelled = line.join(loop, for: loop)
      #expect(line.hasClaimants == true)
      cancelled.cancel()
      #expect(line.hasClaimants == false)
      line.leave(cancelled)
      let woken = line.join(loop, for: loop)
      line.wakeFirst()
      #expect(line.hasClaimants == true)
      line.leave(woken)
      #expect(line.hasClaimants == false)
    }
  }

  @Test("who is admitted leaves the line, and so do those before it that are cancelled")
  func admitNext() throws {
    try withLoop { loop in
      var line = WaiterQueue()
      line.admitNext()
      let waiters = join(4, &line, loop)
      waiters[0].cancel()
      waiters[3].cancel()
      line.admitNext()
      #expect(states(waiters) == [.cancelled, .woken, .pending, .cancelled])
      #expect(line.first === waiters[2])
      line.admitNext()
      #expect(line.count == 1)
      line.admitNext()
      #expect(states(waiters) == [.cancelled, .woken, .woken, .cancelled])
      #expect(line.count == 0)
    }
  }

  @Test("admitting all leaves nobody in the line")
  func admitAll() throws {
    try withLoop { loop in
      var line = WaiterQueue()
      let waiters = join(4, &line, loop)
      waiters[3].cancel()
      line.admitAll()
      #expect(states(waiters) == [.woken, .woken, .woken, .cancelled])
      #expect(line.count == 0)
    }
  }

  @Test("who gives up leaves nothing, and tells whether it had been woken")
  func giveUp() throws {
    try withLoop { loop in
      var line = WaiterQueue()
      let waiters = join(3, &line, loop)
      line.admitNext()
      waiters[1].cancel()
      var wasWoken: [Bool] = []
      for waiter in waiters { wasWoken.append(line.giveUp(waiter)) }
      #expect(wasWoken == [true, false, false])
      #expect(states(waiters) == [.woken, .cancelled, .cancelled])
      #expect(line.count == 0)
    }
  }
}
