import AsyncioBridge

func retry<Value>(_ times: Int, _ body: @escaping () async throws -> Value) async throws -> Value {
  for attempt in 0..<times {
    do {
      return try await Asyncio.waitFor(timeout: .milliseconds(10), body)
    } catch is Asyncio.TimeoutError {
      try await Asyncio.sleep(.milliseconds(attempt))
    }
  }
  return try await Asyncio.timeout(.seconds(1)) { try await body() }
}

func firstOf(_ futures: [Asyncio.Future<Int>], _ fallback: Asyncio.Future<Int>?) async throws -> Int {
  let (done, pending) = try await Asyncio.wait(futures, timeout: .seconds(1), returnWhen: .firstCompleted)
  for future in pending { future.cancel() }
  guard let first = done.first else { return try await fallback?.value ?? 0 }
  return try await Asyncio.waitFor(first, timeout: .seconds(1)) + Asyncio.waitFor(first, timeout: nil)
}

func inGroups(_ count: Int) async throws -> Int {
  let tasks = try await Asyncio.withTaskGroup { group in
    try (0..<count).map { x in try group.createTask { try await Asyncio.sleep(.milliseconds(x), result: x) } }
  }
  var sum = 0
  for task in tasks { sum += try await task.value }
  return try await withThrowingTaskGroup(of: Int.self) { group in
    for x in 0..<count { group.addTask { try await Asyncio.sleep(.milliseconds(1), result: x) } }
    for try await x in group { sum += x }
    return sum
  }
}

func cleaningUp(_ future: Asyncio.Future<Int>, _ log: Asyncio.Queue<Int>) async throws -> Int {
  do {
    let (a, b) = try await Asyncio.gather(future, Asyncio.Coroutine { try await future.value }).value
    return try await Asyncio.shield { a + b }.value
  } catch {
    try await log.put(-1)
    throw error
  }
}

/// An actor that lives on the loop, and is a guest there.
actor Pinned {
  let loop: Asyncio.LoopHandle
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.unownedExecutor }
  private var sum = 0

  init(_ loop: Asyncio.LoopHandle) { self.loop = loop }

  func add<S: AsyncSequence & Sendable>(_ s: S) async throws -> Int where S.Element == Int {
    for try await x in s {
      try await Asyncio.sleep(.milliseconds(x))
      sum += try await Asyncio.createTask { x }.value
    }
    return sum
  }
}
