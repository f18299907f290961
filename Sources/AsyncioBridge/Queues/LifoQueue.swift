extension Asyncio {
  /// A queue that delivers the newest item first. `asyncio.LifoQueue`.
  public final class LifoQueue<Element>: Queue<Element> {
    private var stack: [Element] = []

    override class var keepsItems: Bool { true }
    override var count: Int { stack.count }
    override func insert(_ item: Element) { stack.append(item) }
    override func removeNext() -> Element { stack.removeLast() }
    override var itemsDescription: String { "\(stack)" }
    override var kindDescription: String { "LifoQueue" }
  }
}
