import AsyncioBridge
import Testing

extension PrimitiveTests {
  @Suite struct AsCompletedTests {
    @Test("each future comes once, in the order of the ends", arguments: Orders.allCases)
    func order(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<4) { turns in
        var ended: [Int] = []
        let tasks = (0..<3).map { number in
          Asyncio.createTask {
            if number > 0 { try await Asyncio.sleep(.milliseconds(number)) } else { try await pass(turns) }
            ended.append(number)
            return number
          }
        }
        var seen: [Int] = []
        for try await task in Asyncio.asCompleted(tasks) { seen.append(try await task.value) }
        try check(seen == ended, "ended \(ended), and came \(seen)")
        Asyncio.sometimes("in order", seen == [0, 1, 2])
        Asyncio.sometimes("out of order", seen != [0, 1, 2])
      }
    }

    @Test("at the timeout it throws, and each that came before came once, done", arguments: Orders.allCases)
    func timeout(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<6) { turns in
        let tasks = (0..<3).map { number in
          Asyncio.createTask {
            try await Asyncio.sleep(.milliseconds(number))
            try await pass(turns)
            return number
          }
        }
        cancelling(tasks[2], after: 6)
        var seen: Set<Asyncio.Task<Int>> = []
        var isTimedOut = false
        do {
          for try await task in Asyncio.asCompleted(tasks, timeout: .milliseconds(3)) {
            try check(task.isDone, "not done")
            try check(seen.insert(task).inserted, "it has come before")
          }
        } catch is Asyncio.TimeoutError {
          isTimedOut = true
        }
        try check(isTimedOut == (seen.count < 3), "\(seen.count) have come, timed out: \(isTimedOut)")
        for (number, task) in tasks.enumerated() {
          let ending = await task.ending()
          try check(ending == .value || number == 2 && ending == .cancelled, "child \(number): \(ending)")
        }
        for count in 0...3 { Asyncio.sometimes("\(count) have come", seen.count == count) }
      }
    }
  }
}
