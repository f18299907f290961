import AsyncioBridge
import Testing

extension PrimitiveTests {
  @Suite struct ShieldTests {
    @Test("what is shielded is not cancelled with who waits for it", arguments: Orders.allCases)
    func cancellation(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<8) { turns in
        let work = Asyncio.createTask {
          try await Asyncio.sleep(.milliseconds(1))
          return 7
        }
        let waiter = Asyncio.createTask { try await Asyncio.shield(work).value }
        let other = Asyncio.createTask { try await Asyncio.shield(work).value }
        let isAccepted = try await cancelling(waiter, after: turns).value
        let ending = await waiter.ending()
        try check(ending == (isAccepted ? .cancelled : .value), "\(ending), accepted: \(isAccepted)")
        try check(try await other.value == 7, "another's wait")
        try check(try await work.value == 7, "the work")
        Asyncio.sometimes("cancelled in time", isAccepted)
        Asyncio.sometimes("too late to be cancelled", !isAccepted)
      }
    }

    @Test("if what is shielded is cancelled itself, all that wait for it are told", arguments: Orders.allCases)
    func inner(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<6) { turns in
        let work = Asyncio.createTask { try await Asyncio.sleep(.milliseconds(1)) }
        let waiters = (0..<2).map { _ in Asyncio.createTask { try await Asyncio.shield(work).value } }
        let isAccepted = try await cancelling(work, after: turns).value
        for waiter in waiters {
          let ending = await waiter.ending()
          try check(ending == (isAccepted ? .cancelled : .value), "\(ending), accepted: \(isAccepted)")
        }
        Asyncio.sometimes("cancelled", isAccepted)
        Asyncio.sometimes("too late to be cancelled", !isAccepted)
      }
    }
  }
}
