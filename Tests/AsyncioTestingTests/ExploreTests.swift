import AsyncioBridge
import Foundation
import Testing

@testable import AsyncioTesting

@Suite struct ExploreTests {
  // MARK: Finding

  @Test("what is right is silent, under any search", arguments: 0..<5)
  func silence(_ search: Int) async throws {
    let searches: [Asyncio.Exploration.Search] = [.standard, .random, .pos, .pct(changes: 2), .delays(upTo: 2)]
    let exploration = Asyncio.Exploration(search: searches[search], schedules: 500, time: nil)
    for body in RightTwins.all {
      let result = try await Asyncio.explore(exploration, body)
      #expect(result.schedules > 1)
      #expect(result.distinct > 1)
    }
  }

  @Test("the result tells when every schedule with so many delays has been tried")
  func exhaustion() async throws {
    let small = Asyncio.Exploration(search: .delays(upTo: 2), time: nil)
    let result = try await Asyncio.explore(small) {
      async let a: Void = Task.yield(); await a
    }
    #expect(result.exhaustedDelays == 2)
    #expect(result.description.hasSuffix("every schedule with at most 2 delays"))
    let cut = Asyncio.Exploration(search: .delays(upTo: 2), schedules: 2, time: nil)
    #expect(try await Asyncio.explore(cut, RightTwins.account).exhaustedDelays == 0)
  }

  @Test("what is never true is told, what is once is not")
  func hopes() async throws {
    let result = try await Asyncio.explore(Asyncio.Exploration(time: nil)) {
      let cell = Cell()
      async let write: Void = cell.set(1)
      Asyncio.sometimes("read before it is written", await cell.value == 0)
      Asyncio.sometimes("two", await cell.value == 2)
      await write
    }
    #expect(result.neverTrue == ["two"])
  }

  @Test("that a timer is due before what is ready counts as a delay of that")
  func lateness() async throws {
    let exploration = Asyncio.Exploration(
      search: .delays(upTo: 1),
      time: nil,
      level: .timing,
      lateness: .seconds(1)
    )
    let found = try await foundFailure(exploration) {
      let sleeper = Asyncio.createTask { try await Asyncio.sleep(.milliseconds(1)) }
      for _ in 0..<5 { try await Asyncio.sleep(.zero) }
      try check(!sleeper.isDone, "it has slept less than five turns")
    }
    #expect(found.description.contains("1 deviation"))
  }

  // MARK: Kinds of failures

  @Test("an error, a check, a deadlock, a livelock and a report are failures that say what they are")
  func kinds() async throws {
    let error = try await foundFailure { throw Violation("thrown") }
    #expect(error.failure == "thrown")
    let check = try await foundFailure { Asyncio.check(1 > 2, "one is no more than two") }
    #expect(check.failure == "one is no more than two")
    let deadlock = try await foundFailure {
      _ = try await Asyncio.EventLoop.running()!.createFuture(of: Int.self).value
    }
    #expect(deadlock.failure.hasPrefix("deadlock: nothing is ready, and no timer is set\n"))
    let livelock = try await foundFailure(Asyncio.Exploration(stepLimit: 100)) { while true { await Task.yield() } }
    #expect(livelock.failure == "livelock: 100 steps, and no end; more may run with a higher stepLimit")
    let report = try await foundFailure {
      Asyncio.createTask { throw Violation("nobody asks") }
      try await Asyncio.sleep(.seconds(1))
    }
    #expect(report.failure.hasPrefix("reported to the exception handler"))
  }

  @Test("the table has a column for each task, and marks where the schedule departs from first in, first out")
  func table() async throws {
    let found = try await foundFailure { try await tornRead() }
    #expect(found.schedule.hasPrefix("x1-"))
    let lines = found.table.split(separator: "\n")
    #expect(lines[0].contains("1 'test'") && lines[0].contains("task 2") && lines[0].contains("task 3"))
    #expect(lines.count { $0.prefix(8).contains("*") && $0.contains("  instead of task ") } == 1)
    #expect(found.table.contains("enters Cell"))
  }

  // MARK: Replay

