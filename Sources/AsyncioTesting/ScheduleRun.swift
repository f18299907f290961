import AsyncioBridge
import Synchronization

#if canImport(Testing)
  import Testing
#endif

/// A body under one schedule.
struct ScheduleRun {
  /// What went wrong.
  enum Failure: Sendable, CustomStringConvertible {
    case thrown(String)
    case checked(String)
    case recorded(String)
    /// - Parameter strays: how many tasks that `Task {}` has started are suspended.
    case deadlock(Asyncio.DeadlockError, strays: Int)
    case livelock(Int)
    case reported(String)
    case leaked(Int)

    var description: String {
      switch self {
      case .thrown(let text): text
      case .checked(let text): text
      case .recorded(let text): text
      case .deadlock(let error, let strays):
        "deadlock: nothing is ready, and no timer is set\n\(error)"
          + (error.waitsForOthers ? "\nto wait longer for another thread, raise foreignPatience" : "")
          + (strays == 0 ? "" : "\n\(Self.count(strays)) suspended too")
      case .livelock(let limit): "livelock: \(limit) steps, and no end; more may run with a higher stepLimit"
      case .reported(let text): "reported to the exception handler: \(text)"
      case .leaked(let count): "\(Self.count(count)) suspended, and nothing is left that could resume them"
      }
    }

    private static func count(_ strays: Int) -> String {
      "\(strays) of the tasks that Task {} has started \(strays == 1 ? "is" : "are")"
    }
  }

  typealias Body = @Sendable () async throws -> Void

  let failure: Failure?
  let deviations: [Deviation]
  let candidateCounts: [Int]
  let stepCount: Int
  let digest: Digest
  let hadForeignArrivals: Bool
  let departures: Departures
  let hopes: [String: Bool]
  let interleaving: Interleaving

  /// Runs `body` on a new loop, until that is idle.
  /// - Parameters:
  ///   - semantics: which Python the loop follows.
  ///   - isNested: whether a schedule waits for this one.
  ///   - leaks: what tasks that are left suspended count as.
  ///   - progress: is told of each step.
  ///   - issues: what has been recorded while it ran.
  @available(*, noasync)
  init(
    _ settings: Schedule.Settings,
    semantics: Asyncio.Semantics,
    isNested: Bool,
    leaks: Asyncio.Exploration.Leaks,
    progress: ScheduleProgress,
    issues: () -> [String],
    _ body: @escaping Body
  ) {
    if settings.adoptsStrays {
      _ = StrayTasks.reach
      StrayTasks.explorations.add(1, ordering: .relaxed)
    }
    defer { if settings.adoptsStrays { StrayTasks.explorations.subtract(1, ordering: .relaxed) } }
    let schedule = Schedule(settings, progress: progress)
    let turn = MainActorTurn()
    if !isNested { schedule.willUseMainActor = turn.take }
    defer { turn.end() }
    let loop = Asyncio.EventLoop(clock: .virtual, semantics: semantics)
    let ownersAtFirst = loop.strayOwnerCount
    /// How many tasks that `Task {}` has started have not ended. Each owns the loop's executor.
    var strays: Int { max(loop.strayOwnerCount - ownersAtFirst, 0) }
    loop.follow(schedule)
    var reports: [String] = []
    loop.exceptionHandler = { _, context in reports.append(context.description) }
    var failure: Failure?
    func attempt(_ part: () throws -> Void) {
      do { try part() } catch let error as Asyncio.DeadlockError {
        failure = failure ?? .deadlock(error, strays: strays)
        schedule.loseDeadlockPatience()
      } catch let error as Schedule.StepLimitError {
        failure = failure ?? .livelock(error.limit)
      } catch {
        failure = failure ?? (isOfExpectation(error) ? .recorded("\(error)") : .thrown("\(error)"))
      }
    }
    attempt { try loop.runUntilComplete(name: "test") { try await body() } }
    // What the body has left behind may go on without end; nothing of it is waited for that other threads may hand in.
    schedule.loseDeadlockPatience()
    schedule.limitSteps(to: Self.mostStepsAfterBody)
    attempt { do { try loop.runUntilIdle() } catch is Schedule.StepLimitError {} }
    if let first = schedule.complaints.first { failure = failure ?? .checked(first) }
    let issues = issues()
    if !issues.isEmpty {
      switch failure {
      // What a failed #require throws has been recorded too, and says less.
      case nil, .recorded: failure = .recorded(issues.joined(separator: "\n"))
      default: break
      }
    }
    if let first = reports.first { failure = failure ?? .reported(first) }
    if leaks == .fail, strays > 0 { failure = failure ?? .leaked(strays) }
    // From here on nothing of it counts.
    loop.exceptionHandler = { _, _ in }
    loop.logger = { _ in }
    try? loop.close()
    loop.exceptionHandler = nil
    self.failure = failure
    deviations = schedule.deviations
    candidateCounts = schedule.candidateCounts
    stepCount = schedule.stepCount
    digest = schedule.digest
    hadForeignArrivals = schedule.hadForeignArrivals
    departures = Departures(count: schedule.departureCount)
    hopes = schedule.hopes
    interleaving = Interleaving(schedule)
  }

  private static var mostStepsAfterBody: Int { 1000 }

  var text: ScheduleText { ScheduleText(deviations, candidateCounts: candidateCounts) }
}

/// How often a task went on in Swift's pool: an addition to what is told otherwise.
struct Departures: CustomStringConvertible {
  let count: Int

  var description: String { count == 0 ? "" : "; \(count) times a task went on in Swift's pool" }
}

/// Whether it is what a failed `#require` throws.
private func isOfExpectation(_ error: any Error) -> Bool {
  #if canImport(Testing)
    error is ExpectationFailedError
  #else
    false
  #endif
}

extension Asyncio.DeadlockError {
  /// Whether a task is in an await that another thread may end.
  fileprivate var waitsForOthers: Bool { callGraph.nodes.contains { $0.state == .foreign } }
}
