import AsyncioBridge
import Synchronization

/// A bounded queue into which threads put, and from which tasks of a loop take.
final class ThreadQueue<Element: Sendable>: Sendable {
  private struct State {
    var items: ArraySlice<Element> = []
    var putters: [Asyncio.Promise<Void>] = []
    var getters: [Asyncio.Promise<Void>] = []
  }

  private let maxsize: Int
  private let state = Mutex(State())

  init(maxsize: Int) { self.maxsize = maxsize }

  /// Waits for a place. For threads.
  func put(_ item: Element) throws {
    while true {
      let place = Asyncio.Promise<Void>()
      let getter: Asyncio.Promise<Void>?? = state.withLock { state in
        if state.items.count >= maxsize {
          state.putters.append(place)
          return nil
        }
        state.items.append(item)
        return .some(state.getters.isEmpty ? nil : state.getters.removeFirst())
      }
      if let getter {
        _ = getter?.resolve(.success(()))
        return
      }
      try place.future.result()
    }
  }

  /// Waits for an item. For tasks.
  func get() async throws -> Element {
    while true {
      let arrival = Asyncio.Promise<Void>()
      let (item, putter) = state.withLock { state -> (Element?, Asyncio.Promise<Void>?) in
        if let item = state.items.popFirst() {
          return (item, state.putters.isEmpty ? nil : state.putters.removeFirst())
        }
        state.getters.append(arrival)
        return (nil, nil)
      }
      _ = putter?.resolve(.success(()))
      if let item { return item }
      try await arrival.future.value
    }
  }
}

let threadqueue = onLoop("threadqueue", 100_000) { _, n in
  let queue = ThreadQueue<Int>(maxsize: 100)
  let producer = try Asyncio.EventLoop.running()!.runInExecutor {
    for number in 0..<n { try queue.put(number) }
  }
  var total = 0
  for _ in 0..<n { total += try await queue.get() }
  try await producer.value
  precondition(total == n * (n - 1) / 2)
}
