import AsyncioBridge
import Testing

/// Kinds of queue of a user's own, which override what CPython's `_put`, `_get`, `_qsize` and `_init` are.
@Suite struct QueueSubclassTests {
  /// Takes each item once: changes what becomes of the items, and leaves them where they are.
  private final class UniqueQueue<Element: Hashable>: Asyncio.Queue<Element> {
    private var known: Set<Element> = []
    override func storeItem(_ item: Element) {
      if known.insert(item).inserted { super.storeItem(item) }
    }
  }

  /// Delivers by turns of producers: keeps the items itself, and has an initialiser of its own.
  private final class FairQueue: Asyncio.Queue<(producer: Int, item: String)> {
    private var lanes: [[String]]
    private var next = 0
    init(producers: Int, on loop: Asyncio.EventLoop) {
      lanes = Array(repeating: [], count: producers)
      super.init(maxsize: 4, on: loop)
    }
    override var storedCount: Int { lanes.reduce(0) { $0 + $1.count } }
    override func storeItem(_ item: (producer: Int, item: String)) { lanes[item.producer].append(item.item) }
    override func takeItem() -> (producer: Int, item: String) {
      while lanes[next].isEmpty { next = (next + 1) % lanes.count }
      defer { next = (next + 1) % lanes.count }
      return (next, lanes[next].removeFirst())
    }
  }

  @Test("one that changes what becomes of the items")
  func changing() throws {
    try Asyncio.run {
      let queue = UniqueQueue<Int>()
      for number in [1, 1, 2, 1, 3] { try queue.putNowait(number) }
      #expect(queue.qsize == 3)
      #expect("\(queue)".hasPrefix("<UniqueQueue<Int> maxsize=0 _queue=[1, 2, 3] tasks=5>"))
      #expect(try await [queue.get(), queue.get(), queue.get()] == [1, 2, 3])
      let reader = Asyncio.createTask { try await queue.get() }
      try await Asyncio.sleep(.zero)
      try queue.putNowait(1)
      try queue.putNowait(4)
      #expect(try await reader.value == 4)
    }
  }

  @Test("one that keeps the items itself, and waits where it is full")
  func keeping() throws {
    try Asyncio.run {
      let loop = Asyncio.EventLoop.running()!
      let queue = FairQueue(producers: 2, on: loop)
      let producers = (0..<2).map { producer in
        Asyncio.createTask { for name in ["a", "b", "c"] { try await queue.put((producer, "\(name)\(producer)")) } }
      }
      try await Asyncio.sleep(.zero)
      #expect(queue.isFull)
      #expect("\(queue)" == "<FairQueue maxsize=4 _queue=4 items _putters[1] tasks=4>")
      var items: [String] = []
      for _ in 0..<6 { items.append(try await queue.get().item) }
      // The second producer had to wait with all but its first.
      #expect(items == ["a0", "a1", "b0", "c0", "b1", "c1"])
      _ = try await Asyncio.gather(producers).value
      queue.shutdown(immediate: true)
    }
  }

  @Test("the inherited initialiser takes a size and a loop")
  func initialiser() throws {
    let loop = Asyncio.EventLoop(clock: .virtual)
    let queue = UniqueQueue<Int>(maxsize: 1, loop: loop)
    try queue.putNowait(1)
    #expect(queue.isFull)
    try loop.close()
  }
}
