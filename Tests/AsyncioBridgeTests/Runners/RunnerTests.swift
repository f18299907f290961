import Foundation
import Testing

@testable import AsyncioBridge

@Suite struct RunnerTests {
  @Test("RUNNER-01, RUNNER-02: the loop is in debug mode as the call says", arguments: [false, true])
  func debug(_ isDebug: Bool) throws {
    try Asyncio.withRunner(debug: isDebug) { runner in
      let loop = try runner.loop
      #expect(loop.isDebug == isDebug)
      #expect(try runner.run { EventLoop.running()?.isDebug } == isDebug)
    }
    let runner = Asyncio.Runner(debug: isDebug, loopFactory: { EventLoop(debug: !isDebug) })
    #expect(try runner.loop.isDebug == isDebug)
    try runner.close()
  }

  @Test("RUNNER-03: the loop is the one that the given factory made, which is called once")
  func factory() throws {
    let loop = EventLoop(clock: .virtual)
    let calls = Box(0)
    let runner = Asyncio.Runner(loopFactory: {
      calls.value += 1
      return loop
    })
    #expect(calls.value == 0)
    #expect(try runner.loop === loop)
    #expect(try runner.run { EventLoop.running() } === loop)
    #expect(try runner.loop === loop)
    #expect(calls.value == 1)
    try runner.close()
    #expect(loop.isClosed)
  }

  @Test("RUNNER-04: run returns the body's value, or throws its error", arguments: Asyncio.LoopClock.Kind.both)
  func run(_ clock: Asyncio.LoopClock.Kind) throws {
    let failure = ObjectError()
    try Asyncio.withRunner(clock: clock) { runner in
      let value = try runner.run {
        try await Asyncio.sleep(.milliseconds(1))
        return "done"
      }
      #expect(value == "done")
      let error = #expect(throws: ObjectError.self) { try runner.run { throw failure } }
      #expect(error === failure)
      #expect(throws: CancellationError.self) { try runner.run { throw CancellationError() } }
      #expect(try runner.run { "again" } == "again")
    }
  }

  @Test("RUNNER-05: after the scope the loop is closed, and the runner has none")
  func scope() throws {
    let (runner, loop) = try Asyncio.withRunner { runner in
      try runner.run {}
      return (runner, try runner.loop)
    }
    #expect(loop.isClosed)
    let error = #expect(throws: Asyncio.RuntimeError.self) { try runner.loop }
    #expect(error?.message == "Runner is closed: make a new one")
    #expect(throws: Asyncio.RuntimeError.self) { try runner.run { Issue.record("a closed runner ran") } }
  }

