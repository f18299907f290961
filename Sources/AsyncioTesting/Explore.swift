public import AsyncioBridge
import Synchronization

extension Asyncio {
  /// Runs a body under many schedules, each time on a new virtual loop, until one fails.
  ///
  /// Unmodified async code runs in it: plain actors, `Task {}`, `async let`, task groups, code of the main actor,
  /// `Task.sleep`, Swift's clocks, streams, and asyncio programs. What the body uses should be made in it: what lies
  /// outside is shared by all schedules. It blocks the thread; async code uses the other form.
  ///
  /// ```swift
  /// try Asyncio.explore {
  ///   let account = Account(balance: 100)
  ///   async let a = account.withdraw(80)
  ///   async let b = account.withdraw(80)
  ///   _ = await (a, b)
  ///   if await account.balance < 0 { throw Overdrawn() }
  /// }
  /// ```
  /// - Parameters:
  ///   - exploration: which schedules are tried, and how long.
  ///   - schedule: a schedule's text: it alone is tried. The environment's `ASYNCIO_SCHEDULE` stands for it.
  ///   - failures: how many failures the test framework has counted (with XCTest, `testRun!.failureCount`): a schedule
  ///     that adds to them has failed. Swift Testing's issues are seen without.
  ///   - body: what is run.
  /// - Returns: what has been tried.
  /// - Throws: ``ScheduleFailure`` for a schedule under which the body throws, deadlocks, runs without end, or leaves
  ///   something that the exception handler is told of; ``ReplayError`` for a text that is no schedule of this program.
  @available(*, noasync, message: "this blocks the thread: use 'try await Asyncio.explore' from async code")
  @discardableResult
  public static func explore(
    _ exploration: Exploration = Exploration(),
    replaying schedule: String? = nil,
    failures: (() -> Int)? = nil,
    _ body: @escaping @Sendable () async throws -> Void
  ) throws -> Exploration.Result {
    let schedule = schedule ?? Environment.schedule()
    return try withoutActuallyEscaping(failures ?? { 0 }) { failures in
      var known = failures()
      func newFailures() -> [String] {
        let count = failures()
        defer { known = count }
        return count > known ? ["\(count - known) failures were recorded"] : []
      }
      #if canImport(Testing)
        let issues = TestIssues.current(areShown: schedule != nil)
        return try Explorer(exploration.adjustedByEnvironment(), replaying: schedule) {
          newFailures() + (issues?.takeAll() ?? [])
        }.run(issues?.noted(body) ?? body)
      #else
        return try Explorer(exploration.adjustedByEnvironment(), replaying: schedule, issues: newFailures).run(body)
      #endif
    }
  }

  /// Runs a body under many schedules, on a thread of its own. See ``explore(_:replaying:failures:_:)``.
  ///
  /// The body has the caller's task-local values. Cancelling the caller does not end it.
  @concurrent
  @discardableResult
  public static func explore(
    _ exploration: Exploration = Exploration(),
    replaying schedule: String? = nil,
    _ body: @escaping @Sendable () async throws -> Void
  ) async throws -> Exploration.Result {
    try await onOwnThread {
      try explore(exploration, replaying: schedule, failures: nil, body)
    }
  }

  /// Runs a body once, first in, first out, in virtual time. It blocks the thread.
  /// - Parameters:
  ///   - semantics: which Python the loop follows.
  ///   - body: what is run.
  /// - Returns: what the body returns.
  /// - Throws: ``ScheduleFailure``, for what the body throws too, and for all else that
  ///   ``explore(_:replaying:failures:_:)`` calls a failure, but for what a test records: that stands in its place.
  @available(*, noasync, message: "this blocks the thread: use 'try await Asyncio.withVirtualTime' from async code")
  public static func withVirtualTime<Value: Sendable>(
    semantics: Semantics = .python3_8,
    _ body: @escaping @Sendable () async throws -> Value
  ) throws -> Value {
    let returned = Mutex<Value?>(nil)
    // Time passes in it, so a program may well be long.
    let once = Exploration(search: .fifo, schedules: 1, time: nil, stepLimit: 10_000_000, semantics: semantics)
    _ = try Explorer(once.adjustedByEnvironment(), replaying: "x1-fifo", issues: { [] }).run {
      let value = try await body()
      returned.withLock { $0 = value }
    }
    guard let value = returned.withLock({ $0 }) else {
      preconditionFailure("AsyncioTesting: a body has ended, and neither returned nor failed")
    }
    return value
  }

  /// Runs a body once, first in, first out, in virtual time, on a thread of its own.
  /// - Parameters:
  ///   - semantics: which Python the loop follows.
  ///   - body: what is run.
  /// - Returns: what the body returns.
  /// - Throws: as the blocking form.
  @concurrent
  public static func withVirtualTime<Value: Sendable>(
    semantics: Semantics = .python3_8,
    _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    try await onOwnThread { try withVirtualTime(semantics: semantics, body) }
  }
}
