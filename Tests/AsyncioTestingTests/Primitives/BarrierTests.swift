import AsyncioBridge
import Testing

extension PrimitiveTests {
  @Suite struct BarrierTests {
    @Test(
      "in each round each position is given once, and nobody passes before all have come",
      arguments: Orders.allCases
    )
    func rounds(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<4) { turns in
        let barrier = Asyncio.Barrier(2)
        var arrived = [0, 0]
        var positions: [[Int]] = [[], []]
        let tasks = (0..<2).map { number in
          Asyncio.createTask {
            if number == 1 { try await pass(turns) }
            for round in 0..<2 {
              arrived[round] += 1
              positions[round].append(try await barrier.wait())
              try check(arrived[round] == 2, "passed before all had come")
            }
          }
        }
        for task in tasks { try await task.value }
        try check(positions.allSatisfy { $0.sorted() == [0, 1] }, "positions \(positions)")
        Asyncio.sometimes("the second to come is the first to go", positions[0] == [1, 0])
        try check(barrier.waitingCount == 0 && !barrier.isBroken, "left behind: \(barrier)")
      }
    }

    @Test("who is cancelled before all have come is as if it never came", arguments: Orders.allCases)
    func cancellation(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<6) { turns in
        let barrier = Asyncio.Barrier(2)
        var positions: [Int: Int] = [:]
        var isReleased = false
        let tasks = (0..<3).map { number in
          Asyncio.createTask {
            try await pass(number)
            positions[number] = try await barrier.wait()
            isReleased = true
          }
        }
        let canceller = cancelling(tasks[0], after: turns) {
          Asyncio.sometimes("cancelled while it waits for others", barrier.waitingCount == 1 && !isReleased)
        }
        _ = await canceller.ending()
        try await Asyncio.sleep(.seconds(3600))
        // Two of three have met: the others, unless the one that was cancelled was on its way out already. Then the
        // third waits.
        let met = positions.count + (tasks[0].isCancelled && barrier.waitingCount == 1 ? 1 : 0)
        try check(met == 2, "\(positions) have met, and \(barrier)")
        try check(Set(positions.values).isSubset(of: [0, 1]), "positions \(positions)")
        try check(Set(positions.values).count == positions.count, "positions \(positions)")
        Asyncio.sometimes("the others have met", positions.keys.sorted() == [1, 2])
        try await barrier.abort()
        for task in tasks {
          do { try await task.value } catch is CancellationError {} catch is Asyncio.BrokenBarrierError {}
        }
        try await barrier.reset()
        try check(barrier.waitingCount == 0 && !barrier.isBroken, "left behind: \(barrier)")
      }
    }

    @Test("an abort ends all waits, and those after it, until the barrier is reset", arguments: Orders.allCases)
    func abort(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<6) { turns in
        let barrier = Asyncio.Barrier(3)
        let tasks = (0..<2).map { number in
          Asyncio.createTask {
            try await pass(number)
            try await barrier.wait()
          }
        }
        let breaker = Asyncio.createTask {
          try await pass(turns)
          Asyncio.sometimes("one waits", barrier.waitingCount == 1)
          Asyncio.sometimes("both wait", barrier.waitingCount == 2)
          try await barrier.abort()
        }
        cancelling(tasks[0], after: 2)
        try await breaker.value
        for task in tasks {
          do {
            _ = try await task.value
            throw Violation("it has passed")
          } catch is CancellationError {} catch is Asyncio.BrokenBarrierError {}
        }
        try check(barrier.isBroken && barrier.waitingCount == 0, "left behind: \(barrier)")
      }
    }
  }
}
