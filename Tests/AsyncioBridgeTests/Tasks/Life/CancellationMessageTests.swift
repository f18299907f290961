import Testing

@testable import AsyncioBridge

/// Swift's `CancellationError` has no room for a message: it is read from what was cancelled.
@Suite struct CancellationMessageTests {
  private static let messages: [String?] = [nil, "my message"]

  @Test("MSG-01, MSG-03, MSG-04: a task's message is there before and after it is cancelled", arguments: messages)
  func task(_ message: String?) throws {
    try withLoop { loop in
      let task = try loop.createTask { try await Asyncio.sleep(.seconds(10)) }
      try loop.runBriefly()
      task.cancel(message: message)
      #expect(task.cancellationMessage == message)
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(task) }
      #expect(task.isCancelled)
      #expect(throws: CancellationError.self) { try task.result() }
      #expect(throws: CancellationError.self) { try task.exception() }
      #expect(task.cancellationMessage == message)
    }
  }

  @Test("MSG-02: a message that is replaced before the task is told is the one that stays")
  func replacedBeforeDelivery() throws {
    try withLoop { loop in
      let task = try loop.createTask { try await Asyncio.sleep(.seconds(10)) }
      task.cancel(message: "my message")
      task.cancelMessage = "my new message"
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(task) }
      #expect(task.cancellationMessage == "my new message")
    }
  }

  @Test("MSG-05: an error thrown while handling a cancellation leaves the message with the task")
  func errorWhileHandling() throws {
    try withLoop { loop in
      let task = try loop.createTask {
        do { try await Asyncio.sleep(.seconds(10)) } catch { throw TestError() }
      }
      try loop.runBriefly()
      task.cancel(message: "my message")
      #expect(throws: TestError()) { try loop.runUntilComplete(task) }
      #expect(task.cancellationMessage == "my message")
    }
  }

  @Test(
    "MSG-08, DIFF-25: a task that awaits a gather, the gather and its children have the same message",
    arguments: messages
  )
  func gather(_ message: String?) throws {
    try withLoop { loop in
      let child = try loop.createTask { try await Asyncio.sleep(.seconds(10)) }
      let gather = try Asyncio.gather([child])
      let task = try loop.createTask { _ = try await gather.value }
      try loop.runBriefly()
      task.cancel(message: message)
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(task) }
      for future in [task, gather, child] as [Asyncio.AnyFuture] { #expect(future.cancellationMessage == message) }
    }
  }

  @Test("MSG-15, DIFF-24: a child that is cancelled with a message gives it to the gather", arguments: messages)
  func gatheredChild(_ message: String?) throws {
    try withLoop { loop in
      let child = try loop.createTask { try await Asyncio.sleep(.seconds(10)) }
      let gather = try Asyncio.gather([child])
      try loop.runBriefly()
      child.cancel(message: message)
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(gather) }
      #expect(gather.cancellationMessage == message)
    }
  }

  @Test("a task that asks a cancelled future for its result is told its message, and so is who awaits the task")
  func passedOn() throws {
    try withLoop { loop in
      let future = loop.createFuture(of: Int.self)
      let told = Box<[String?]>([])
      func waiter(for future: Asyncio.Future<Int>) throws -> Asyncio.Task<Int> {
        try loop.createTask {
          do { return try await future.value } catch {
            told.value.append(Asyncio.currentTask()?.cancellationMessage)
            throw error
          }
        }
      }
      let first = try waiter(for: future)
      let second = try waiter(for: first)
      try loop.runBriefly()
      future.cancel(message: "foo")
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(second) }
      #expect(told.value == ["foo", "foo"])
      #expect(first.cancellationMessage == "foo")
      #expect(second.cancellationMessage == "foo")
    }
  }

  @Test("of two cancellations in one turn the one that reaches the body has its message")
  func firstOfTwo() throws {
    try withLoop { loop in
      let task = try loop.createTask { try await Asyncio.sleep(.seconds(10)) }
      try loop.runBriefly()
      task.cancel(message: "first")
      task.cancel(message: "second")
      #expect(task.cancellationMessage == "second")
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(task) }
      #expect(task.cancellationMessage == "first")
    }
  }

  @Test("MSG-09, MSG-10: a future keeps its message, which can be replaced")
  func future() throws {
    try withLoop { loop in
      let future = loop.createFuture(of: Int.self)
      future.cancel(message: "my message")
      #expect(future.cancellationMessage == "my message")
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(future) }
      future.cancelMessage = "my new message"
      #expect(future.cancellationMessage == "my new message")
    }
  }

  @Test("MSG-11: a task in a condition's waitFor keeps the message")
  func condition() throws {
    try withLoop { loop in
      let condition = Asyncio.Condition(loop: loop)
      let inside = Box<String?>(nil)
      let task = try loop.createTask {
        try await condition.acquire()
        do {
          try await condition.waitFor { false }
        } catch {
          inside.value = Asyncio.currentTask()?.cancellationMessage
          throw error
        }
      }
      try loop.runBriefly()
      task.cancel(message: "foo")
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(task) }
      #expect(inside.value == "foo")
      #expect(task.cancellationMessage == "foo")
    }
  }

  @Test("MSG-12: a notified task that waits for the condition's lock again keeps the message")
  func conditionReacquire() throws {
    try withLoop { loop in
      let condition = Asyncio.Condition(loop: loop)
      let inside = Box<String?>(nil)
      let task = try loop.createTask {
        try await condition.acquire()
        do {
          try await condition.wait()
        } catch {
          inside.value = Asyncio.currentTask()?.cancellationMessage
          throw error
        }
      }
      try loop.runBriefly()
      try condition.acquire(on: loop)
      try condition.notify()
      try loop.runBriefly()
      task.cancel(message: "foo")
      try loop.runBriefly()
      #expect(!task.isDone)
      try condition.release()
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(task) }
      #expect(inside.value == "foo")
      #expect(task.cancellationMessage == "foo")
    }
  }
}
