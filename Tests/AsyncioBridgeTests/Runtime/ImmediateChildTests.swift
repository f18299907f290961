import Testing

@testable import AsyncioBridge

/// Swift tasks that begin within the step of the task that makes them: `Task.immediate` and `addImmediateTask`.
@Suite struct ImmediateChildTests {
  /// With debug mode a task never runs the loop on its own stack.
  @Test(
    "an immediate child of a group waits for the loop as any other, once it has suspended",
    .pinsOrder,
    arguments: [false, true]
  )
  @available(macOS 26.0, iOS 26.0, tvOS 26.0, watchOS 26.0, visionOS 26.0, *)
  func childOfAGroup(debug: Bool) throws {
    try withLoop(debug: debug) { loop in
      let trace = Journal<String>()
      let task = try loop.createTask(name: "parent") {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for name in ["a", "b"] {
            group.addImmediateTask {
              trace.append("\(name) begins")
              try await Asyncio.sleep(.seconds(1))
              trace.append("\(name) \(loopTime()) \(Asyncio.currentTask()?.name ?? "none")")
              try await Asyncio.createTask { try await Asyncio.sleep(.seconds(1)) }.value
              trace.append("\(name) \(loopTime())")
              try await Asyncio.sleep(.zero)
            }
          }
          trace.append("parent goes on as \(Asyncio.currentTask()?.name ?? "none")")
          try await Asyncio.sleep(.milliseconds(1500))
          trace.append("parent \(loopTime()) \(Asyncio.currentTask()?.name ?? "none")")
          try await group.waitForAll()
        }
      }
      try loop.runUntilComplete(task)
      #expect(
        trace.entries == [
          "a begins", "b begins", "parent goes on as parent", "a 1.0 seconds none", "b 1.0 seconds none",
          "parent 1.5 seconds parent", "a 2.0 seconds", "b 2.0 seconds",
        ]
      )
      #expect(loop.waitingChildren.isEmpty)
      #expect(loop.foreignCores.isEmpty)
    }
  }

  @Test(
    "an immediate child that gives up a turn, or waits in vain, leaves its parent's steps as they are",
    .pinsOrder,
    .pinsOrder,
    arguments: [false, true]
  )
  @available(macOS 26.0, iOS 26.0, tvOS 26.0, watchOS 26.0, visionOS 26.0, *)
  func turns(debug: Bool) throws {
    try withLoop(debug: debug) { loop in
      let trace = Journal<String>()
      let task = try loop.createTask {
        try loop.callSoon { trace.append("callback") }
        await withTaskGroup(of: Void.self) { group in
          group.addImmediateTask {
            // The callback keeps the loop from being driven, so this suspends.
            try? await Asyncio.sleep(.zero)
            trace.append("child")
          }
          group.addImmediateTask {
            let failing = Asyncio.createTask { throw TestError() }
            let error = await errorThrown { try await failing.value }
            trace.append("\(type(of: error!))")
          }
          trace.append("parent")
          try? await Asyncio.sleep(.seconds(1))
        }
        return loopTime()
      }
      let time = try loop.runUntilComplete(task)
      #expect(time == .seconds(1))
      // Nothing else runs until the parent suspends itself.
      #expect(trace.entries == ["parent", "callback", "child", "TestError"])
    }
  }

  @Test("an immediate child does not spend the cancellation that its parent is due", arguments: [false, true])
  @available(macOS 26.0, iOS 26.0, tvOS 26.0, watchOS 26.0, visionOS 26.0, *)
  func parentsCancellation(debug: Bool) throws {
    try withLoop(debug: debug) { loop in
      let trace = Journal<String>()
      let task = try loop.createTask {
        Asyncio.currentTask()?.cancel()
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addImmediateTask {
            do { try await Asyncio.sleep(.zero) } catch { trace.append("child: \(error)") }
            do { try await Asyncio.sleep(.seconds(1)) } catch { trace.append("child: \(error)") }
            trace.append("child goes on")
          }
          do { try await Asyncio.sleep(.seconds(2)) } catch { trace.append("parent: \(type(of: error))") }
          try await group.waitForAll()
        }
      }
      try loop.runUntilComplete(task)
      #expect(trace.entries == ["parent: CancellationError", "child goes on"])
    }
  }

  @Test("an immediate child is not its parent: there is no current task, and nothing to put a timeout or a group on")
  @available(macOS 26.0, iOS 26.0, tvOS 26.0, watchOS 26.0, visionOS 26.0, *)
  func identity() throws {
    let trace = Journal<String>()
    try runOnLoop { _ in
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addImmediateTask {
          trace.append(Asyncio.currentTask()?.name ?? "none")
          do { try await Asyncio.timeout(.seconds(1)) {} } catch let error as Asyncio.RuntimeError {
            trace.append(error.code == .noCurrentTask ? "no timeout" : "\(error)")
          }
          do { try await Asyncio.withTaskGroup { _ in } } catch let error as Asyncio.RuntimeError {
            trace.append(error.code == .noCurrentTask ? "no group" : "\(error)")
          }
        }
        try await group.waitForAll()
      }
      #expect(Asyncio.currentTask() != nil)
      try await Asyncio.timeout(.seconds(1)) {}
    }
    #expect(trace.entries == ["none", "no timeout", "no group"])
  }

  @Test("cancelling a task cancels its immediate children that wait for the loop")
  @available(macOS 26.0, iOS 26.0, tvOS 26.0, watchOS 26.0, visionOS 26.0, *)
  func cancelled() throws {
    try withLoop { loop in
      let ended = Shared(0)
      let task = try loop.createTask {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<2 {
            group.addImmediateTask {
              defer { ended.update { $0 += 1 } }
              try await Asyncio.sleep(.seconds(1000))
            }
          }
          try await group.waitForAll()
        }
      }
      try loop.callLater(.seconds(1)) { task.cancel() }
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(task) }
      #expect(ended.value == 2)
      expectTime(loop, .seconds(1))
    }
  }

  @Test(
    "Task.immediate, which leaves the loop when it suspends, gets an error that says so; its maker goes on",
    arguments: [false, true]
  )
  @available(macOS 26.0, iOS 26.0, tvOS 26.0, watchOS 26.0, visionOS 26.0, *)
  func immediateTask(debug: Bool) async throws {
    let (messages, time) = try await onOwnThread {
      try withLoop(debug: debug) { loop in
        try loop.runUntilComplete {
          let immediate = Task.immediate { () -> [String] in
            var messages: [String] = []
            for _ in 0..<2 {
              do { try await Asyncio.sleep(.seconds(1)) } catch { messages.append("\(error)") }
            }
            // Off the loop from here on.
            await Task.yield()
            do { try await Asyncio.sleep(.seconds(1)) } catch { messages.append("\(error)") }
            return messages
          }
          try await Asyncio.sleep(.seconds(5))
          return (await immediate.value, loopTime())
        }
      }
    }
    try #require(messages.count == 3)
    #expect(messages[0].contains("Task.immediate"))
    #expect(messages[1] == messages[0])
    #expect(messages[2].contains("no running event loop"))
    #expect(time == .seconds(5))
  }

  @Test("which Swift task is current the runtime says the same by either way")
  func currentTask() async throws {
    let slow = CurrentSwiftTask.slowAddress()
    #expect(slow != 0)
    #expect(CurrentSwiftTask.address() == slow)
    async let child = CurrentSwiftTask.address() == CurrentSwiftTask.slowAddress()
    #expect(await child)
    let (outside, alsoOutside) = try joinThread { (CurrentSwiftTask.address(), CurrentSwiftTask.slowAddress()) }
    #expect(outside == 0)
    #expect(alsoOutside == 0)
  }

  @Test("a continuation tells whose it is by its pointer, which is that of its Swift task")
  func continuationsPointer() async {
    var isItsTask = false
    await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
      isItsTask = JobID(continuation) == JobID.current
      continuation.resume()
    }
    #expect(isItsTask)
  }
}

@Sendable private func loopTime() -> Duration { EventLoop.running()?.elapsed ?? .zero }
