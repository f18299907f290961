// A module whose declarations are the main actor's unless they say otherwise: what runs on a loop says so, once before
// each top-level declaration. See `CompileTimeTests`.

import AsyncioBridge

nonisolated final class Inventory {
  private var items: [String: Int] = [:]
  private let changed = Asyncio.Condition()

  func add(_ item: String) async throws {
    try await changed.withLock {
      items[item, default: 0] += 1
      try changed.notifyAll()
    }
  }

  func wait(for item: String, count: Int) async throws {
    try await changed.withLock { try await changed.waitFor { items[item, default: 0] >= count } }
  }
}

nonisolated final class Distinct<Element: Hashable>: Asyncio.Queue<Element> {
  private var known: Set<Element> = []
  override func storeItem(_ item: Element) {
    if known.insert(item).inserted { super.storeItem(item) }
  }
}

nonisolated func logged<Value>(_ name: String, _ body: @escaping Asyncio.Body<Value>) -> Asyncio.Body<Value> {
  {
    print(name, "begins")
    return try await body()
  }
}

nonisolated func deliver(_ items: [String], to inventory: Inventory) async throws {
  for item in items {
    try await Asyncio.sleep(.milliseconds(1))
    try await inventory.add(item)
  }
}
