import AsyncioBridge

func produce(_ numbers: Range<Int>, into queue: Asyncio.Queue<Int>) async throws {
  for x in numbers {
    try await queue.put(x)
    if x.isMultiple(of: 3) { try await Asyncio.sleep(.zero) }
  }
}

func consume(_ count: Int, from queue: Asyncio.Queue<Int>, _ lock: Asyncio.Lock) async throws -> Int {
  var sum = 0
  while sum < count {
    let x = try await queue.get()
    try await lock.withLock {
      sum += x
      try await Asyncio.sleep(.milliseconds(1))
    }
  }
  return sum
}

func meet<Value>(
  at event: Asyncio.Event,
  _ condition: Asyncio.Condition,
  _ value: () async throws -> Value
) async throws
  -> Value
{
  try await event.wait()
  return try await condition.withLock {
    try await condition.waitFor { event.isSet }
    return try await value()
  }
}

func limited(_ semaphore: Asyncio.Semaphore, _ barrier: Asyncio.Barrier, _ delays: [Duration]) async throws -> Int {
  var passed = 0
  for delay in delays {
    try await semaphore.acquire()
    defer { try? semaphore.release() }
    try await Asyncio.sleep(delay)
    passed += 1
  }
  return try await passed + barrier.wait()
}
