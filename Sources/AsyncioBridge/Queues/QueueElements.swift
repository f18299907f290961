extension Asyncio.Queue {
  /// The queue's items as they come, each taken by whoever asks for it: ``get()`` in a loop.
  ///
  /// ```swift
  /// for try await job in queue.elements {
  ///   await run(job)
  ///   try queue.taskDone()
  /// }
  /// ```
  /// The sequence ends when the queue has been shut down and is empty. Several tasks may iterate at once, and share the
  /// items. asyncio has no such view.
  public final var elements: Elements { Elements(queue: self) }

  /// What ``elements`` is.
  public struct Elements: AsyncSequence {
    let queue: Asyncio.Queue<Element>

    /// Takes nothing before the first call of its `next`.
    public func makeAsyncIterator() -> Iterator { Iterator(queue: queue) }

    /// Takes items from the queue.
    public struct Iterator: AsyncIteratorProtocol {
      let queue: Asyncio.Queue<Element>

      /// The next item, which is taken from the queue; nil when that is shut down and empty.
      /// - Throws: `CancellationError` when the caller is cancelled; then no item was taken.
      public func next() async throws -> Element? {
        do { return try await queue.get() } catch is Asyncio.QueueShutDown { return nil }
      }

      /// The next item, for `for try await`: without this the code of an actor would leave the actor for it.
      @inline(__always)
      public func next(isolation actor: (any Actor)?) async throws -> Element? { try await next() }
    }
  }
}
