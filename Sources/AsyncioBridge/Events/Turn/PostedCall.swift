/// A call handed in by another thread, which moves it to the loop: so what it captured goes on the loop's thread.
///
/// `@unchecked Sendable`: the closure and the context are handed over with it, and used once, by the loop's thread.
struct PostedCall: ~Copyable, @unchecked Sendable {
  let callback: () throws -> Void
  /// What to call it in; nobody else may have this context.
  let context: Asyncio.Context?
  let site: SourceSite

  init(_ callback: consuming @escaping () throws -> Void, context: Asyncio.Context? = nil, site: SourceSite) {
    self.callback = consume callback
    self.context = context
    self.site = site
  }
}
