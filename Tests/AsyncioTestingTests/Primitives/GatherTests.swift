import AsyncioBridge
import Testing

extension PrimitiveTests {
  @Suite struct GatherTests {
    @Test("the results have the order of the arguments, whoever ends first", arguments: Orders.allCases)
    func results(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<6) { turns in
        var ended: [Int] = []
        let tasks = (0..<3).map { number in
          Asyncio.createTask {
            if number == 0 { try await pass(turns) } else { try await Asyncio.sleep(.milliseconds(number)) }
            ended.append(number)
            return number
          }
        }
        let values = try await Asyncio.gather(tasks).value
        try check(values == [0, 1, 2], "\(values)")
        Asyncio.sometimes("in order", ended == [0, 1, 2])
        Asyncio.sometimes("out of order", ended != [0, 1, 2])
      }
    }

    @Test("a cancelled gathering cancels all children, and tells either all values or that", arguments: Orders.allCases)
    func cancellation(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<8) { turns in
        let tasks = (0..<3).map { number in
          Asyncio.createTask {
            if number < 2 { try await pass(number + 1) } else { try await Asyncio.sleep(.milliseconds(1)) }
            return number
          }
        }
        var hasBegun = false
        let waiter = Asyncio.createTask {
          hasBegun = true
          return try await Asyncio.gather(tasks).value
        }
        let isAccepted = try await cancelling(waiter, after: turns).value
        let ending = await waiter.ending()
        try check(!hasBegun || tasks.allSatisfy(\.isDone), "a child runs on")
        for task in tasks { _ = await task.ending() }
        let cancelled = tasks.count { $0.isCancelled }
        try check(hasBegun || cancelled == 0, "cancelled before they were gathered")
        try check(ending == .cancelled ? isAccepted : ending == .value && cancelled == 0, "\(ending), \(cancelled)")
        Asyncio.sometimes("cancelled before it begins", !hasBegun)
        Asyncio.sometimes("some are through", cancelled > 0 && cancelled < 3)
        Asyncio.sometimes("none is through", cancelled == 3)
        Asyncio.sometimes("all are through", ending == .value)
      }
    }

    @Test("the first error is told, and the other children go on", arguments: Orders.allCases)
    func errors(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<6) { turns in
        struct Failure: Error { let number: Int }
        var failed: [Int] = []
        let tasks = (0..<3).map { number in
          Asyncio.createTask {
            try await pass(number == 0 ? turns : 2)
            if number == 2 { return }
            failed.append(number)
            throw Failure(number: number)
          }
        }
        do {
          _ = try await Asyncio.gather(tasks).value
          throw Violation("the error is lost")
        } catch let error as Failure {
          try check(error.number == failed[0], "failed: \(failed), told: \(error.number)")
        }
        Asyncio.sometimes("the second is the first to fail", failed[0] == 1)
        Asyncio.sometimes("it is told before all have ended", !tasks[2].isDone)
        for (number, task) in tasks.enumerated() {
          try check(await task.ending() == (number == 2 ? .value : .failed), "child \(number)")
        }
      }
    }

    @Test("errors that are asked for are results like others, each in its place", arguments: Orders.allCases)
    func returnedErrors(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<6) { turns in
        let tasks = (0..<3).map { number in
          Asyncio.createTask {
            try await pass(number + 1)
            if number == 1 { throw Violation("a child") }
            return number
          }
        }
        let canceller = cancelling(tasks[2], after: turns)
        let endings = try await Asyncio.gather(returningErrors: tasks).value.map { Ending($0) }
        _ = await canceller.ending()
        let third: Ending = tasks[2].isCancelled ? .cancelled : .value
        try check(endings == [.value, .failed, third], "\(endings)")
        Asyncio.sometimes("cancelled", third == .cancelled)
        Asyncio.sometimes("not cancelled", third == .value)
      }
    }
  }
}