  @Test("a text that is no schedule, or is another program's, is refused with a reason")
  func refusedReplays() async throws {
    for text in ["", "x2-4d-3fa2", "x1-4x-3fa2", "x1-4d"] {
      await #expect(throws: Asyncio.ReplayError.self) { try await Asyncio.explore(replaying: text) {} }
    }
    let error = await #expect(throws: Asyncio.ReplayError.self) {
      try await Asyncio.explore(replaying: "x1-3d-1") { try await tornRead() }
    }
    #expect(error?.description.contains("of another program") == true)
    #expect(try await Asyncio.explore(replaying: "x1-fifo", RightTwins.account).schedules == 0)
  }

  @Test("a schedule's text can be read again")
  func texts() {
    let deviations = [Deviation(4, .delay), Deviation(9, .pick(2))]
    let text = ScheduleText(deviations, candidateCounts: Array(repeating: 2, count: 12))
    #expect(text.description.hasPrefix("x1-4d,9:2-"))
    #expect(ScheduleText(text.description) == text)
    #expect(text.fits(candidateCounts: Array(repeating: 2, count: 10)))
    #expect(!text.fits(candidateCounts: Array(repeating: 3, count: 10)))
    #expect(ScheduleText("x1-fifo") == ScheduleText([], candidateCounts: [2, 2]))
  }

  @Test("a hundred replays of a schedule are alike")
  func replays() async throws {
    let found = try await foundFailure { try await chain() }
    for _ in 0..<100 {
      let again = try await foundFailure(replaying: found.schedule, chain)
      #expect(again.table == found.table)
    }
  }

  // MARK: What is kept

  @Test("stray tasks, main-actor code, sleeps and clocks are the loop's")
  func reach() async throws {
    let result = try await Asyncio.explore(Asyncio.Exploration(schedules: 50, time: nil)) {
      let start = ContinuousClock.now
      await Task.detached { await MainActor.run { MainActor.assertIsolated() } }.value
      try await Task { try await Task.sleep(for: .seconds(3600)) }.value
      #expect(ContinuousClock.now - start == .seconds(3600))
      #expect(Asyncio.EventLoop.running() != nil)
    }
    #if os(Linux)
      #expect(result.reach.description == "sleeps, clocks, stray tasks, main actor, actor names")
    #endif
  }

  @Test("without adoption the same program runs, with its strays elsewhere")
  func withoutAdoption() async throws {
    let exploration = Asyncio.Exploration(search: .fifo, time: nil, foreignPatience: .seconds(600), adopting: false)
    _ = try await Asyncio.explore(exploration) {
      let isElsewhere = await Task.detached { Asyncio.EventLoop.running() == nil }.value
      #expect(isElsewhere)
    }
  }

  @Test("other threads may take part: the schedule waits for them")
  func foreign() async throws {
    let exploration = Asyncio.Exploration(schedules: 20, time: nil, foreignPatience: .seconds(600))
    let result = try await Asyncio.explore(exploration) {
      let value = await withCheckedContinuation { continuation in
        Thread.detachNewThread { continuation.resume(returning: 1) }
      }
      #expect(value == 1)
    }
    #expect(result.schedules == 20)
  }

  @Test("ten thousand schedules leave nothing behind, but for the tasks that hang")
  func memory() async throws {
    struct Reference { weak var loop: Asyncio.EventLoop? }
    let kept = Shared<[Reference]>([])
    let result = try await Asyncio.explore(Asyncio.Exploration(schedules: 10_000, time: nil)) {
      kept.append(Reference(loop: Asyncio.EventLoop.running()))
      let cell = Cell()
      Asyncio.createTask { await cell.set(1) }
      Task { await cell.set(2) }
      _ = try await Asyncio.waitFor(Asyncio.createTask { await cell.value }, timeout: .seconds(1))
    }
    #expect(result.schedules == 10_000)
    #expect(kept.current.count == 10_000)
    #expect(kept.current.count { $0.loop != nil } == 0)
  }

  // MARK: Virtual time

  @Test("virtual time, once")
  func virtualTime() async throws {
    let passed = try await Asyncio.withVirtualTime {
      let start = ContinuousClock.now
      try await Task.sleep(for: .seconds(86_400))
      return ContinuousClock.now - start
    }
    #expect(passed == .seconds(86_400))
    await #expect(throws: Asyncio.ScheduleFailure.self) {
      try await Asyncio.withVirtualTime { throw Violation("in virtual time") }
    }
  }

  @Test("the trait runs a test in virtual time", .virtualTime)
  func virtualTimeTrait() async throws {
    let start = ContinuousClock.now
    try await Task.sleep(for: .seconds(3600))
    #expect(ContinuousClock.now - start == .seconds(3600))
  }

  @Test("loops follow the version of Python that is asked for", .virtualTime(semantics: .python3_13))
  func semantics() async throws {
    #expect(Asyncio.EventLoop.running()?.semantics == .python3_13)
    for semantics in [Asyncio.Semantics.python3_8, .python3_13] {
      let expectsSemantics: @Sendable () async throws -> Void = {
        guard Asyncio.EventLoop.running()?.semantics == semantics else { throw Violation("follows another version") }
      }
      try await Asyncio.withVirtualTime(semantics: semantics, expectsSemantics)
      try await Asyncio.explore(Asyncio.Exploration(schedules: 2, semantics: semantics), expectsSemantics)
    }
  }

  @Test("the trait runs a test under many schedules", .explored(Asyncio.Exploration(schedules: 100, time: nil)))
  func explorationTrait() async throws {
    try await RightTwins.account()
    Asyncio.sometimes("it runs")
  }

  @Test("the library's facts about jobs hold in this build")
  func layout() { #expect(ExploredJobs.haveKnownLayout) }
}

/// Programs like the known bugs, but right.
enum RightTwins {
  static let all = [account, order, read]

  static let account: @Sendable () async throws -> Void = {
    actor Account {
      var balance = 100
      let bank = Bank()
      func withdraw(_ amount: Int) async -> Bool {
        guard balance >= amount else { return false }
        balance -= amount
        await bank.approve()
        return true
      }
    }
    let account = Account()
    async let a = account.withdraw(80)
    async let b = account.withdraw(80)
    let both = await (a, b)
    try check(both.0 != both.1, "one of them")
    try check(await account.balance == 20, "overdrawn")
  }

  static let order: @Sendable () async throws -> Void = {
    let (first, second) = (AsyncLock(), AsyncLock())
    @Sendable func both() async {
      await first.lock()
      await second.lock()
      await second.unlock()
      await first.unlock()
    }
    async let a: Void = both()
    async let b: Void = both()
    _ = await (a, b)
  }

  static let read: @Sendable () async throws -> Void = {
    actor Pair {
      private var values = (0, 0)
      func set(_ value: Int) { values = (value, value) }
      func read() -> (Int, Int) { values }
    }
    let pair = Pair()
    let writer = Task { for value in 1...3 { await pair.set(value) } }
    let reader = Task { await pair.read() }
    await writer.value
    let (first, second) = await reader.value
    try check(first == second, "torn read")
  }
}
