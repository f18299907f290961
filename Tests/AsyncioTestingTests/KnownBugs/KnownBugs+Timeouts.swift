// A result may come at the moment of the timeout: both have happened, and one of them is told.

extension KnownBug {
  static let ofTimeouts = [
    KnownBug("result and timeout", within: 4, timeoutRace, mended: timeoutRaceMended),
    KnownBug("charged again after a timeout", within: 2, chargedTwice, mended: chargedTwiceMended),
    KnownBug("connection opened at the deadline", within: 2, leakedAtDeadline, mended: leakedAtDeadlineMended),
  ]
}

// MARK: Result and timeout

actor Race {
  var outcome: String?
  var finished = 0
  func finish(_ text: String) {
    outcome = text
    finished += 1
  }
  func finishFirst(_ text: String) { if outcome == nil { finish(text) } }
}
@Sendable func timeoutRace() async throws {
  let race = Race()
  async let work: Void = {
    try? await Task.sleep(for: .seconds(1))
    await race.finish("result")
  }()
  async let timeout: Void = {
    try? await Task.sleep(for: .seconds(1))
    if await race.outcome == nil { await race.finish("timeout") }
  }()
  _ = await (work, timeout)
  try check(await race.finished == 1, "both result and timeout")
}
@Sendable func timeoutRaceMended() async throws {
  let race = Race()
  // Each decides in one step, in the actor, whether it is the first.
  async let work: Void = {
    try? await Task.sleep(for: .seconds(1))
    await race.finishFirst("result")
  }()
  async let timeout: Void = {
    try? await Task.sleep(for: .seconds(1))
    await race.finishFirst("timeout")
  }()
  _ = await (work, timeout)
  try check(await race.finished == 1, "both result and timeout")
}

// MARK: Charged again after a timeout

private struct TimedOut: Error {}

/// The usual race of work and a sleep.
private func withTimeout<Value: Sendable>(
  _ limit: Duration,
  _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  try await withThrowingTaskGroup(of: Value.self) { group in
    group.addTask { try await work() }
    group.addTask {
      try await Task.sleep(for: limit)
      throw TimedOut()
    }
    defer { group.cancelAll() }
    return try await group.next()!
  }
}

actor Shop {
  private(set) var charges = 0
  private var seen: Set<Int> = []
  func charge() async throws {
    try await Task.sleep(for: .seconds(1))
    charges += 1
  }
  /// Charges once for each order, however often it is asked.
  func charge(order: Int) async throws {
    try await Task.sleep(for: .seconds(1))
    if seen.insert(order).inserted { charges += 1 }
  }
}
@Sendable func chargedTwice() async throws {
  let shop = Shop()
  do {
    try await withTimeout(.seconds(1)) { try await shop.charge() }
  } catch is TimedOut {
    try await shop.charge()  // "it has not worked"
  }
  try check(await shop.charges == 1, "charged \(await shop.charges) times")
}
@Sendable func chargedTwiceMended() async throws {
  let shop = Shop()
  do {
    try await withTimeout(.seconds(1)) { try await shop.charge(order: 1) }
  } catch is TimedOut {
    try await shop.charge(order: 1)
  }
  try check(await shop.charges == 1, "charged \(await shop.charges) times")
}

// MARK: Connection opened at the deadline

actor Server {
  private(set) var open = 0
  func connect() async throws -> Int {
    try await Task.sleep(for: .seconds(1))
    open += 1
    return open
  }
  func close(_ connection: Int) { open -= 1 }
}
@Sendable func leakedAtDeadline() async throws {
  let server = Server()
  // If both are over, the error is told, and the connection is nobody's.
  if let connection = try? await withTimeout(.seconds(1), { try await server.connect() }) {
    await server.close(connection)
  }
  try check(await server.open == 0, "a connection leaked")
}
@Sendable func leakedAtDeadlineMended() async throws {
  let server = Server()
  await withTaskGroup(of: Int?.self) { group in
    group.addTask { try? await server.connect() }
    group.addTask {
      try? await Task.sleep(for: .seconds(1))
      return nil
    }
    // All results are looked at, those too that come after the decision.
    for await connection in group {
      group.cancelAll()
      if let connection { await server.close(connection) }
    }
  }
  try check(await server.open == 0, "a connection leaked")
}
