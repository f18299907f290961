extension Asyncio.AnyFuture {
  /// The future as the type that it is known to have by construction, without the search that a cast takes. Debug
  /// builds check.
  @inlinable
  @inline(__always)
  final func known<F: Asyncio.AnyFuture>(as type: F.Type) -> F { unsafe unsafeDowncast(self, to: type) }
}

extension Asyncio.ConcurrentFuture {
  /// An object as the future that it is known to be by construction. Debug builds check.
  static func known(_ object: any AnyObject & Sendable) -> Asyncio.ConcurrentFuture<Value> {
    unsafe unsafeDowncast(object, to: Asyncio.ConcurrentFuture<Value>.self)
  }
}
