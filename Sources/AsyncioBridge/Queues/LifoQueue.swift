extension Asyncio {
  /// A queue that delivers the newest item first. `asyncio.LifoQueue`.
  public final class LifoQueue<Element>: Queue<Element> {
    private var stack: [Element] = []

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
    override var count: Int { stack.count }
    override func insert(_ item: Element) { stack.append(item) }
    override func removeNext() -> Element { stack.removeLast() }
    override var itemsDescription: String { "\(stack)" }
    override var kindDescription: String { "LifoQueue" }
  }
}
