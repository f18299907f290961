import AsyncioBridge
import Testing

extension PrimitiveTests {
  @Suite struct TimeoutTests {
    @Test("a timeout ends with the value or with TimeoutError", arguments: Orders.allCases)
    func expiry(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<6) { turns in
        var isThrough = false
        let task = Asyncio.createTask {
          try await Asyncio.timeout(.milliseconds(2)) {
            try await Asyncio.sleep(.milliseconds(1))
            try await pass(turns)
            isThrough = true
          }
        }
        let ending = await task.ending()
        try check(ending == (isThrough ? .value : .timedOut), "\(ending), the body is through: \(isThrough)")
        try check(task.cancelling == 0, "the timeout has not taken its request back")
        Asyncio.sometimes("in time", isThrough)
        Asyncio.sometimes("too late", !isThrough)
      }
    }

    @Test("a cancellation from outside is not taken for the timeout, and not lost", arguments: Orders.allCases)
    func cancellation(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<6) { turns in
        var isExpired = false
        let task = Asyncio.createTask {
          try await Asyncio.timeout(.milliseconds(1)) { timeout in
            defer { isExpired = timeout.isExpired }
            try await Asyncio.sleep(.milliseconds(2))
          }
          try await Asyncio.sleep(.zero)
        }
        let isAccepted = try await cancelling(task, after: turns).value
        let ending = await task.ending()
        // Told of both, the body has ended by the other's request.
        try check(isAccepted ? ending == .cancelled : ending != .cancelled, "\(ending), accepted: \(isAccepted)")
        Asyncio.sometimes("cancelled, and the time was up", isAccepted && isExpired)
        Asyncio.sometimes("cancelled in time", isAccepted && !isExpired)
        Asyncio.sometimes("too late to be cancelled", !isAccepted && ending == .timedOut)
      }
    }

    @Test("of two timeouts, one in the other, the inner is caught by the inner", arguments: Orders.allCases)
    func nesting(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<4) { turns in
        let (limit, time) = [(1, 2), (3, 3), (3, 1), (2, 2)][turns]
        var inner: Ending?
        var isOuterExpired = false
        let task = Asyncio.createTask {
          try await Asyncio.timeout(.milliseconds(limit)) { outer in
            defer { isOuterExpired = outer.isExpired }
            do {
              try await Asyncio.timeout(.milliseconds(2)) { try await Asyncio.sleep(.milliseconds(time)) }
              inner = .value
            } catch {
              inner = Ending(Result<Void, any Error>.failure(error))
              throw error
            }
            try await pass(2)
          }
        }
        let ending = await task.ending()
        try check(ending == .value || ending == .timedOut, "\(ending)")
        try check(inner != .timedOut || ending == .timedOut, "the inner's error is lost")
        try check(inner != .cancelled || isOuterExpired, "a cancellation, and from whom?")
        try check(task.cancelling == 0, "a request is left")
        Asyncio.sometimes("the inner first", inner == .timedOut)
        Asyncio.sometimes("the outer first", inner == .cancelled)
        Asyncio.sometimes("the outer alone", inner == .value && ending == .timedOut)
        Asyncio.sometimes("neither", ending == .value)
      }
    }

    @Test("a timeout that is put off in time does not expire before", arguments: Orders.allCases)
    func rescheduling(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<6) { turns in
        var isPutOff = false
        let task = Asyncio.createTask {
          let loop = Asyncio.EventLoop.running()!
          try await Asyncio.timeoutAt(loop.time.advanced(by: .milliseconds(1))) { timeout in
            try await pass(turns)
            if !timeout.isExpired {
              try timeout.reschedule(nil)
              isPutOff = true
            }
            try await Asyncio.sleep(.seconds(10))
          }
        }
        let ending = await task.ending()
        try check(ending == (isPutOff ? .value : .timedOut), "\(ending), put off: \(isPutOff)")
        Asyncio.sometimes("put off", isPutOff)
        Asyncio.sometimes("too late", !isPutOff)
      }
    }
  }
}
