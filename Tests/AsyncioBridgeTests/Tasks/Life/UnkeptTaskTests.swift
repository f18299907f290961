import Testing

@testable import AsyncioBridge

/// Tasks that nobody keeps but what they wait for: through each kind of await, and each hand-over between them.
@Suite struct UnkeptTaskTests {
  private actor Plain {
    func sleep() async throws { try await Asyncio.sleep(.milliseconds(1)) }
    func giveUpATurn() async throws { try await Asyncio.sleep(.zero) }
    func waitForATask() async throws { _ = try await Asyncio.createTask { 1 }.value }
    func sleepElsewhere() async throws { try await Task.sleep(for: .milliseconds(1)) }
    func comeBackAndGoAway() async throws {
      try await Asyncio.sleep(.milliseconds(1))
      try await Task.sleep(for: .milliseconds(1))
      try await Asyncio.sleep(.milliseconds(1))
    }
    func spawn() async throws {
      async let child: Void = Asyncio.sleep(.milliseconds(1))
      try await child
    }
  }

  private actor Pinned {
    let loop: Asyncio.LoopHandle
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.unownedExecutor }
    init(_ loop: Asyncio.LoopHandle) { self.loop = loop }
    func sleep() async throws { try await Asyncio.sleep(.milliseconds(1)) }
  }

  enum Kind: String, CaseIterable {
    case sleep, turn, plainActorSleeps, plainActorGivesUpATurn, plainActorWaitsForATask, plainActorSleepsElsewhere
    case plainActorComesBack, plainActorHasAChild, pinnedActor, swiftSleep, child, group, condition, queue, waitFor
  }

  private static func await(_ kind: Kind, on loop: Asyncio.LoopHandle) async throws {
    let plain = Plain()
    switch kind {
    case .sleep: try await Asyncio.sleep(.milliseconds(1))
    case .turn: try await Asyncio.sleep(.zero)
    case .plainActorSleeps: try await plain.sleep()
    case .plainActorGivesUpATurn: try await plain.giveUpATurn()
    case .plainActorWaitsForATask: try await plain.waitForATask()
    case .plainActorSleepsElsewhere: try await plain.sleepElsewhere()
    case .plainActorComesBack: try await plain.comeBackAndGoAway()
    case .plainActorHasAChild: try await plain.spawn()
    case .pinnedActor: try await Pinned(loop).sleep()
    case .swiftSleep: try await Task.sleep(for: .milliseconds(1))
    case .child:
      async let child: Void = Asyncio.sleep(.milliseconds(1))
      try await child
    case .group:
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await Asyncio.sleep(.milliseconds(1)) }
        try await group.waitForAll()
      }
    case .condition:
      let condition = Asyncio.Condition()
      Asyncio.createTask { try await condition.withLock { try condition.notifyAll() } }
      _ = try await condition.withLock { try await condition.wait() }
    case .queue:
      let queue = Asyncio.Queue<Int>()
      Asyncio.createTask { try queue.putNowait(1) }
      _ = try await queue.get()
    case .waitFor: try await Asyncio.waitFor(timeout: .seconds(5)) { try await plain.sleep() }
    }
  }

  @Test(
    "a task that nobody keeps goes through every kind of await to its end",
    arguments: Kind.allCases,
    [false, true]
  )
  func everyAwait(_ kind: Kind, reusesHosts: Bool) throws {
    for clock in Asyncio.LoopClock.Kind.both {
      let loop = EventLoop(clock: clock, reusesHosts: reusesHosts)
      let reports = Reports(loop)
      let ends = Journal<Int>()
      let handle = loop.threadsafe
      try loop.runUntilComplete {
        for round in 0..<3 {
          let done = loop.createFuture(of: Void.self)
          Asyncio.createTask {
            try await Self.await(kind, on: handle)
            try await Self.await(kind, on: handle)
            ends.append(round)
            try done.setResult()
          }
          try await done.value
        }
      }
      try loop.close()
      #expect(ends.entries == [0, 1, 2])
      #expect(reports.messages == [])
    }
  }
}
