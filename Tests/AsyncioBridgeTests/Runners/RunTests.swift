import Foundation
import Testing

@testable import AsyncioBridge

@Suite struct RunTests {
  @Test("RUN-01: run returns the body's value", arguments: Asyncio.LoopClock.Kind.both)
  func returns(_ clock: Asyncio.LoopClock.Kind) throws {
    let value = try Asyncio.run(clock: clock) {
      try await Asyncio.sleep(.milliseconds(1))
      return 42
    }
    #expect(value == 42)
  }

  @Test("RUN-01: run from async code returns the body's value", arguments: Asyncio.LoopClock.Kind.both)
  func returnsToAsyncCode(_ clock: Asyncio.LoopClock.Kind) async throws {
    let value = try await Asyncio.run(clock: clock) {
      try await Asyncio.sleep(.milliseconds(1))
      return 42
    }
    #expect(value == 42)
  }

  @Test("RUN-02: run throws the body's error")
  func throwsError() throws {
    let failure = ObjectError()
    let error = #expect(throws: ObjectError.self) { try Asyncio.run { throw failure } }
    #expect(error === failure)
    #expect(throws: CancellationError.self) { try Asyncio.run { throw CancellationError() } }
  }

  @Test("RUN-02: run from async code throws the body's error")
  func throwsErrorToAsyncCode() async throws {
    await #expect(throws: TestError(name: "spam")) { try await Asyncio.run { throw TestError(name: "spam") } }
  }

  @Test("RUN-04: the new loop is in debug mode as the call says")
  func debug() throws {
    #expect(try Asyncio.run(debug: true) { EventLoop.running()?.isDebug } == true)
    #expect(try Asyncio.run(debug: false) { EventLoop.running()?.isDebug } == false)
  }

