import AsyncioBridge
import Foundation

/// Runs all waits, each of them suspended at least once.
@main
enum Main {
  static func main() throws {
    for semantics in [Asyncio.Semantics.python3_8, .python3_13] {
      try Asyncio.run(clock: .virtual, semantics: semantics) {
        try await sequences()
        try await primitives()
        try await tasks()
      }
    }
    try interrupted()
    print("done")
  }

  /// On the main thread, which tests have no more: a run that follows 3.13 handles interrupts there.
  static func interrupted() throws {
    signal(SIGINT, SIG_DFL)
    do {
      try Asyncio.run(semantics: .python3_13) {
        raise(SIGINT)
        try await Asyncio.sleep(.seconds(600))
      }
      fatalError("an interrupt was lost")
    } catch is Asyncio.KeyboardInterrupt {}
  }

  static func sequences() async throws {
    let loop = Asyncio.EventLoop.running()!
    let answer = loop.createFuture(of: Int.self)
    try loop.callLater(.seconds(1)) { try answer.setResult(42) }
    try await afterSequence(numbers(), answer)
    expect(try await inSequence(numbers(), Asyncio.Lock()), 3)
    expect(try await sum(of: (1...3).map { x in Asyncio.createTask { try await Asyncio.sleep(.zero, result: x) } }), 12)

    let queue = Asyncio.Queue<Int>()
    let reader = Asyncio.createTask {
      try await sum(of: queue, until: loop.createTask { try await Asyncio.sleep(.seconds(1)) })
    }
    for x in 0..<3 { try await queue.put(x) }
    try await queue.join()
    queue.shutdown()
    expect(try await reader.value, 3)
  }

  static func primitives() async throws {
    let queue = Asyncio.Queue<Int>(maxsize: 2)
    let lock = Asyncio.Lock()
    let reader = Asyncio.createTask { try await consume(45, from: queue, lock) }
    try await produce(0..<10, into: queue)
    expect(try await reader.value, 45)

    let event = Asyncio.Event()
    let condition = Asyncio.Condition()
    let waiter = Asyncio.createTask {
      try await meet(at: event, condition) { try await Asyncio.sleep(.zero, result: 7) }
    }
    try await Asyncio.sleep(.milliseconds(1))
    event.set()
    expect(try await waiter.value, 7)

    let semaphore = Asyncio.Semaphore(1)
    let barrier = Asyncio.Barrier(2)
    let other = Asyncio.createTask { try await limited(semaphore, barrier, [.zero, .milliseconds(1)]) }
    expect(try await limited(semaphore, barrier, [.milliseconds(1), .zero]) + other.value, 5)
  }

  static func tasks() async throws {
    let loop = Asyncio.EventLoop.running()!
    var delay = Duration.milliseconds(40)
    let tried = try await retry(3) {
      delay /= 2
      return try await Asyncio.sleep(delay, result: 1)
    }
    expect(tried, 1)

    let futures = (0..<3).map { _ in loop.createFuture(of: Int.self) }
    try loop.callLater(.milliseconds(1)) { try futures[1].setResult(4) }
    expect(try await firstOf(futures, nil), 8)
    expect(try await inGroups(4), 12)

    let late = loop.createFuture(of: Int.self)
    try loop.callLater(.milliseconds(1)) { try late.setResult(4) }
    let log = Asyncio.Queue<Int>()
    expect(try await cleaningUp(late, log), 8)
    let cancelled = loop.createFuture(of: Int.self)
    try loop.callLater(.milliseconds(1)) { cancelled.cancel() }
    _ = try? await cleaningUp(cancelled, log)
    expect(try await log.get(), -1)

    expect(try await Pinned(loop.threadsafe).add(numbers()), 3)
  }

  static func numbers() -> AsyncStream<Int> {
    AsyncStream { continuation in
      for x in 1...2 { continuation.yield(x) }
      continuation.finish()
    }
  }

  /// Not a precondition, which `-Ounchecked` does not check.
  static func expect(_ value: Int, _ expected: Int, line: UInt = #line) {
    if value != expected { fatalError("line \(line): \(value) instead of \(expected)") }
  }
}
