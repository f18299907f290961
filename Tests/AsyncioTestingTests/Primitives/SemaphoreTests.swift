import AsyncioBridge
import Testing

extension PrimitiveTests {
  @Suite struct SemaphoreTests {
    @Test("no more hold a unit than there are, and none is lost, whoever is cancelled", arguments: Orders.allCases)
    func units(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<6) { turns in try await useUnits(of: Asyncio.Semaphore(2), turns) }
    }

    @Test("a bounded semaphore has as many units in the end, and takes no more back", arguments: Orders.allCases)
    func bounded(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<6) { turns in
        let semaphore = Asyncio.BoundedSemaphore(2)
        try await useUnits(of: semaphore, turns)
        do {
          try semaphore.release()
          throw Violation("it has taken back a unit too many")
        } catch is Asyncio.ValueError {}
      }
    }

    @Test("a unit that is given is not lost with a waiter that is cancelled", arguments: Orders.allCases)
    func handover(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<6) { turns in
        let semaphore = Asyncio.Semaphore(0)
        let waiters = (0..<3).map { _ in Asyncio.createTask { try await semaphore.acquire() } }
        let giver = Asyncio.createTask {
          try await Asyncio.sleep(.milliseconds(1))
          try semaphore.release()
          try semaphore.release()
        }
        cancelling(waiters[0], after: turns) {
          Asyncio.sometimes("cancelled after a unit was given", giver.isDone && !waiters[0].isDone)
        }
        try await giver.value
        try await Asyncio.sleep(.seconds(3600))
        // Of two units each is somebody's, or there, and then nobody waits.
        let got = waiters.count { $0.isDone && !$0.isCancelled }
        try check(got + semaphore.value == 2, "\(got) have got one, and \(semaphore)")
        try check(semaphore.value == 0 || semaphore.waiterCount == 0, "waits in vain: \(semaphore)")
        Asyncio.sometimes("both others have got one", waiters[0].isCancelled)
        try check(!waiters[0].isCancelled || got == 2, "the cancelled one has it")
        try semaphore.release()
        for waiter in waiters { _ = await waiter.ending() }
      }
    }
  }
}

private nonisolated(nonsending) func useUnits(of semaphore: Asyncio.Semaphore, _ turns: Int) async throws {
  var inside = 0
  let users = (0..<4).map { number in
    Asyncio.createTask {
      try await semaphore.withLock {
        inside += 1
        defer { inside -= 1 }
        try check(inside <= 2, "three have a unit")
        Asyncio.sometimes("two have a unit", inside == 2)
        try await Asyncio.sleep(.zero)
      }
    }
  }
  cancelling(users[0], after: turns)
  cancelling(users[2], after: 1) { Asyncio.sometimes("cancelled while units are taken", semaphore.isLocked) }
  for (number, user) in users.enumerated() {
    let ending = await user.ending()
    try check(ending == .value || number % 2 == 0 && ending == .cancelled, "user \(number): \(ending)")
  }
  try check(semaphore.value == 2 && semaphore.waiterCount == 0, "left behind: \(semaphore)")
}
