/// A call handed in by another thread. The call moves to the loop's thread, which also destroys what the closure has
/// captured.
///
/// `@unchecked Sendable`: the closure and the context are handed over with the call, and used once, by the loop's
/// thread.
struct PostedCall: ~Copyable, @unchecked Sendable {
  let callback: () throws -> Void
  /// The context to call in. Nobody else may have this context.
  let context: Asyncio.Context?
  let site: SourceSite

  init(_ callback: consuming @escaping () throws -> Void, context: Asyncio.Context? = nil, site: SourceSite) {
    self.callback = consume callback
    self.context = context
    self.site = site
  }
}
