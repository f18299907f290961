import Foundation
import Testing

@testable import AsyncioBridge

/// Bodies that wait for the main actor, while their loop blocks its thread: each in a process of its own, which it
/// would hang.
@Suite struct MainActorReportTests {
  @Test("a body that belongs to the main actor is reported by its name, at once in virtual time")
  func inVirtualTime() async {
    await #expect(processExitsWith: .exitCode(7)) {
      try await MainActor.run { try runOnTheMainThread(.virtual, exitAt: "stuck") { @MainActor in } }
    }
  }

  @Test("a body that belongs to the main actor is reported by its name, after a second in real time")
  func inRealTime() async {
    await #expect(processExitsWith: .exitCode(7)) {
      let start = monotonicNanoseconds()
      try await MainActor.run {
        try runOnTheMainThread(.monotonic, exitAt: "stuck", if: { monotonicNanoseconds() - start >= 1_000_000_000 }) {
          @MainActor in
        }
      }
    }
  }

  @Test("so is a body that calls the main actor, also if there are timers", arguments: Asyncio.LoopClock.Kind.both)
  func callOfTheMainActor(_ clock: Asyncio.LoopClock.Kind) async {
    // An exit test takes no arguments along.
    if clock == .virtual {
      await #expect(processExitsWith: .exitCode(7)) {
        try await MainActor.run {
          try runOnTheMainThread(.virtual, exitAt: "stuck", callTheMainActor)
        }
      }
    } else {
      await #expect(processExitsWith: .exitCode(7)) {
        try await MainActor.run {
          try runOnTheMainThread(.monotonic, exitAt: "stuck", callTheMainActor)
        }
      }
    }
  }

  @Test("an await of something else is not reported")
  func otherAwaits() async {
    await #expect(processExitsWith: .success) {
      try await MainActor.run {
        try runOnTheMainThread(.virtual, exitAt: "stuck", awaitSomethingElse)
      }
    }
  }
}

private nonisolated(nonsending) func awaitSomethingElse() async throws {
  try await Task.sleep(for: .milliseconds(50))
}

private nonisolated(nonsending) func callTheMainActor() async throws {
  Asyncio.createTask { while true { try await Asyncio.sleep(.seconds(1)) } }
  await MainActor.run {}
}

/// Runs a task whose name is "stuck", and ends the process when something is reported of it.
@MainActor
private func runOnTheMainThread(
  _ clock: Asyncio.LoopClock.Kind,
  exitAt name: String,
  if isInTime: @escaping () -> Bool = { true },
  _ body: nonisolated(nonsending) @escaping () async throws -> Void
) throws {
  let loop = EventLoop(clock: clock)
  loop.exceptionHandler = { _, context in
    exit(context.taskName == name && context.message.contains("main actor") && isInTime() ? 7 : 8)
  }
  // Not a closure around it, which would be of the main actor itself.
  let task = try loop.createTask(name: name, body)
  try loop.runUntilComplete(task)
}
