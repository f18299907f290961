import AsyncioBridge

/// Remembers what a function returns, for a time. Callers that ask for the same key share one call.
final class Cache<Key: Hashable, Value> {
  private struct Entry {
    let task: Asyncio.Task<Value>
    var expiry: Asyncio.TimerHandle?
  }

  private let load: Function<Key, Value>
  private let capacity: Int
  private let lifetime: Duration
  private var entries = RecencyDictionary<Key, Entry>()
  private(set) var misses = 0

  init(capacity: Int, lifetime: Duration, _ load: @escaping Function<Key, Value>) {
    self.load = load
    self.capacity = capacity
    self.lifetime = lifetime
  }

  @inline(__always)
  func value(for key: Key) async throws -> Value {
    let task = entries.use(key)?.task ?? add(key)
    return try await Asyncio.shield(task).value
  }

  private func add(_ key: Key) -> Asyncio.Task<Value> {
    misses += 1
    if entries.count == capacity, let oldest = entries.oldestKey { remove(oldest) }
    let task = Asyncio.createTask { try await self.load(key) }
    entries.insert(Entry(task: task), for: key)
    task.addDoneCallback { _ in try self.didLoad(key, task) }
    return task
  }

  private func didLoad(_ key: Key, _ task: Asyncio.Task<Value>) throws {
    guard entries[key]?.task === task else { return }
    if case .success = task.outcome {
      entries[key]?.expiry = try task.loop.callLater(lifetime) { self.remove(key) }
    } else {
      remove(key)
    }
  }

  private func remove(_ key: Key) { entries.remove(key)?.expiry?.cancel() }
}

/// A dictionary that knows the order in which its keys were last used.
///
/// A value of its own, so that a use is one access to its owner's property. Its links are numbers, and lie apart from
/// the elements: to change one counts no reference.
private struct RecencyDictionary<Key: Hashable, Element> {
  private var places: [Key: Int] = [:]
  private var nodes: [(key: Key, element: Element)?] = [nil]
  // A circle from the oldest to the newest. At place 0, which has no node, it begins and ends.
  private var links = [(older: 0, newer: 0)]
  private var free: [Int] = []

  var count: Int { places.count }
  var oldestKey: Key? { nodes[links[0].newer]?.key }

  /// Makes a key the newest, and returns its element.
  mutating func use(_ key: Key) -> Element? {
    guard let place = places[key] else { return nil }
    if links[0].older != place {
      unlink(place)
      link(place)
    }
    return nodes[place]?.element
  }

  subscript(key: Key) -> Element? {
    get { places[key].flatMap { nodes[$0]?.element } }
    set {
      if let newValue, let place = places[key] { nodes[place]?.element = newValue }
    }
  }

  mutating func insert(_ element: Element, for key: Key) {
    let place = free.popLast() ?? nodes.count
    if place == nodes.count {
      nodes.append(nil)
      links.append((0, 0))
    }
    nodes[place] = (key, element)
    places[key] = place
    link(place)
  }

  mutating func remove(_ key: Key) -> Element? {
    guard let place = places.removeValue(forKey: key) else { return nil }
    unlink(place)
    free.append(place)
    defer { nodes[place] = nil }
    return nodes[place]?.element
  }

  private mutating func link(_ place: Int) {
    let newest = links[0].older
    links[place] = (newest, 0)
    links[newest].newer = place
    links[0].older = place
  }

  private mutating func unlink(_ place: Int) {
    let (older, newer) = links[place]
    links[older].newer = newer
    links[newer].older = older
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
  precondition(cache.misses == 100 && total > 0)
}

/// Ten tasks at a time ask for the same new key.
let cachemiss = onLoop("cachemiss", 100_000) { _, n in
  let cache = Cache<Int, Int>(capacity: 100, lifetime: .seconds(60), double)
  for key in 0..<n / 10 {
    _ = try await Asyncio.gather((0..<10).map { _ in Asyncio.createTask { try await cache.value(for: key) } }).value
  }
  precondition(cache.misses == n / 10)
}
