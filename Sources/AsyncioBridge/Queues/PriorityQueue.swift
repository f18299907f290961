extension Asyncio {
  /// A queue that delivers the least item first. `asyncio.PriorityQueue`.
  public final class PriorityQueue<Element: Comparable>: Queue<Element> {
    /// A binary heap: no item is less than the one at half its index.
    private var heap: [Element] = []

    override var count: Int { heap.count }

    override func insert(_ item: Element) {
      heap.append(item)
      var index = heap.count - 1
      while index > 0, heap[index] < heap[(index - 1) / 2] {
        heap.swapAt(index, (index - 1) / 2)
        index = (index - 1) / 2
      }
    }

    override func removeNext() -> Element {
      heap.swapAt(0, heap.count - 1)
      let least = heap.removeLast()
      var index = 0
      while true {
        var child = index * 2 + 1
        if child >= heap.count { return least }
        if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
        guard heap[child] < heap[index] else { return least }
        heap.swapAt(index, child)
        index = child
      }
    }

    override var itemsDescription: String { "\(heap)" }
    override var kindDescription: String { "PriorityQueue" }
  }
}
