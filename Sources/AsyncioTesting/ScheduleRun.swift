import AsyncioBridge
import Synchronization

/// A body under one schedule.
struct ScheduleRun {
  /// What went wrong.
  enum Failure: Sendable, CustomStringConvertible {
    case thrown(String)
    case checked(String)
    case recorded(String)
    case deadlock(String)
    case livelock(Int)
    case reported(String)

    var description: String {
      switch self {
      case .thrown(let text): text
      case .checked(let text): text
      case .recorded(let text): text
      case .deadlock(let graph): "deadlock: nothing is ready, and no timer is set\n\(graph)"
      case .livelock(let limit): "livelock: \(limit) steps, and no end"
      case .reported(let text): "reported to the exception handler: \(text)"
      }
    }
  }

  typealias Body = @Sendable () async throws -> Void

  let failure: Failure?
  let deviations: [Deviation]
  let candidateCounts: [Int]
  let stepCount: Int
  let digest: Digest
  let hadForeignArrivals: Bool
  let hopes: [String: Bool]
  let table: ScheduleTable

  /// Runs `body` on a new loop, until that is idle.
  /// - Parameter issues: what has been recorded while it ran.
  @available(*, noasync)
  init(_ settings: Schedule.Settings, issues: () -> [String], _ body: @escaping Body) {
    if settings.adoptsStrays {
      _ = StrayTasks.reach
      StrayTasks.explorations.add(1, ordering: .relaxed)
    }
    defer { if settings.adoptsStrays { StrayTasks.explorations.subtract(1, ordering: .relaxed) } }
    let schedule = Schedule(settings)
    let loop = Asyncio.EventLoop(clock: .virtual)
    loop.follow(schedule)
    var reports: [String] = []
    loop.exceptionHandler = { _, context in reports.append(context.description) }
    var failure: Failure?
    func attempt(_ part: () throws -> Void) {
      do { try part() } catch let error as Asyncio.DeadlockError {
        failure = failure ?? .deadlock("\(error)")
        schedule.loseDeadlockPatience()
      } catch let error as Schedule.StepLimitError {
        failure = failure ?? .livelock(error.limit)
      } catch {
        failure = failure ?? .thrown("\(error)")
      }
    }
    attempt { try loop.runUntilComplete(name: "test") { try await body() } }
    // What the body has left behind: nothing of it is waited for that other threads may hand in.
    schedule.loseDeadlockPatience()
    attempt { try loop.runUntilIdle() }
    if let first = schedule.complaints.first { failure = failure ?? .checked(first) }
    if let first = issues().first { failure = failure ?? .recorded(first) }
    if let first = reports.first { failure = failure ?? .reported(first) }
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
    hopes = schedule.hopes
    table = ScheduleTable(steps: schedule.steps, names: schedule.names)
  }

  var text: ScheduleText { ScheduleText(deviations, candidateCounts: candidateCounts) }
}
