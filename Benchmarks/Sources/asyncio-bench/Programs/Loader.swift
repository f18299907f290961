import AsyncioBridge

/// Collects the keys that are asked for within a turn, and loads them by one call. Remembers what it has loaded.
final class Loader<Key: Hashable, Value> {
  private typealias Request = (key: Key, future: Asyncio.Future<Value>)

  private let loop = Asyncio.EventLoop.running()!
  private let loadBatch: Function<[Key], [Value]>
  private let maxBatch: Int
  private var known: [Key: Asyncio.Future<Value>] = [:]
  private var batch: [Request] = []

  init(maxBatch: Int, _ loadBatch: @escaping Function<[Key], [Value]>) {
    self.maxBatch = maxBatch
    self.loadBatch = loadBatch
  }

  func value(for key: Key) -> Asyncio.Future<Value> {
    if let future = known[key] { return future }
    let future = loop.createFuture(of: Value.self)
    known[key] = future
    batch.append((key, future))
    if batch.count == 1 { _ = try? loop.callSoon { self.dispatch() } }
    return future
  }

  func values(for keys: some Sequence<Key>) async throws -> [Value] {
    try await Asyncio.gather(keys.map { value(for: $0) }).value
  }

  func clear() { known.removeAll(keepingCapacity: true) }

  private func dispatch() {
    let batch = batch
    self.batch.removeAll()
    for start in stride(from: 0, to: batch.count, by: maxBatch) {
      let part = batch[start..<min(start + maxBatch, batch.count)]
      Asyncio.createTask { try await self.run(part) }
    }
  }

  private func run(_ batch: ArraySlice<Request>) async throws {
    do {
      let values = try await loadBatch(batch.map(\.key))
      for (request, value) in zip(batch, values) where !request.future.isDone { try request.future.setResult(value) }
    } catch {
      for (key, future) in batch {
        known[key] = nil
        if !future.isDone { try future.setException(error) }
      }
    }
  }
}

/// Ten tasks at a time ask for ten keys each, half of which another has asked for too.
let loader = onLoop("loader", 100_000) { _, n in
  let loader = Loader<Int, Int>(maxBatch: 50) { keys in
    try await Asyncio.sleep(.zero)
    return keys.map { $0 * 2 }
  }
  for _ in 0..<n / 100 {
    let tasks = (0..<10).map { index in
      Asyncio.createTask {
        let first = index * 5
        let values = try await loader.values(for: first..<first + 10)
        precondition(values[9] == (first + 9) * 2)
      }
    }
    _ = try await Asyncio.gather(tasks).value
    loader.clear()
  }
}
