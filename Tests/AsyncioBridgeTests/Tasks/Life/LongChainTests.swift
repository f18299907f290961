import Testing

@testable import AsyncioBridge

/// Chains of futures each of which waits for the next, so long that a walk which recurses would use up the stack, and
/// one that takes the square of the time would take minutes.
@Suite struct LongChainTests {
  /// What a chain is made of.
  enum Link: CaseIterable, Sendable {
    case task, shield, shieldAlone, gather, wait, waitFor

    /// A future that waits for the one below.
    func make(above below: Asyncio.Future<Int>, on loop: EventLoop) throws -> Asyncio.Future<Int> {
      switch self {
      case .task: try loop.createTask { try await below.value }
      case .shield: try loop.createTask { try await Asyncio.shield(below).value }
      case .shieldAlone: Asyncio.shield(below)
      case .gather: try Asyncio.gather([below], returnsErrors: false) { (try? $0[0].get()) ?? 0 }
      case .wait:
        try loop.createTask {
          _ = try await Asyncio.wait([below])
          return try below.result()
        }
      case .waitFor: try loop.createTask { try await Asyncio.waitFor(below, timeout: .seconds(1_000)) }
      }
    }

    var isTask: Bool { self != .shieldAlone && self != .gather }
    /// Whether cancelling the top reaches the bottom.
    var passesOn: Bool { self == .task || self == .gather || self == .waitFor }
    /// Whether there is a timer for each, so that a loop in virtual time does not come to rest.
    var hasTimer: Bool { self == .waitFor }
  }

  private static var length: Int { 20_000 }

  private func makeChain(
    of link: Link,
    on loop: EventLoop
  ) throws -> (bottom: Asyncio.Future<Int>, top: Asyncio.Future<Int>) {
    let bottom = loop.createFuture(of: Int.self)
    var top = bottom
    for _ in 0..<Self.length { top = try link.make(above: top, on: loop) }
    for _ in 0..<3 { try loop.runOneTurn() }
    return (bottom, top)
  }

  @Test("a result comes up, and the descriptions on the way are short", arguments: Link.allCases)
  func result(_ link: Link) throws {
    try withLoop { loop in
      let (bottom, top) = try makeChain(of: link, on: loop)
      #expect("\(top)".count < 1_000)
      #expect("\(bottom)".count < 1_000)
      try bottom.setResult(7)
      #expect(try loop.runUntilComplete(top) == 7)
    }
  }

  @Test("a cancellation goes down as far as it is passed on, and comes up again", arguments: Link.allCases)
  func cancellation(_ link: Link) throws {
    try withLoop { loop in
      let (bottom, top) = try makeChain(of: link, on: loop)
      #expect(top.cancel())
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(top) }
      #expect(bottom.isCancelled == link.passesOn)
      bottom.cancel()
      try loop.runUntilIdle()
      #expect(Asyncio.allTasks(loop).isEmpty)
    }
  }

  @Test("a cancellation of the bottom comes up", arguments: Link.allCases)
  func cancellationOfTheBottom(_ link: Link) throws {
    try withLoop { loop in
      let (bottom, top) = try makeChain(of: link, on: loop)
      bottom.cancel()
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(top) }
    }
  }

  @Test("a run that waits for it in vain names those that wait", arguments: Link.allCases.filter { !$0.hasTimer })
  func deadlock(_ link: Link) throws {
    try withLoop { loop in
      let (bottom, top) = try makeChain(of: link, on: loop)
      let error = #expect(throws: Asyncio.DeadlockError.self) { try loop.runUntilComplete(top) }
      #expect(error?.waitingTasks.count == (link.isTask ? Self.length : 0))
      #expect(error?.description.isEmpty == false)
      bottom.cancel()
      try loop.runUntilIdle()
    }
  }

  @Test("closing the loop reports each task briefly, and lets all of it go", arguments: Link.allCases)
  func closing(_ link: Link) throws {
    let loop = EventLoop(clock: .virtual)
    var reports = 0
    var longest = 0
    loop.exceptionHandler = { _, context in
      reports += 1
      longest = max(longest, context.description.count)
    }
    try {
      let chain = try makeChain(of: link, on: loop)
      try loop.close()
      withExtendedLifetime(chain) {}
    }()
    #expect(reports == (link.isTask ? Self.length : 0))
    #expect(longest < 2_000)
    expectNoObjects(loop.debugCounters)
  }

  @Test("a chain that nobody keeps goes", arguments: [Link.shieldAlone, .gather])
  func dropping(_ link: Link) throws {
    try withLoop { loop in
      _ = try makeChain(of: link, on: loop)
      if DebugCounters.areKept, link == .shieldAlone { #expect(loop.debugCounters.futures == 0) }
    }
  }
}
