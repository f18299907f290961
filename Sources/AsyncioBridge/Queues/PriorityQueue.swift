extension Asyncio {
  /// A queue that delivers the least item first. `asyncio.PriorityQueue`.
  public final class PriorityQueue<Element: Comparable>: Queue<Element> {
    /// A binary heap: no item is less than the one at half its index.
    private var heap: [Element] = []

    /// Creates an empty queue.
    /// - Parameters:
    ///   - maxsize: how many items there may be; zero or less: any number.
    ///   - loop: the loop it belongs to; by default the running one, which there must be.
    ///   - isolation: leave it out; it keeps what is made in the caller's domain.
    public override init(
      maxsize: Int = 0,
      loop: EventLoop? = nil,
      isolation: isolated (any Actor)? = #isolation,
      fileID: StaticString = #fileID,
      line: UInt = #line
    ) {
      super.init(maxsize: maxsize, loop: loop, isolation: isolation, fileID: fileID, line: line)
    }

    override class var keepsItems: Bool { true }
    override var count: Int { heap.count }

    override func insert(_ item: Element) {
      heap.append(item)
      siftUp(heap.count - 1)
    }

    override func removeNext() -> Element {
      heap.swapAt(0, heap.count - 1)
      let least = heap.removeLast()
      // Down to a leaf first, then up to its place, which takes fewer comparisons; and equal items come in the same order
      // as from Python's heapq.
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
