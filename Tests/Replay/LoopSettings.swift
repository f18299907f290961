import AsyncioBridge

/// How a scenario's loop is made.
struct LoopSettings {
  /// Which Python the loop follows.
  var semantics = Asyncio.Semantics.python3_8
  /// Whether the Swift tasks that run the bodies are kept, which must make no difference.
  var reusesHosts = false
  /// Whether a schedule chooses what runs next, one that departs nowhere from first in, first out; which must make no
  /// difference either.
  var isExplored = false

  func makeLoop() -> Asyncio.EventLoop {
    let loop = Asyncio.EventLoop(clock: .virtual, reusesHosts: reusesHosts, semantics: semantics)
    if isExplored { loop.follow(Schedule(Self.firstInFirstOut)) }
    return loop
  }

  private static let firstInFirstOut = Schedule.Settings(
    strategy: .following([]),
    level: .any,
    lateness: 0,
    stepLimit: .max,
    jumpPatience: 0,
    deadlockPatience: 0,
    keepsSteps: false,
    adoptsStrays: false
  )
}
