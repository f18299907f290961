extension Asyncio.AnyFuture {
  /// The future as what it is known to be by construction, without the search that a cast takes. Debug builds check.
  @inlinable
  @inline(__always)
  final func known<F: Asyncio.AnyFuture>(as type: F.Type) -> F { unsafe unsafeDowncast(self, to: type) }
}
