import AsyncioBridge

/// A leaky bucket: what comes in leaks at a constant rate, and who finds it full waits.
final class RateLimiter {
  private let loop = Asyncio.EventLoop.running()!
  private let capacity: Double
  /// How much leaks in a nanosecond.
  private let rate: Double
  private var level = 0.0
  private var updated: Asyncio.LoopClock.Instant
  private var waiters: [Asyncio.Future<Void>] = []

  init(capacity: Double, period: Duration) {
    self.capacity = capacity
    rate = capacity / Double(period.nanoseconds)
    updated = loop.time
  }

  /// Takes a place in the bucket, if there is one.
  private func take() -> Bool {
    let now = loop.time
    level = max(0, level - Double(updated.duration(to: now).nanoseconds) * rate)
    updated = now
    if level + 1 > capacity + 1e-6 { return false }
    level += 1
    return true
  }

  func acquire() async throws {
    if waiters.isEmpty, take() { return }
    let waiter = loop.createFuture(of: Void.self)
    waiters.append(waiter)
    if waiters.count == 1 { try wakeLater() }
    try await waiter.value
  }

  func withPlace<Result>(_ body: nonisolated(nonsending) () async throws -> Result) async throws -> Result {
    try await acquire()
    return try await body()
  }

  private func wakeLater() throws {
    let delay = Duration.nanoseconds(Int64(((level + 1 - capacity) / rate).rounded(.up)))
    try loop.callLater(delay) { try self.wake() }
  }

  private func wake() throws {
    while let waiter = waiters.first {
      if waiter.isDone {
        waiters.removeFirst()
      } else if take() {
        try waiters.removeFirst().setResult()
      } else {
        return try wakeLater()
      }
    }
  }
}

extension Duration {
  fileprivate var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
  }
}

let limiterfree = onLoop("limiterfree", 200_000) { _, n in
  let limiter = RateLimiter(capacity: 1e9, period: .seconds(1))
  var count = 0
  for _ in 0..<n { try await limiter.withPlace { count += 1 } }
  precondition(count == n)
}

/// In virtual time.
let limiterfull = onLoop("limiterfull", 50_000, clock: .virtual) { _, n in
  let limiter = RateLimiter(capacity: 10, period: .milliseconds(10))
  let tasks = (0..<20).map { _ in
    Asyncio.createTask { for _ in 0..<n / 20 { try await limiter.withPlace {} } }
  }
  _ = try await Asyncio.gather(tasks).value
}
