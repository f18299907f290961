import AsyncioBridge
import Testing

@testable import AsyncioTesting

/// The library's own primitives, explored one after the other: each exploration keeps a core busy.
@Suite(.serialized) enum PrimitiveTests {}

/// In which orders a program of the library's own primitives is run: in every one with at most two delays, and in
/// random ones.
///
/// The programs are small, two to four tasks, so that the first can be exhausted. What they check are properties: what
/// must hold in each order.
enum Orders: CaseIterable, CustomTestStringConvertible {
  /// Those that asyncio can give: first in, first out, but a timer that is set may be due at any turn.
  case asyncios
  /// Those that asyncio of Python 3.13 can give.
  case laterAsyncios
  /// Any entry may be next. What a program takes from asyncio's order does not hold: that tasks begin in the order of
  /// their creation, or that those that were woken together go on in the order in which they waited.
  case any

  private var level: Asyncio.Exploration.Level { self == .any ? .any : .timing }
  private var semantics: Asyncio.Semantics { self == .laterAsyncios ? .python3_13 : .python3_8 }

  /// How many random orders are tried: as many as the environment's `ASYNCIOBRIDGE_TEST_ORDERS` says; or, with its
  /// `ASYNCIO_SCHEDULES`, so many for each number of turns.
  private static let randomCount = environmentVariable("ASYNCIOBRIDGE_TEST_ORDERS").flatMap { Int($0) } ?? 1000
  /// No program may have more orders with at most two delays.
  private static let mostDelays = 10_000

  var testDescription: String { self == .any ? "in any order" : "in the orders of asyncio \(semantics)" }

  /// Runs a program with each of some numbers of turns, after which it may cancel something, say, in many orders.
  ///
  /// Each name that the program hopes for must be true in one of them.
  func explore(
    turns: Range<Int>,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: @escaping @Sendable (_ turns: Int) async throws -> Void
  ) async throws {
    var neverTrue: Set<String>?
    for number in turns {
      let delays = try await explore(.delays(upTo: 2), Self.mostDelays) { try await body(number) }
      let random = try await explore(.random, Self.randomCount / turns.count) { try await body(number) }
      let never = Set(delays.neverTrue).intersection(random.neverTrue)
      neverTrue = neverTrue?.intersection(never) ?? never
      guard Environment.explores else { continue }
      #expect(
        delays.exhaustedDelays == 2 || delays.schedules == Environment.schedules,
        "\(delays)",
        sourceLocation: sourceLocation
      )
      #expect(
        random.schedules == Environment.schedules ?? Self.randomCount / turns.count,
        sourceLocation: sourceLocation
      )
    }
    if Environment.explores { #expect(neverTrue == [], sourceLocation: sourceLocation) }
  }

  private func explore(
    _ search: Asyncio.Exploration.Search,
    _ schedules: Int,
    _ body: @escaping @Sendable () async throws -> Void
  ) async throws -> Asyncio.Exploration.Result {
    let exploration = Asyncio.Exploration(
      search: search,
      schedules: schedules,
      time: nil,
      level: level,
      lateness: .seconds(1),
      foreignPatience: .zero,
      semantics: semantics
    )
    return try await Asyncio.explore(exploration, body)
  }
}

/// How a task ended.
enum Ending: Equatable {
  case value
  case cancelled
  case timedOut
  case failed

  init<Value>(_ result: Result<Value, any Error>) {
    switch result {
    case .success: self = .value
    case .failure(is CancellationError): self = .cancelled
    case .failure(is Asyncio.TimeoutError): self = .timedOut
    case .failure: self = .failed
    }
  }
}

extension Asyncio.Future {
  /// How it ended, when it has.
  nonisolated(nonsending) func ending() async -> Ending {
    do {
      return Ending(.success(try await value))
    } catch {
      return Ending(Result<Value, any Error>.failure(error))
    }
  }
}

/// Cancels a task after so many turns: after none before its first step.
/// - Returns: whether the cancellation was accepted.
@discardableResult
func cancelling<Value>(
  _ task: Asyncio.Task<Value>,
  after turns: Int,
  before: @escaping () -> Void = {}
) -> Asyncio.Future<Bool> {
  after(turns) {
    before()
    return task.cancel()
  }
}

/// Does something after so many turns: after none at once.
@discardableResult
func after<Value>(_ turns: Int, _ action: @escaping () -> Value) -> Asyncio.Future<Value> {
  let result = Asyncio.EventLoop.running()!.createFuture(of: Value.self)
  if turns == 0 {
    try? result.setResult(action())
    return result
  }
  return Asyncio.createTask(name: "after \(turns)") {
    try await pass(turns - 1)
    return action()
  }
}

/// Lets turns pass.
nonisolated(nonsending) func pass(_ turns: Int) async throws {
  for _ in 0..<turns { try await Asyncio.sleep(.zero) }
}
