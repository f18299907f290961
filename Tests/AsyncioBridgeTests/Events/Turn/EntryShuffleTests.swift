import Testing

@testable import AsyncioBridge

@Suite struct EntryShuffleTests {
  private static let seeds = Array(1...20)

  /// What `program` writes down, on a loop that shuffles; nil: on one that does not.
  private func trace(_ seed: Int?, _ program: (EventLoop, Journal<String>) throws -> Void) throws -> [String] {
    let trace = Journal<String>()
    try withLoop { loop in
      loop.policy = seed.map { EntryShuffle(seed: UInt64($0)) }
      try program(loop, trace)
      try loop.runUntilIdle()
    }
    return trace.entries
  }

  @Test("tasks that are to begin in the same turn begin in an order that the seed decides")
  func tasks() throws {
    func order(_ seed: Int?) throws -> [String] {
      try trace(seed) { loop, trace in
        for name in ["a", "b", "c"] { try loop.createTask { trace.append(name) } }
      }
    }
    #expect(try order(nil) == ["a", "b", "c"])
    let orders = try Self.seeds.map(order)
    #expect(try Self.seeds.map(order) == orders)
    // All the orders that there are.
    #expect(Set(orders).count == 6)
  }

  @Test("what is of one kind keeps its order among what is of others", arguments: seeds)
  func lines(_ seed: Int) throws {
    let names = ["1", "2", "3"]
    let trace = try trace(seed) { loop, trace in
      let future = loop.createFuture(of: Void.self)
      for name in names {
        try loop.callSoon { trace.append("soon \(name)") }
        try loop.callSoonThreadsafe { trace.append("posted \(name)") }
        try loop.callLater(.seconds(1)) { trace.append("timer \(name)") }
        future.addDoneCallback { _ in trace.append("done \(name)") }
        try loop.createTask {
          trace.append("begin \(name)")
          try await future.value
          trace.append("end \(name)")
        }
      }
      try loop.callLater(.milliseconds(500)) { try future.setResult() }
    }
    func all(_ kind: String) -> [String] {
      trace.filter { $0.hasPrefix(kind) }.map { String($0.suffix(1)) }
    }
    for kind in ["soon", "posted", "timer", "done"] { #expect(all(kind) == names) }
    // Those who wait for a future are told in the order in which they began to, behind its other callbacks.
    #expect(all("end") == all("begin"))
    #expect(try #require(trace.lastIndex(of: "done 3")) < #require(trace.firstIndex { $0.hasPrefix("end") }))
  }

  @Test("a turn stays a turn: what it schedules comes in the next", arguments: seeds)
  func turns(_ seed: Int) throws {
    let trace = try trace(seed) { loop, trace in
      for _ in 1...3 {
        try loop.createTask {
          for turn in 1...3 {
            trace.append("\(turn)")
            try await Asyncio.sleep(.zero)
          }
        }
      }
    }
    #expect(trace == trace.sorted())
  }
}
