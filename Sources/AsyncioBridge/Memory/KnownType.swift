extension Asyncio.AnyFuture {
  /// The future as the type that it is known to have by construction, without the search that a cast takes. Debug
  /// builds check.
  @inlinable
  @inline(__always)
  final func known<F: Asyncio.AnyFuture>(as type: F.Type) -> F { unsafe unsafeDowncast(self, to: type) }
}
