import Synchronization

/// A pass over several futures that is to come across each once: cheaper than a set, since it marks the futures.
@usableFromInline
struct TraversalMark {
  private static let last = Atomic(0)
  @usableFromInline let number: Int

  @usableFromInline
  init() { number = Self.last.add(1, ordering: .relaxed).newValue }

  /// Whether this pass has not been to the future; it has from now on.
  @inlinable
  func isFirst(to future: Asyncio.AnyFuture) -> Bool {
    if future.lastVisit == number { return false }
    future.lastVisit = number
    return true
  }
}
