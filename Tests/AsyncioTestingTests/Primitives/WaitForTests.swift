import AsyncioBridge
import Testing

@testable import AsyncioTesting

extension PrimitiveTests {
  @Suite struct WaitForTests {
    @Test("a wait ends with the value or with TimeoutError, and then nothing runs any more", arguments: Orders.allCases)
    func expiry(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<6) { turns in
        let work = Asyncio.createTask {
          do {
            try await Asyncio.sleep(.milliseconds(1))
            try await pass(turns)
          } catch {
            try await Asyncio.sleep(.zero)  // it takes its time
            throw error
          }
        }
        let waiter = Asyncio.createTask {
          defer { Asyncio.check(work.isDone, "it runs on") }
          try await Asyncio.waitFor(work, timeout: .milliseconds(2))
        }
        let ending = await waiter.ending()
        let own = await work.ending()
        // The value of work that was cancelled in vain is not told; here there is none. As in CPython from 3.12 on, nor
        // is one that comes in the turn in which the time is up.
        let isLost = orders == .laterAsyncios && (ending, own) == (.timedOut, .value)
        try check(
          (ending, own) == (.value, .value) || (ending, own) == (.timedOut, .cancelled) || isLost,
          "\(ending), \(own)"
        )
        Asyncio.sometimes("in time", ending == .value)
        Asyncio.sometimes("too late", ending == .timedOut)
      }
    }

    @Test("a body that is waited for has ended when the wait ends", arguments: Orders.allCases)
    func body(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<8) { turns in
        var isRunning = false
        let waiter = Asyncio.createTask {
          try await Asyncio.waitFor(timeout: .milliseconds(2)) {
            isRunning = true
            defer { isRunning = false }
            try await Asyncio.sleep(.milliseconds(1))
            try await pass(2)
          }
        }
        let isAccepted = try await cancelling(waiter, after: turns).value
        let ending = await waiter.ending()
        // As in CPython 3.8, a wait that is cancelled while its timed-out body ends leaves at once: see `leftPending`.
        try check(!isRunning || ending == .cancelled, "it runs on")
        // As in CPython 3.8, a cancellation is lost if the value comes at the same time.
        try check(isAccepted || ending != .cancelled, "cancelled by nobody")
        Asyncio.sometimes("value", ending == .value)
        Asyncio.sometimes("too late", ending == .timedOut)
        Asyncio.sometimes("cancelled", ending == .cancelled)
      }
    }

    /// As in CPython 3.8 to 3.11: at the timeout `waitFor` cancels the work and waits until it has ended; if it is
    /// cancelled itself in that time it leaves at once. Since 3.12 it passes that cancellation on to the work, and
    /// waits.
    @Test("a wait that is cancelled while its timed-out work ends leaves that pending")
    func leftPending() async throws {
      let exploration = Asyncio.Exploration(search: .fifo, level: .timing)
      let failure = await #expect(throws: Asyncio.ScheduleFailure.self) {
        try await Asyncio.explore(exploration) {
          let work = Asyncio.createTask {
            do { try await Asyncio.sleep(.seconds(10)) } catch { try await Asyncio.sleep(.zero) }
          }
          let waiter = Asyncio.createTask { try await Asyncio.waitFor(work, timeout: .milliseconds(1)) }
          let canceller = Asyncio.createTask {
            try await Asyncio.sleep(.milliseconds(1))
            waiter.cancel()
          }
          try await canceller.value
          try check(await waiter.ending() == .cancelled, "not cancelled")
          try check(work.isDone, "left pending")
        }
      }
      #expect(failure?.failure == "left pending")
    }
  }
}
