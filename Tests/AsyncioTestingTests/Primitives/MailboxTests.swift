import AsyncioBridge
import Foundation
import Testing

extension PrimitiveTests {
  /// What other threads hand in. The threads have ended before the loop goes on: so the order is the schedule's alone.
  @Suite struct MailboxTests {
    @Test(
      "posted calls run in the order of their posting, but for those that were cancelled",
      arguments: Orders.allCases
    )
    func calls(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<6) { turns in
        let loop = Asyncio.EventLoop.running()!
        let ran = Shared<[Int]>([])
        let ownCalls = try (0..<2).map { number in
          try loop.callSoonThreadsafe { ran.append(number) }
        }
        let others = Asyncio.createTask {
          try await pass(1)
          let handle = loop.threadsafe
          let log = Shared<[Int]>([])
          onOtherThread { for number in 10..<12 { try! handle.callSoonThreadsafe { log.append(number) } } }
          return log
        }
        let canceller = after(turns) {
          let isInTime = !ran.current.contains(1)
          ownCalls[1].cancel()
          return isInTime
        }
        let isCancelled = try await canceller.value
        let log = try await others.value
        try await Asyncio.sleep(.seconds(3600))
        try check(ran.current == (isCancelled ? [0] : [0, 1]), "ran \(ran.current), cancelled: \(isCancelled)")
        try check(log.current == [10, 11], "of another thread's ran \(log.current)")
        Asyncio.sometimes("cancelled in time", isCancelled)
        Asyncio.sometimes("too late to be cancelled", !isCancelled)
      }
    }

    @Test("a coroutine that was handed in ends as its future does, cancelled or not", arguments: Orders.allCases)
    func coroutines(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<8) { turns in
        let handle = Asyncio.EventLoop.running()!.threadsafe
        let log = Shared<[Int]>([])
        let future = onOtherThread {
          handle.runCoroutineThreadsafe {
            log.append(1)
            try await pass(1)
            log.append(2)
            return 7
          }
        }
        let canceller = after(turns) { onOtherThread { future.cancel() } }
        let isAccepted = try await canceller.value
        let ending = await Asyncio.wrapFuture(future).ending()
        try check(ending == (isAccepted ? .cancelled : .value), "\(ending), accepted: \(isAccepted)")
        try await Asyncio.sleep(.seconds(3600))
        try check(isAccepted || log.current == [1, 2], "not through: \(log.current)")
        Asyncio.sometimes("cancelled in the midst of it", isAccepted && log.current == [1])
        Asyncio.sometimes("too late to be cancelled", !isAccepted)
      }
    }

    @Test("a future that another thread's is wrapped in passes results one way, cancellations the other")
    func wrapping() async throws {
      try await Orders.any.explore(turns: 0..<6) { turns in
        let promise = Asyncio.Promise<Int>()
        let future = promise.future
        let waiter = Asyncio.createTask { try await Asyncio.wrapFuture(future).value }
        let resolver = Asyncio.createTask {
          try await Asyncio.sleep(.milliseconds(1))
          return onOtherThread { promise.setRunning() && promise.resolve(.success(7)) }
        }
        let isAccepted = try await cancelling(waiter, after: turns).value
        let isResolved = try await resolver.value
        let ending = await waiter.ending()
        try check(isAccepted ? ending == .cancelled : ending == .value, "\(ending), accepted: \(isAccepted)")
        try check(isResolved != future.isCancelled, "resolved: \(isResolved), cancelled: \(future.isCancelled)")
        Asyncio.sometimes("cancelled first", !isResolved)
        Asyncio.sometimes("resolved first", ending == .value)
        Asyncio.sometimes("both", isResolved && isAccepted)
      }
    }
  }
}

/// Runs `body` on another thread, and waits for its end.
@discardableResult
private func onOtherThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) -> Value {
  nonisolated(unsafe) var value: Value?
  let hasEnded = DispatchSemaphore(value: 0)
  Thread.detachNewThread {
    value = body()
    hasEnded.signal()
  }
  hasEnded.wait()
  return value!
}