  @Test("RUNNER-05: an error leaves the scope when the loop has been closed")
  func scopeOfAFailure() throws {
    let error = #expect(throws: HandleError.self) {
      try Asyncio.withRunner { runner in throw HandleError(handle: try runner.loop.threadsafe) }
    }
    #expect(error?.handle.isClosed == true)
  }

  @Test("RUNNER-08: close closes the loop, and the runner has none any more")
  func close() throws {
    let runner = Asyncio.Runner()
    let loop = try runner.loop
    #expect(!loop.isClosed)
    try runner.close()
    #expect(loop.isClosed)
    let error = #expect(throws: Asyncio.RuntimeError.self) { try runner.loop }
    #expect(error?.message == "Runner is closed: make a new one")
  }

  @Test("RUNNER-09: closing it again does nothing; nor does closing one that was not used, which can still be")
  func closeAgain() throws {
    let runner = Asyncio.Runner()
    try runner.close()
    #expect(try runner.run { 1 } == 1)
    try runner.close()
    try runner.close()
    #expect(throws: Asyncio.RuntimeError.self) { try runner.loop }
  }

  @Test("RUNNER-10: run refuses to be called from a running loop, whose body never begins")
  func fromARunningLoop() throws {
    let message =
      "Runner.run() cannot be called from a running event loop: await the function, or make it a task with createTask"
    let runner = Asyncio.Runner()
    let other = Asyncio.Runner()
    func runNested() {
      for nested in [runner, other] {
        let error = #expect(throws: Asyncio.RuntimeError.self) { try nested.run { Issue.record("a nested run began") } }
        #expect(error?.message == message)
      }
    }
    try runner.run { runNested() }
    #expect(try runner.run { 1 } == 1)
    try runner.close()
    try other.close()
  }

  @Test("RUNNER-15, RUNNER-17: all runs are on one loop, which is the running one only while they last")
  func severalRuns() throws {
    let runner = Asyncio.Runner(clock: .virtual)
    let loop = try runner.loop
    let ticks = Box(0)
    for _ in 0..<2 {
      #expect(EventLoop.running() == nil)
      try runner.run {
        #expect(EventLoop.running() === loop)
        ticks.value += 1
        try await Asyncio.sleep(.seconds(1))
      }
    }
    #expect(EventLoop.running() == nil)
    #expect(ticks.value == 2)
    #expect(loop.elapsed == .seconds(2))
    try runner.close()
  }

  @Test("what a run leaves behind goes on in the next, and is cancelled and waited for by close")
  func leftovers() throws {
    let runner = Asyncio.Runner(clock: .virtual)
    let events = Box<[String]>([])
    let (short, long) = try runner.run {
      let short = Asyncio.createTask { try await Asyncio.sleep(.seconds(1)) }
      let long = Asyncio.createTask {
        do { try await Asyncio.sleep(.seconds(1000)) } catch {
          events.value.append("\(type(of: error))")
          try await Asyncio.sleep(.seconds(1))
          events.value.append("cleaned up")
          throw error
        }
      }
      return (short, long)
    }
    #expect(!short.isDone)
    try runner.run { try await short.value }
    #expect(events.value.isEmpty)
    try runner.close()
    #expect(events.value == ["CancellationError", "cleaned up"])
    #expect(long.isCancelled)
  }

  @Test("a leftover task that fails when it is cancelled is reported by close")
  func failingLeftover() throws {
    let runner = Asyncio.Runner(clock: .virtual)
    let reports = Reports(try runner.loop)
    try runner.run {
      Asyncio.createTask {
        do { try await Asyncio.sleep(.seconds(1000)) } catch is CancellationError { throw TestError() }
      }
      try await Asyncio.sleep(.zero)
    }
    try runner.close()
    #expect(reports.messages == ["unhandled exception during Asyncio.run() shutdown"])
    #expect(reports.contexts.first?.error as? TestError == TestError())
  }

  @Test("the runs share a context, a copy of the one that the loop was made in; a run may be given another")
  func context() throws {
    let variable = Asyncio.ContextVar<Int>("variable", default: 0)
    try Asyncio.Context().run {
      let runner = Asyncio.Runner()
      variable.set(1)
      _ = try runner.loop
      variable.set(2)
      let first = try runner.run {
        defer { variable.set(3) }
        return variable.value
      }
      #expect(first == 1)
      #expect(try runner.run { variable.value } == 3)
      #expect(variable.value == 2)
      let other = Asyncio.Context()
      _ = try runner.run(context: other) { variable.set(variable.value + 10) }
      #expect(other.run { variable.value } == 10)
      #expect(try runner.run { variable.value } == 3)
      try runner.close()
    }
  }

  @Test("the main tasks are made by the loop's task factory")
  func taskFactory() throws {
    final class Factory: Asyncio.TaskFactory {
      var names: [String] = []
      func makeTask<Value>(on loop: EventLoop, _ coroutine: Asyncio.Coroutine<Value>) throws -> Asyncio.Task<Value> {
        let task = try Asyncio.Task(loop: loop, name: "made", coroutine.body)
        names.append(task.name)
        return task
      }
    }
    let factory = Factory()
    let runner = Asyncio.Runner()
    try runner.loop.taskFactory = factory
    #expect(try runner.run { Asyncio.currentTask()?.name } == "made")
    #expect(factory.names == ["made"])
    try runner.close()
  }

  @Test(
    "DIFF-41, DIFF-44: a run that follows 3.13 waits for the default executor in the end, one that follows 3.8 does not"
  )
  func executorInTheEnd() throws {
    for (semantics, waits) in [(Asyncio.Semantics.python3_8, false), (.python3_13, true)] {
      for clock in Asyncio.LoopClock.Kind.both {
        let begun = ThreadEvent()
        let release = ThreadEvent()
        let ended = Shared(false)
        let runner = Asyncio.Runner(clock: clock, semantics: semantics)
        try runner.run {
          let loop = try runner.loop
          _ = try loop.runInExecutor {
            begun.set()
            _ = release.wait()
            ended.value = true
          }
          _ = begun.wait()
        }
        let hasClosed = ThreadEvent()
        startThread {
          // A run that waits has to be given what it waits for.
          if waits { _ = hasClosed.wait(timeout: .milliseconds(50)) } else { _ = hasClosed.wait() }
          release.set()
        }
        try runner.close()
        let hasEnded = ended.value
        hasClosed.set()
        #expect(hasEnded == waits)
      }
    }
  }

  @Test("a run that follows 3.13 takes no turn for a default executor that nobody has used")
  func noExecutorInTheEnd() throws {
    let loop = EventLoop(clock: .virtual, semantics: .python3_13)
    try Asyncio.run(loopFactory: { loop }) {}
    #expect(loop.turnCount == 2)
  }

  @Test("RUNNER-16: running never makes the description of the result")
  func noDescription() throws {
    let described = Shared(0)
    _ = try Asyncio.withRunner(debug: true) { runner in try runner.run { Undescribed(described) } }
    _ = try Asyncio.run(debug: true) { Undescribed(described) }
    #expect(described.value == 0)
  }

  @Test("RUNNER-19: run calls a given factory once, and runs on its loop, which it closes")
  func runOnFactorysLoop() throws {
    let loop = EventLoop(clock: .virtual)
    let calls = Box(0)
    let running = try Asyncio.run(loopFactory: {
      calls.value += 1
      return loop
    }) {
      try await Asyncio.sleep(.seconds(1))
      return EventLoop.running()
    }
    #expect(running === loop)
    #expect(calls.value == 1)
    #expect(loop.elapsed == .seconds(1))
    #expect(loop.isClosed)
  }

  @Test("RUNNER-21: what the call says overrules the environment in both directions; by default that decides")
  func debugByEnvironment() async {
    await #expect(processExitsWith: .success) {
      for isSet in [true, false] {
        setenv("ASYNCIOBRIDGE_DEBUG", isSet ? "1" : "", 1)
        for debug in [nil, true, false] {
          let modes = try debugModes(debug)
          let expected = debug ?? isSet
          #expect(modes == [expected, expected, expected])
        }
      }
    }
  }
}

/// The debug modes of loops that are made in different ways.
private func debugModes(_ debug: Bool?) throws -> [Bool?] {
  [
    try Asyncio.run(debug: debug) { EventLoop.running()?.isDebug },
    try Asyncio.withRunner(debug: debug) { try $0.loop.isDebug },
    try Asyncio.run(debug: debug, loopFactory: { EventLoop() }) { EventLoop.running()?.isDebug },
  ]
}

/// A result that counts how often it is described.
private struct Undescribed: CustomStringConvertible {
  private let described: Shared<Int>
  init(_ described: Shared<Int>) { self.described = described }

  var description: String {
    described.update { $0 += 1 }
    return "described"
  }
}

/// Carries a loop's handle out of a scope that fails.
private struct HandleError: Error {
  let handle: Asyncio.LoopHandle
}
