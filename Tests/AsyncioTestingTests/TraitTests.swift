import AsyncioBridge
import Dispatch
import Testing

@testable import AsyncioTesting

/// The traits, with what tests may come to that are no programs of the library's.
@Suite struct TraitTests {
  /// Runs a function as a test with a trait, which must record one issue.
  private static func issue(
    of trait: some TestScoping,
    _ function: @concurrent @Sendable () async throws -> Void
  ) async throws -> String {
    let texts = Shared<[String]>([])
    let (test, testCase) = (try #require(Test.current), try #require(Test.Case.current))
    try await withKnownIssue {
      try await trait.provideScope(for: test, testCase: testCase, performing: function)
    } matching: { issue in
      texts.append("\(issue)")
      return true
    }
    #expect(texts.current.count == 1)
    return texts.current.first ?? ""
  }

  @Test("a body that hangs is a deadlock, and the process goes on")
  func deadlocks() async throws {
    let hangs: @Sendable () async -> Void = { await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in } }
    let text = try await Self.issue(of: ExplorationTrait.explored) { await hangs() }
    #expect(text.contains("deadlock: nothing is ready"))
    #expect(text.contains("raise foreignPatience"))
    let awaits = try await Self.issue(of: ExplorationTrait.explored) { await Task { await hangs() }.value }
    #expect(awaits.contains("deadlock: nothing is ready"))
    let virtual = try await Self.issue(of: VirtualTimeTrait.virtualTime) { await hangs() }
    #expect(virtual.contains("deadlock: nothing is ready"))
  }

  @Test("the environment names a test by its name, with or without its suites")
  func namedByEnvironment() {
    let test = ["Suites", "BankTests", "audits()"]
    #expect(Environment.schedule(in: "x1-fifo", of: test) == "x1-fifo")
    #expect(Environment.schedule(in: "audits()=x1-fifo", of: test) == "x1-fifo")
    #expect(Environment.schedule(in: "BankTests/audits()=x1-fifo", of: test) == "x1-fifo")
    #expect(Environment.schedule(in: "OtherTests/audits()=x1-fifo", of: test) == nil)
    #expect(Environment.schedule(in: "audits()=x1-fifo", of: nil) == nil)
  }

  @Test(
    "a body waits for another thread",
    .explored(Asyncio.Exploration(schedules: 5, time: nil, foreignPatience: .seconds(600)))
  )
  func otherThread() async {
    await withCheckedContinuation { continuation in DispatchQueue.global().async { continuation.resume() } }
  }

  @Test("known issues and warnings are no failures", .explored(Asyncio.Exploration(schedules: 5, time: nil)))
  func knownIssues() async {
    await withKnownIssue {
      await Task.yield()
      Issue.record("known")
    }
  }

  @Test(
    "a task that polls is no livelock",
    arguments: [.delays(upTo: 1), .random, .pos, .pct(changes: 2)] as [Asyncio.Exploration.Search]
  )
  func polling(_ search: Asyncio.Exploration.Search) async throws {
    try await Asyncio.explore(Asyncio.Exploration(search: search, schedules: 200, time: nil)) {
      let task = Task { while !Task.isCancelled { await Task.yield() } }
      await Task.yield()
      task.cancel()
      await task.value
    }
  }

  @Test("a task that outlives the body may go on without end", .explored(Asyncio.Exploration(schedules: 20, time: nil)))
  func heartbeat() async throws {
    Task { while true { try await Task.sleep(for: .seconds(1)) } }
  }

  @Test("a long program has an end in virtual time", .virtualTime)
  func longProgram() async throws {
    for _ in 0..<6000 { try await Task.sleep(for: .seconds(1)) }
  }

  @Test("what a failed requirement says is in the report, and all that failed before it")
  func requirement() async throws {
    let found = try await foundFailure {
      await Task.yield()
      #expect(1 > 2)
      try #require(2 > 3)
    }
    #expect(found.failure.contains("1 > 2"))
    #expect(found.failure.contains("2 > 3"))
    #expect(found.failure.contains("TraitTests.swift:"))
  }
}
