import AsyncioBridge

/// Remembers what a function returns, for a time. Callers that ask for the same key share one call.
final class Cache<Key: Hashable, Value> {
  private final class Entry {
    let key: Key
    let task: Asyncio.Task<Value>
    var expiry: Asyncio.TimerHandle?
    // The neighbours in the order of their last use. The dictionary keeps the entries.
    unowned(unsafe) var older: Entry?
    unowned(unsafe) var newer: Entry?

    init(_ key: Key, _ task: Asyncio.Task<Value>) {
      self.key = key
      self.task = task
    }
  }

  private let load: Function<Key, Value>
  private let capacity: Int
  private let lifetime: Duration
  private var entries: [Key: Entry] = [:]
  private unowned(unsafe) var oldest: Entry?
  private unowned(unsafe) var newest: Entry?
  private(set) var hits = 0
  private(set) var misses = 0

  init(capacity: Int, lifetime: Duration, _ load: @escaping Function<Key, Value>) {
    self.load = load
    self.capacity = capacity
    self.lifetime = lifetime
  }

  func value(for key: Key) async throws -> Value {
    let entry: Entry
    if let known = entries[key] {
      hits += 1
      if known !== newest {
        unlink(known)
        append(known)
      }
      if known.task.isDone { return try known.task.result() }
      entry = known
    } else {
      misses += 1
      entry = add(key)
    }
    return try await Asyncio.shield(entry.task).value
  }

  private func add(_ key: Key) -> Entry {
    let entry = Entry(key, Asyncio.createTask { try await self.load(key) })
    entries[key] = entry
    append(entry)
    entry.task.addDoneCallback { _ in try self.didLoad(entry) }
    if entries.count > capacity, let oldest { remove(oldest) }
    return entry
  }

  private func didLoad(_ entry: Entry) throws {
    guard entries[entry.key] === entry else { return }
    if case .success = entry.task.outcome {
      entry.expiry = try entry.task.loop.callLater(lifetime) { self.remove(entry) }
    } else {
      remove(entry)
    }
  }

  private func remove(_ entry: Entry) {
    unlink(entry)
    entry.expiry?.cancel()
    entries[entry.key] = nil
  }

  private func append(_ entry: Entry) {
    entry.older = newest
    entry.newer = nil
    if let newest { newest.newer = entry } else { oldest = entry }
    newest = entry
  }

  private func unlink(_ entry: Entry) {
    if let older = entry.older { older.newer = entry.newer } else { oldest = entry.newer }
    if let newer = entry.newer { newer.older = entry.older } else { newest = entry.older }
  }
}

/// What a cache and a loader call.
typealias Function<Input, Output> = nonisolated(nonsending) (Input) async throws -> Output

func double(_ number: Int) async throws -> Int {
  try await Asyncio.sleep(.zero)
  return number * 2
}

let cachehit = onLoop("cachehit", 200_000) { _, n in
  let cache = Cache<Int, Int>(capacity: 100, lifetime: .seconds(60), double)
  for key in 0..<100 { _ = try await cache.value(for: key) }
  var total = 0
  for index in 0..<n { total += try await cache.value(for: index * 7 % 100) }
  precondition(cache.hits == n && total > 0)
}

/// Ten tasks at a time ask for the same new key.
let cachemiss = onLoop("cachemiss", 100_000) { _, n in
  let cache = Cache<Int, Int>(capacity: 100, lifetime: .seconds(60), double)
  for key in 0..<n / 10 {
    _ = try await Asyncio.gather((0..<10).map { _ in Asyncio.createTask { try await cache.value(for: key) } }).value
  }
  precondition(cache.misses == n / 10)
}
