import Testing

@testable import AsyncioBridge

@Suite struct UncancelTests {
  @Test("UNCANCEL-01, UNCANCEL-02: a request shows in the count and the description, and may be repeated")
  func requestsAreCounted() throws {
    try withLoop { loop in
      let task = try loop.createTask { try await Asyncio.sleep(.seconds(10)) }
      #expect(task.cancelling == 0)
      #expect(task.description.hasPrefix("<Task pending"))
      #expect(task.cancel())
      #expect(task.cancelling > 0)
      #expect(task.description.hasPrefix("<Task cancelling"))
      #expect(task.cancel())
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(task) }
      #expect(task.isCancelled)
    }
  }

  @Test("UNCANCEL-03, UNCANCEL-04, UNCANCEL-05, UNCANCEL-06: a body takes a request back and lives on until the next")
  func basics() throws {
    try withLoop { loop in
      let task = try loop.createTask {
        do {
          try await Asyncio.sleep(.seconds(10))
        } catch is CancellationError {
          let left = Asyncio.currentTask()?.uncancel()
          #expect(left == 0)
          try await Asyncio.sleep(.seconds(10))
        }
      }
      try loop.runBriefly()
      #expect(task.cancel())
      #expect(task.cancelling == 1)
      #expect(!task.isCancelled)

      try loop.runBriefly()
      #expect(task.cancelling == 0)
      #expect(!task.description.contains("cancelling"))
      #expect(!task.isDone)

      #expect(task.cancel())
      #expect(task.cancelling == 1)
      #expect(!task.isCancelled)
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(task) }
      #expect(task.isCancelled)

      #expect(task.uncancel() == 0)
      #expect(task.isDone)
      #expect(task.isCancelled)
    }
  }

  @Test("UNCANCEL-07: what follows a hand-made timeout runs to its end", arguments: [true, false])
  func structuredBlock(_ isLate: Bool) throws {
    try runOnLoop { loop in
      let task = try #require(Asyncio.currentTask())
      let timedOut = Box(false)
      let blockFinished = Box(false)
      let timer = try loop.callLater(.milliseconds(isLate ? 1 : 20)) {
        timedOut.value = true
        task.cancel()
      }
      do {
        defer { timer.cancel() }
        try await Asyncio.sleep(.milliseconds(10))
        blockFinished.value = true
      } catch is CancellationError where timedOut.value && task.uncancel() == 0 {}
      try await Asyncio.sleep(.milliseconds(100))
      #expect(timedOut.value == isLate)
      #expect(blockFinished.value == !isLate)
      #expect(task.cancelling == 0)
      expectTime(loop, .milliseconds(isLate ? 101 : 110))
    }
  }

  @Test("UNCANCEL-08: with nothing to take back the count stays 0")
  func neverBelowZero() throws {
    try withLoop { loop in
      let task = try loop.createTask {}
      #expect(task.uncancel() == 0)
      #expect(task.uncancel() == 0)
      #expect(task.cancelling == 0)
      try loop.runUntilComplete(task)
      #expect(!task.isCancelled)
    }
  }

  @Test("UNCANCEL-09: a request to a finished task does not count")
  func finished() throws {
    try withLoop { loop in
      let task = try loop.createTask {}
      try loop.runUntilComplete(task)
      #expect(!task.cancel())
      #expect(task.cancelling == 0)
    }
  }

  @Test("UNCANCEL-10, UNCANCEL-11: each request counts, and is taken back one by one")
  func severalRequests() throws {
    try withLoop { loop in
      let task = try loop.createTask { try await Asyncio.sleep(.seconds(10)) }
      try loop.runBriefly()
      #expect(task.cancel())
      #expect(task.cancelling == 1)
      #expect(task.cancel())
      #expect(task.cancelling == 2)
      #expect(task.uncancel() == 1)
      #expect(task.uncancel() == 0)
      #expect(task.uncancel() == 0)
      // It waits no more: what it waited for has been cancelled.
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(task) }
    }
  }

  @Test("a request that is taken back before the task was told of it is dropped")
  func dropsUndelivered() throws {
    try withLoop { loop in
      let notBegun = try loop.createTask { 2 }
      notBegun.cancel()
      #expect(notBegun.uncancel() == 0)
      #expect(notBegun.description.hasPrefix("<Task pending"))
      #expect(try loop.runUntilComplete(notBegun) == 2)

      let stubborn = try loop.createTask {
        let task = try #require(Asyncio.currentTask())
        task.cancel()
        task.cancel()
        #expect(task.uncancel() == 1)
        #expect(await errorThrown { try await Asyncio.sleep(.zero) } is CancellationError)
        task.cancel()
        task.uncancel()
        #expect(task.uncancel() == 0)
        try await Asyncio.sleep(.zero)
      }
      try loop.runUntilComplete(stubborn)
    }
  }

  @Test("a request that comes back to a task that waits for itself counts once")
  func circularWait() throws {
    try withLoop { loop in
      let tasks = Box<[Asyncio.Task<Void>]>([])
      for next in [1, 0] {
        tasks.value.append(try loop.createTask { try await tasks.value[next].value })
      }
      try loop.runBriefly()
      tasks.value[0].cancel()
      #expect(tasks.value.map(\.cancelling) == [1, 1])
      try loop.runBriefly()
      #expect(tasks.value.map(\.isCancelled) == [true, true])
    }
  }

  @Test("a task of one's own type counts no requests")
  func customTask() throws {
    final class CustomTask: Asyncio.Future<Void>, Asyncio.TaskProtocol { var name = "custom" }
    try withLoop { loop in
      let task: any Asyncio.TaskProtocol = CustomTask(loop: loop)
      #expect(task.cancel())
      #expect(task.cancelling == 0)
      #expect(task.uncancel() == 0)
    }
  }
}
