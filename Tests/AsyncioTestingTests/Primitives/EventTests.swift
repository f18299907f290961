import AsyncioBridge
import Testing

extension PrimitiveTests {
  @Suite struct EventTests {
    @Test("who waits when the event is set is woken, though it is cleared at once", arguments: Orders.allCases)
    func waking(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<6) { turns in
        let event = Asyncio.Event()
        var waiting: Set<Int> = []
        var woken: Set<Int> = []
        let waiters = (0..<3).map { number in
          Asyncio.createTask {
            if number == 2 { try await pass(2) }
            waiting.insert(number)
            try await event.wait()
            woken.insert(number)
          }
        }
        let setter = Asyncio.createTask {
          try await pass(turns)
          let inTime = waiting
          event.set()
          event.clear()
          return inTime
        }
        let canceller = cancelling(waiters[0], after: 4)
        let inTime = try await setter.value
        _ = await canceller.ending()
        // By then all else has come to rest: it is longer than the lateness.
        try await Asyncio.sleep(.seconds(3600))
        let isCancelled = waiters[0].isCancelled
        try check(inTime.subtracting(isCancelled ? [0] : []).isSubset(of: woken), "woken \(woken) of \(inTime)")
        try check(woken.isSubset(of: inTime), "woken \(woken), but in time came \(inTime)")
        try check(event.waiterCount == 3 - woken.union(isCancelled ? [0] : []).count, "left behind: \(event)")
        Asyncio.sometimes("one comes too late", !isCancelled && inTime.count < 3)
        Asyncio.sometimes("cancelled, having been in time", isCancelled && inTime.contains(0))
        Asyncio.sometimes("all are in time", !isCancelled && inTime.count == 3)
        event.set()
        for waiter in waiters { _ = await waiter.ending() }
        try check(event.waiterCount == 0, "left behind: \(event)")
      }
    }
  }
}
