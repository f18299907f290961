import AsyncioBridge

/// Tasks of a loop that call into ordinary Swift code, which knows nothing of the loop: an actor, a stream, a task
/// group, a clock. In virtual time, as all that waits does so by the clock that it is given.
func dashboard() throws {
  try Asyncio.run(clock: .virtual) {
    let loop = Asyncio.EventLoop.running()!
    let archive = Archive()
    let (readings, sensors) = AsyncStream<Reading>.makeStream()

    // One task reads the stream, and calls the actor for each reading.
    let recorder = Asyncio.createTask(name: "recorder") {
      for await reading in readings { await archive.add(reading) }
      return await archive.count
    }
    // Others feed it, at their own paces.
    let stations = [("north", 1), ("east", 2), ("south", 3)].map { name, seconds in
      Asyncio.createTask(name: name) {
        for hour in 1...6 {
          try await Asyncio.sleep(.seconds(seconds))
          sensors.yield(Reading(station: name, value: hour * seconds))
        }
      }
    }

    // A plain async function with a task group, which stays on the loop's thread, and takes its time.
    let forecast = try await Forecast.fetch(["north", "east", "south"], clock: loop.clock)
    print("forecast at \(loop.time): \(forecast)")

    // The same with a limit: its children are cancelled with the task that waits for them.
    do {
      try await Asyncio.waitFor(timeout: .seconds(2)) {
        print(try await Forecast.fetch(["west", "antarctica"], clock: loop.clock))
      }
    } catch is Asyncio.TimeoutError {
      print("no forecast by \(loop.time)")
    }

    _ = try await Asyncio.gather(stations).value
    sensors.finish()
    print("\(try await recorder.value) readings by \(loop.time), highest: \(await archive.highest)")
  }
}

// MARK: - Ordinary Swift code

private struct Reading: Sendable {
  let station: String
  let value: Int
}

private actor Archive {
  private var readings: [Reading] = []

  var count: Int { readings.count }
  var highest: [String] {
    Dictionary(grouping: readings, by: \.station).map { "\($0) \($1.map(\.value).max() ?? 0)" }.sorted()
  }

  func add(_ reading: Reading) { readings.append(reading) }
}

private enum Forecast {
  /// Asks for all places at once.
  static func fetch(_ places: [String], clock: any Clock<Duration>) async throws -> [String] {
    try await withThrowingTaskGroup(of: String.self) { group in
      for place in places {
        group.addTask {
          // The further away, the longer it takes.
          try await clock.sleep(for: .seconds(place.count))
          return "\(place): fair"
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
  }
}
