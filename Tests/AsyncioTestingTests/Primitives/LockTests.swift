import AsyncioBridge
import Testing

extension PrimitiveTests {
  @Suite struct LockTests {
    @Test(
      "one holds the lock at a time, in the order of asking, and all get it, though one of them is cancelled",
      arguments: Orders.allCases
    )
    func exclusion(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<6) { turns in
        let lock = Asyncio.Lock()
        var inside = 0
        var asked: [Int] = []
        var got: [Int] = []
        var isWaiting = false
        let users = (0..<3).map { number in
          Asyncio.createTask {
            for _ in 0..<2 {
              asked.append(number)
              if number == 1 { isWaiting = true }
              try await lock.withLock {
                if number == 1 { isWaiting = false }
                got.append(number)
                inside += 1
                defer { inside -= 1 }
                try check(inside == 1, "two hold the lock")
                try await Asyncio.sleep(.zero)
              }
            }
          }
        }
        let canceller = cancelling(users[1], after: turns) {
          Asyncio.sometimes("cancelled while it waits", isWaiting)
          Asyncio.sometimes("cancelled while it holds the lock", !isWaiting && inside == 1 && got.last == 1)
        }
        for (number, user) in users.enumerated() {
          let ending = await user.ending()
          try check(ending == .value || number == 1 && ending == .cancelled, "user \(number): \(ending)")
        }
        _ = await canceller.ending()
        // Who was cancelled has asked, and not got it.
        if got.count < asked.count, users[1].isCancelled, got.filter({ $0 == 1 }) != asked.filter({ $0 == 1 }) {
          asked.remove(at: asked.lastIndex(of: 1)!)
        }
        try check(got == asked, "asked \(asked), got \(got)")
        try check(!lock.isLocked && lock.waiterCount == 0, "left behind: \(lock)")
      }
    }

    @Test("a lock that is handed on is not lost with a waiter that is cancelled", arguments: Orders.allCases)
    func handover(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<8) { turns in
        let lock = Asyncio.Lock()
        try await lock.acquire()
        let waiters = (0..<3).map { _ in Asyncio.createTask { try await lock.withLock {} } }
        let holder = Asyncio.createTask {
          try await Asyncio.sleep(.milliseconds(1))
          try lock.release()
        }
        cancelling(waiters[0], after: turns) { Asyncio.sometimes("cancelled when it is its turn", !lock.isLocked) }
        cancelling(waiters[1], after: 6)
        try await holder.value
        let endings = (await waiters[0].ending(), await waiters[1].ending())
        Asyncio.sometimes("both are cancelled", endings == (.cancelled, .cancelled))
        Asyncio.sometimes("neither is cancelled", endings == (.value, .value))
        try await waiters[2].value
        try check(!lock.isLocked && lock.waiterCount == 0, "left behind: \(lock)")
      }
    }
  }
}
