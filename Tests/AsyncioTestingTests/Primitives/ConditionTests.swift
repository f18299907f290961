import AsyncioBridge
import Testing

@testable import AsyncioTesting

extension PrimitiveTests {
  @Suite struct ConditionTests {
    @Test("each notification wakes a consumer, and each item is taken once", arguments: Orders.allCases)
    func notify(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<3) { turns in
        let condition = Asyncio.Condition()
        var items: [Int] = []
        var taken: [Int] = []
        let consumers = (0..<2).map { number in
          Asyncio.createTask {
            try await pass(turns * number)
            try await condition.withLock {
              Asyncio.sometimes("a consumer has to wait", items.isEmpty)
              Asyncio.sometimes("a consumer need not wait", !items.isEmpty)
              try await condition.waitFor { !items.isEmpty }
              try check(condition.isLocked, "without the lock")
              taken.append(items.removeFirst())
            }
          }
        }
        let producer = Asyncio.createTask {
          for item in 0..<2 {
            try await condition.withLock {
              items.append(item)
              try condition.notify()
            }
            try await Asyncio.sleep(.zero)
          }
        }
        for task in consumers + [producer] { try await task.value }
        try check(taken == [0, 1] && items.isEmpty, "taken: \(taken)")
        try check(!condition.isLocked && condition.waiterCount == 0, "left behind: \(condition)")
      }
    }

    @Test("who is cancelled has the lock again when it leaves, and leaves nothing behind", arguments: Orders.allCases)
    func cancellation(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<6) { turns in
        let condition = Asyncio.Condition()
        var isOpen = false
        var inside = 0
        var isWaiting = false
        let waiters = (0..<2).map { number in
          Asyncio.createTask {
            try await condition.withLock {
              inside += 1
              // Who leaves, by an error too, has the lock again, or the release would throw.
              defer { inside -= 1 }
              while !isOpen {
                inside -= 1
                if number == 0 { isWaiting = true }
                defer {
                  inside += 1
                  if number == 0 { isWaiting = false }
                  Asyncio.check(inside == 1, "two hold the lock")
                }
                try await condition.wait()
              }
              try await Asyncio.sleep(.zero)
            }
          }
        }
        let opener = Asyncio.createTask {
          try await Asyncio.sleep(.milliseconds(1))
          try await condition.withLock {
            isOpen = true
            try condition.notifyAll()
            try await Asyncio.sleep(.zero)
          }
        }
        let canceller = cancelling(waiters[0], after: turns) {
          Asyncio.sometimes("cancelled while it waits", isWaiting && !isOpen)
          Asyncio.sometimes("cancelled while it waits for the lock", isWaiting && isOpen && condition.isLocked)
        }
        let ending = await waiters[0].ending()
        try check(ending == .value || ending == .cancelled, "it has \(ending)")
        try await waiters[1].value
        try await opener.value
        _ = await canceller.ending()
        try check(!condition.isLocked && condition.waiterCount == 0, "left behind: \(condition)")
      }
    }

    /// As in CPython 3.8: a waiter that is cancelled after it has been notified, and before it has the lock again, does
    /// not pass the notification on. (Since 3.13 it does, and so does a loop that follows 3.13.)
    @Test("a notification may be lost with a waiter that is cancelled")
    func lostNotification() async throws {
      let exploration = Asyncio.Exploration(time: nil, level: .timing, lateness: .seconds(1))
      let failure = await #expect(throws: Asyncio.ScheduleFailure.self) {
        try await Asyncio.explore(exploration) {
          let condition = Asyncio.Condition()
          var items = 0
          let consumers = (0..<2).map { _ in
            Asyncio.createTask {
              try await condition.withLock {
                try await condition.waitFor { items > 0 }
                items -= 1
              }
            }
          }
          cancelling(consumers[0], after: 3)
          try await Asyncio.sleep(.milliseconds(1))
          try await condition.withLock {
            items += 1
            try condition.notify()
          }
          _ = await consumers[0].ending()
          if consumers[0].isCancelled { try await consumers[1].value }
        }
      }
      #expect(failure?.failure.hasPrefix("deadlock") == true)
    }
  }
}
