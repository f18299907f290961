extension Asyncio {
  /// A queue that delivers the least item first. `asyncio.PriorityQueue`.
  public final class PriorityQueue<Element: Comparable>: Queue<Element> {
    /// A binary heap: no item is less than the one at half its index.
    private var heap: [Element] = []

    public override var storedCount: Int { heap.count }

    public override func storeItem(_ item: Element) {
      heap.append(item)
      siftUp(heap.count - 1)
    }

    public override func takeItem() -> Element {
      heap.swapAt(0, heap.count - 1)
      let least = heap.removeLast()
      // Down to a leaf first, then up to its place, which takes fewer comparisons; and equal items come in the same
      // order as from Python's heapq.
      var index = 0
      while true {
        var child = index * 2 + 1
        if child >= heap.count { break }
        if child + 1 < heap.count, !(heap[child] < heap[child + 1]) { child += 1 }
        heap.swapAt(index, child)
        index = child
      }
      siftUp(index)
      return least
    }

    private func siftUp(_ start: Int) {
      var index = start
      while index > 0, heap[index] < heap[(index - 1) / 2] {
        heap.swapAt(index, (index - 1) / 2)
        index = (index - 1) / 2
      }
    }

    override var itemsDescription: String { "\(heap)" }
    override var kindDescription: String { "PriorityQueue" }
  }
}
