import AsyncioBridge
import Testing

extension PrimitiveTests {
  @Suite struct TaskGroupTests {
    @Test("when a group ends all its children have ended, however they and it end", arguments: Orders.allCases)
    func ending(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<6) { turns in
        var children: [Asyncio.Task<Void>] = []
        let parent = Asyncio.createTask {
          defer { Asyncio.check(children.allSatisfy(\.isDone), "a child runs on") }
          try await Asyncio.withTaskGroup { group in
            for number in 1...2 {
              children.append(
                try group.createTask {
                  do { try await Asyncio.sleep(.milliseconds(number)) } catch {
                    try await Asyncio.sleep(.zero)  // it takes its time
                    throw error
                  }
                }
              )
            }
          }
        }
        let isAccepted = try await cancelling(parent, after: turns).value
        let ending = await parent.ending()
        try check(ending == (isAccepted ? .cancelled : .value), "\(ending), accepted: \(isAccepted)")
        Asyncio.sometimes("cancelled before it begins", isAccepted && children.isEmpty)
        Asyncio.sometimes("one child is through", isAccepted && children.count { $0.isCancelled } == 1)
        Asyncio.sometimes("no child is through", isAccepted && children.count { $0.isCancelled } == 2)
      }
    }

    @Test("a child's error ends the others, and is thrown, once, with theirs", arguments: Orders.allCases)
    func errors(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<6) { turns in
        struct Failure: Error, Equatable { let number: Int }
        var failed: [Int] = []
        var children: [Asyncio.Task<Void>] = []
        let parent = Asyncio.createTask {
          defer { Asyncio.check(children.allSatisfy(\.isDone), "a child runs on") }
          try await Asyncio.withTaskGroup { group in
            for number in 0..<3 {
              let child = try group.createTask {
                try await pass([turns, 2, 1][number])
                if number == 2 { return }
                failed.append(number)
                throw Failure(number: number)
              }
              children.append(child)
            }
          }
        }
        do {
          try await parent.value
          throw Violation("the errors are lost")
        } catch let error as Asyncio.ErrorGroup {
          let numbers = error.errors.compactMap { ($0 as? Failure)?.number }
          try check(numbers.count == error.errors.count, "\(error.errors)")
          // At `any` as here: the callbacks of the children are in the order of their ends.
          try check(numbers == failed, "failed: \(failed), told: \(numbers)")
        }
        try check(parent.cancelling == 0, "the group has not taken its request back")
        Asyncio.sometimes("both fail", failed.count == 2)
        Asyncio.sometimes("one fails, and ends all others", failed.count == 1 && children.count { $0.isCancelled } == 2)
        Asyncio.sometimes("the third is through", !children[2].isCancelled)
      }
    }

    @Test("neither a child's error nor a cancellation from outside is lost by the other", arguments: Orders.allCases)
    func errorAndCancellation(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<8) { turns in
        var hasFailed = false
        var isThere = false
        let parent = Asyncio.createTask {
          do {
            try await Asyncio.withTaskGroup { group in
              isThere = true
              try group.createTask {
                try await pass(1)
                hasFailed = true
                throw Violation("a child")
              }
              try await Asyncio.sleep(.milliseconds(1))
            }
          } catch let error as Asyncio.ErrorGroup {
            try check(error.errors.count == 1, "\(error)")
            // A cancellation comes again at the next await.
            try await Asyncio.sleep(.zero)
            throw error
          }
        }
        let isAccepted = try await cancelling(parent, after: turns).value
        let ending = await parent.ending()
        try check(ending == (isAccepted ? .cancelled : .failed), "\(ending), accepted: \(isAccepted)")
        Asyncio.sometimes("both", isAccepted && hasFailed)
        Asyncio.sometimes("cancelled only", isAccepted && isThere && !hasFailed)
        Asyncio.sometimes("failed only", !isAccepted)
      }
    }
  }
}
