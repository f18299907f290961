import AsyncioBridge
import Testing

extension PrimitiveTests {
  @Suite struct WaitTests {
    @Test(
      "each future is done or pending, as it says itself; and there is what was waited for",
      arguments: Orders.allCases
    )
    func sets(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<4) { turns in
        let tasks = (0..<3).map { number in
          Asyncio.createTask {
            try await Asyncio.sleep(.milliseconds(number + 1))
            try await pass(turns)
            if number == 1 { throw Violation("a child") }
          }
        }
        for returnWhen in [Asyncio.ReturnWhen.firstCompleted, .firstException, .allCompleted] {
          let (done, pending) = try await Asyncio.wait(tasks, returnWhen: returnWhen)
          try check(done.union(pending) == Set(tasks) && done.isDisjoint(with: pending), "not each once")
          try check(done.allSatisfy(\.isDone) && !pending.contains(where: \.isDone), "in the wrong set")
          switch returnWhen {
          case .firstCompleted: try check(!done.isEmpty, "none is done")
          case .firstException: try check(done.contains(tasks[1]) || pending.isEmpty, "none has failed")
          case .allCompleted: try check(pending.isEmpty, "not all are done")
          }
          if returnWhen == .firstCompleted {
            Asyncio.sometimes("one is done", done.count == 1)
            Asyncio.sometimes("two are done", done.count == 2)
          }
        }
        // The error may not have been looked at: a wait that is over does not look.
        _ = await tasks[1].ending()
      }
    }

    @Test("at a timeout, or a cancellation, no future is cancelled", arguments: Orders.allCases)
    func timeout(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<8) { turns in
        let tasks = [3, 4].map { number in Asyncio.createTask { try await pass(number) } }
        var doneCount: Int?
        let waiter = Asyncio.createTask {
          doneCount = try await Asyncio.wait(tasks, timeout: .milliseconds(1)).done.count
        }
        let isAccepted = try await cancelling(waiter, after: turns).value
        let ending = await waiter.ending()
        try check(ending == (isAccepted ? .cancelled : .value), "\(ending), accepted: \(isAccepted)")
        for task in tasks { try check(await task.ending() == .value, "cancelled with its waiter") }
        Asyncio.sometimes("cancelled", isAccepted)
        for count in 0...2 { Asyncio.sometimes("\(count) are done", doneCount == count) }
      }
    }
  }
}
