import AsyncioBridge
import AsyncioTesting

// What explorations cost. Prints, for each program, how many schedules a second it was explored under.

let programs: [(name: String, body: @Sendable () async throws -> Void)] = [
  ("3 tasks x 4 steps", { await countUp(tasks: 3, steps: 4) }),
  ("10 tasks x 10 steps", { await countUp(tasks: 10, steps: 10) }),
  ("asyncio: 3 tasks x 4 steps", { try await sleepOften(tasks: 3, steps: 4) }),
  ("asyncio: 10 tasks x 10 steps", { try await sleepOften(tasks: 10, steps: 10) }),
]

for (name, body) in programs {
  var rates: [Double] = []
  for _ in 0..<3 {
    let start = ContinuousClock.now
    let result = try Asyncio.explore(Asyncio.Exploration(schedules: schedules, time: .seconds(2)), failures: nil, body)
    rates.append(Double(result.schedules) / ((ContinuousClock.now - start) / .seconds(1)))
  }
  print("\(name): \(Int(rates.max()!)) schedules a second")
}

/// How many schedules a run tries at most.
nonisolated var schedules: Int { CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 1_000_000 }

actor Counter {
  private var value = 0
  func increment() { value += 1 }
}

nonisolated func countUp(tasks: Int, steps: Int) async {
  let counter = Counter()
  await withTaskGroup(of: Void.self) { group in
    for _ in 0..<tasks { group.addTask { for _ in 0..<steps { await counter.increment() } } }
  }
}

nonisolated func sleepOften(tasks: Int, steps: Int) async throws {
  let sleepers = (0..<tasks).map { _ in
    Asyncio.createTask { for _ in 0..<steps { try await Asyncio.sleep(.zero) } }
  }
  for sleeper in sleepers { try await sleeper.value }
}