  @Test("RUN-04: by default the new loop is in debug mode as the environment says, which the call overrules")
  func debugByEnvironment() async {
    await #expect(processExitsWith: .success) {
      setenv("ASYNCIOBRIDGE_DEBUG", "1", 1)
      let whenSet = try debugModes()
      #expect(whenSet == [true, true, false])
      setenv("ASYNCIOBRIDGE_DEBUG", "", 1)
      let whenEmpty = try debugModes()
      #expect(whenEmpty == [false, true, false])
    }
  }

  @Test("RUN-05: run refuses to be called from a running loop, whose body never begins")
  func fromARunningLoop() throws {
    let message =
      "Asyncio.run() cannot be called from a running event loop: await the function, or make it a task with createTask"
    func runNested() {
      let error = #expect(throws: Asyncio.RuntimeError.self) {
        try Asyncio.run { Issue.record("a nested run began") }
      }
      #expect(error?.message == message)
    }
    try runOnLoop { loop in
      runNested()
      // The async form as well.
      let error = await #expect(throws: Asyncio.RuntimeError.self) {
        try await Asyncio.run { Issue.record("a nested run began") }
      }
      #expect(error?.message == message)
      #expect(EventLoop.running() === loop)
    }
  }

  @Test("RUN-06: tasks that are pending when the body returns are cancelled and finished first")
  func leftovers() throws {
    let order = Journal<String>()
    let (value, task) = try Asyncio.run(clock: .virtual) {
      let task = Asyncio.createTask {
        do { try await Asyncio.sleep(.seconds(1000)) } catch {
          order.append("\(type(of: error))")
          try await Asyncio.sleep(.seconds(1))
          order.append("cleaned up")
          throw error
        }
      }
      try await Asyncio.sleep(.zero)
      order.append("main returns")
      return (123, task)
    }
    #expect(value == 123)
    #expect(order.entries == ["main returns", "CancellationError", "cleaned up"])
    #expect(task.isCancelled)
    #expect(task.loop.elapsed == .seconds(1))
  }

  @Test("RUN-06: so they are when the body throws")
  func leftoversOfAFailure() throws {
    let order = Journal<String>()
    #expect(throws: TestError(name: "main")) {
      try Asyncio.run(clock: .virtual) {
        Asyncio.createTask {
          do { try await Asyncio.sleep(.seconds(1000)) } catch { order.append("\(type(of: error))") }
        }
        try await Asyncio.sleep(.zero)
        throw TestError(name: "main")
      }
    }
    #expect(order.entries == ["CancellationError"])
  }

  @Test("RUN-07: a leftover task that fails when it is cancelled is reported; run returns all the same")
  func failingLeftover() throws {
    let (value, task, reports) = try Asyncio.run(clock: .virtual) {
      let reports = EventLoop.running().map { Reports($0) }
      let task = Asyncio.createTask(name: "leftover") {
        do { try await Asyncio.sleep(.seconds(1000)) } catch is CancellationError { throw TestError(name: "fancy") }
      }
      Asyncio.createTask { try await Asyncio.sleep(.seconds(1000)) }
      try await Asyncio.sleep(.zero)
      return (123, task, reports)
    }
    #expect(value == 123)
    let contexts = try #require(reports).contexts
    #expect(contexts.map(\.message) == ["unhandled exception during Asyncio.run() shutdown"])
    #expect(contexts.first?.error as? TestError == TestError(name: "fancy"))
    #expect(contexts.first?.future === task)
    #expect(contexts.first?.taskName == "leftover")
  }

  @Test("RUN-09, RUN-10: run makes a new loop each time, closes it, and leaves no loop behind")
  func closesItsLoop() throws {
    let first = try Asyncio.run { EventLoop.running() }
    let second = try Asyncio.run { EventLoop.running() }
    #expect(first != nil && second != nil)
    #expect(first !== second)
    #expect(first?.isClosed == true)
    #expect(second?.isClosed == true)
    #expect(EventLoop.running() == nil)

    let error = #expect(throws: LoopCarrier.self) {
      try Asyncio.run { throw LoopCarrier(handle: EventLoop.running()?.threadsafe) }
    }
    #expect(error?.handle?.isClosed == true)
    #expect(EventLoop.running() == nil)
  }

  @Test("RUN-10: run from async code closes its loop, which is no running loop to the caller")
  func closesItsLoopForAsyncCode() async throws {
    let handle = try await Asyncio.run { EventLoop.running()?.threadsafe }
    #expect(handle?.isClosed == true)
    #expect(EventLoop.running() == nil)
  }

  @Test("RUN-11: without leftover tasks the loop makes no turn for them")
  func noExtraTurn() throws {
    let alone = try Asyncio.run { EventLoop.running() }
    // The body's only step, and the turn in which the loop is told.
    #expect(alone?.turnCount == 2)
    let leaving = try Asyncio.run {
      Asyncio.createTask { try await Asyncio.sleep(.seconds(1000)) }
      return EventLoop.running()
    }
    #expect(try #require(leaving).turnCount > 2)
  }

  @Test("cancelling the Swift task that awaits run cancels the body's task, and run waits for it to end")
  func cancellingTheCaller() async throws {
    let order = Journal<String>()
    let began = Asyncio.ConcurrentFuture<Void>()
    let caller = Task {
      try await Asyncio.run {
        began.resolve(.success(()))
        do { try await Asyncio.sleep(.seconds(1000)) } catch {
          #expect(!Task.isCancelled)
          try await Asyncio.sleep(.milliseconds(1))
          order.append("cleaned up")
          throw error
        }
      }
    }
    try await began.value
    caller.cancel()
    await #expect(throws: CancellationError.self) { try await caller.value }
    #expect(order.entries == ["cleaned up"])
  }

  @Test("a body that is cancelled and goes on all the same returns its value to the async caller")
  func cancelledCallerGetsTheValue() async throws {
    let began = Asyncio.ConcurrentFuture<Void>()
    let caller = Task {
      try await Asyncio.run {
        began.resolve(.success(()))
        do { try await Asyncio.sleep(.seconds(1000)) } catch is CancellationError { return "caught" }
        return "slept"
      }
    }
    try await began.value
    caller.cancel()
    #expect(try await caller.value == "caught")
  }

  @Test("tasks that wait for each other for ever are a deadlock in virtual time, which ends them and the run")
  func circularWait() throws {
    let ended = Journal<String>()
    let error = #expect(throws: Asyncio.DeadlockError.self) {
      try Asyncio.run(clock: .virtual) {
        let box = Box<Asyncio.Task<Void>?>(nil)
        let first = Asyncio.createTask(name: "first") {
          defer { ended.append("first") }
          try await Asyncio.sleep(.zero)
          try await box.value?.value
        }
        box.value = Asyncio.createTask(name: "second") {
          defer { ended.append("second") }
          try await Asyncio.gather(first).value
        }
        try await first.value
      }
    }
    #expect(error?.waitingTasks.count == 3)
    #expect(ended.entries.sorted() == ["first", "second"])
  }
}

/// Carries what can leave a run out of one that fails.
private struct LoopCarrier: Error {
  let handle: Asyncio.LoopHandle?
}

/// The debug modes of loops that are run as the environment says, with debug mode, and without.
private func debugModes() throws -> [Bool?] {
  try [nil, true, false].map { debug in try Asyncio.run(debug: debug) { EventLoop.running()?.isDebug } }
}
