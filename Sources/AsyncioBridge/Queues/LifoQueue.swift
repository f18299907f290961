extension Asyncio {
  /// A queue that delivers the newest item first. `asyncio.LifoQueue`.
  public final class LifoQueue<Element>: Queue<Element> {
    private var stack: [Element] = []

    public override var storedCount: Int { stack.count }
    public override func storeItem(_ item: Element) { stack.append(item) }
    public override func takeItem() -> Element { stack.removeLast() }
    override var itemsDescription: String { "\(stack)" }
    override var kindDescription: String { "LifoQueue" }
  }
}
