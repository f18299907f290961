import Testing

@testable import AsyncioBridge

/// What a program writes down, and what tells whether its bodies were unwound.
final class Traces {
  var entered = 0
  var left = 0
  /// Kept by the program's frames; must be gone with them.
  var kept: [() -> AnyObject?] = []

  /// Counts a scope in, and hands out an object that the scope is to keep.
  func enter() -> Box<Int> {
    entered += 1
    let box = Box(entered)
    kept.append { [weak box] in box }
    return box
  }

  func leave(_ box: Box<Int>) { left += 1 }
}

/// Checks that no future and no body of a loop is left. A release build counts none, so there this checks nothing.
func expectNoObjects(_ counters: DebugCounters, sourceLocation: SourceLocation = #_sourceLocation) {
  guard DebugCounters.areKept else { return }
  #expect(counters.futures == 0, "futures", sourceLocation: sourceLocation)
  #expect(counters.hosts == 0, "hosts", sourceLocation: sourceLocation)
}

/// Runs a program on a new loop, closes that, and checks that nothing of it remains.
func expectNoLeak(
  _ clock: Asyncio.LoopClock.Kind = .virtual,
  reports expected: Int? = nil,
  sourceLocation: SourceLocation = #_sourceLocation,
  _ program: (EventLoop, Traces) throws -> Void
) throws {
  let traces = Traces()
  weak var weakLoop: EventLoop?
  let debugCounters: DebugCounters
  var reported: [String] = []
  do {
    let loop = EventLoop(clock: clock)
    loop.policy = Shuffle.current
    weakLoop = loop
    debugCounters = loop.debugCounters
    loop.logger = { reported.append($0) }
    try program(loop, traces)
    try loop.close()
    loop.logger = { _ in }
  }
  #expect(traces.entered == traces.left, "bodies that were not unwound", sourceLocation: sourceLocation)
  #expect(traces.kept.allSatisfy { $0() == nil }, "frames that were not released", sourceLocation: sourceLocation)
  expectNoObjects(debugCounters, sourceLocation: sourceLocation)
  #expect(weakLoop == nil, "the loop", sourceLocation: sourceLocation)
  if let expected { #expect(reported.count == expected, "\(reported)", sourceLocation: sourceLocation) }
}
