import Testing

@testable import AsyncioBridge

#if os(Linux)
  /// Sleeps of Swift's own on a virtual loop.
  @Suite struct HostedSleepTests {
    enum Form: CaseIterable {
      case duration, nanoseconds, deadline, suspendingClock, actor, asyncLet, group, childOfChild

      /// Sleeps for two seconds.
      func sleep() async throws {
        switch self {
        case .duration: try await Task.sleep(for: .seconds(2))
        case .nanoseconds: try await Task.sleep(nanoseconds: 2_000_000_000)
        case .deadline: try await Task.sleep(until: .now + .seconds(2), clock: .continuous)
        case .suspendingClock: try await SuspendingClock().sleep(until: .now + .seconds(2))
        case .actor: try await Sleeper().sleep()
        case .asyncLet:
          async let nap: Void = Task.sleep(for: .seconds(2))
          try await nap
        case .group:
          try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 { group.addTask { try await Task.sleep(for: .seconds(2)) } }
            try await group.waitForAll()
          }
        case .childOfChild:
          async let outer: Void = Form.asyncLet.sleep()
          try await outer
        }
      }
    }

    private actor Sleeper {
      func sleep() async throws { try await Task.sleep(for: .seconds(2)) }
    }

    @Test("a sleep takes virtual time, and Swift's clocks agree with the loop's", arguments: Form.allCases)
    func sleep(_ form: Form) throws {
      let times = try runOnLoop { loop in
        let (continuous, suspending) = (ContinuousClock.now, SuspendingClock.now)
        try await form.sleep()
        return [loop.elapsed, ContinuousClock.now - continuous, SuspendingClock.now - suspending]
      }
      #expect(times == [.seconds(2), .seconds(2), .seconds(2)])
    }

    @Test("a cancelled sleep ends at once, and leaves no timer that time would go on to", arguments: Form.allCases)
    func cancellation(_ form: Form) throws {
      try withLoop { loop in
        let task = try loop.createTask { try await form.sleep() }
        try loop.callLater(.seconds(1)) { task.cancel() }
        try loop.runUntilIdle()
        #expect(task.isCancelled)
        #expect(loop.elapsed == .seconds(1))
      }
    }

    @Test("loops that are closed while their tasks sleep end the sleeps, later ones too", arguments: Form.allCases)
    func closing(_ form: Form) throws {
      let ended = Box(false)
      let loop = EventLoop(clock: .virtual)
      loop.logger = { _ in }
      try loop.createTask {
        try? await form.sleep()
        try? await form.sleep()
        ended.value = true
      }
      try loop.runBriefly()
      try loop.close()
      #expect(ended.value)
      #expect(loop.hostedSleeps.isEmpty)
      // The thread's next loop gets this queue.
      #expect(loop.timers.cancelledCount == 0)
      expectNoObjects(loop.debugCounters)
    }

    @Test("sleeps and asyncio's timers come in the order of their deadlines, equal ones as they were set", .pinsOrder)
    func order() throws {
      let trace = try runOnLoop { loop in
        let trace = Box<[String]>([])
        func note(_ name: String, _ sleep: @escaping () async throws -> Void) -> Asyncio.Task<Void> {
          Asyncio.createTask {
            try await sleep()
            trace.value.append(name)
          }
        }
        let tasks = [
          note("swift 2") { try await Task.sleep(for: .seconds(2)) },
          note("asyncio 1") { try await Asyncio.sleep(.seconds(1)) },
          note("asyncio 2") { try await Asyncio.sleep(.seconds(2)) },
          note("swift 1") { try await Task.sleep(for: .seconds(1)) },
        ]
        _ = try await Asyncio.gather(tasks).value
        return trace.value
      }
      #expect(trace == ["asyncio 1", "swift 1", "swift 2", "asyncio 2"])
    }

    @Test("a loop in real time leaves sleeps to Swift")
    func realTime() throws {
      try runOnLoop(.monotonic) { loop in
        let start = ContinuousClock.now
        try await Task.sleep(for: .milliseconds(2))
        #expect(ContinuousClock.now - start >= .milliseconds(2))
        #expect(loop.hostedSleeps.isEmpty)
      }
    }
  }
#endif
