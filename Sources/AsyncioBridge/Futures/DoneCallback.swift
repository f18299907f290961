extension Asyncio {
  /// A function that is called when a future is done; its identity is what removes it again.
  ///
  /// ```swift
  /// let report = Asyncio.DoneCallback { print("done:", $0) }
  /// future.addDoneCallback(report)
  /// future.removeDoneCallback(report)    // 1
  /// ```
  public final class DoneCallback {
    let body: (AnyFuture) throws -> Void
    let site: SourceSite

    /// Creates a callback.
    public init(
      fileID: StaticString = #fileID,
      line: UInt = #line,
      _ body: @escaping (AnyFuture) throws -> Void
    ) {
      self.body = body
      site = SourceSite(fileID, line)
    }
  }
}

/// A registration of a user's callback, with the context to call it in.
final class DoneCallbackRegistration: KeepingObserver {
  override class var purpose: String { "callback" }

  /// Nil when the loop has been closed.
  private(set) var callback: Asyncio.DoneCallback?
  /// Nil stands for an empty one.
  let context: Asyncio.Context?

  init(_ callback: Asyncio.DoneCallback, context: Asyncio.Context?) {
    self.callback = callback
    self.context = context
  }

  override func mayRunUserCode(on future: Asyncio.AnyFuture) -> Bool { true }

  override func futureDidComplete(_ future: Asyncio.AnyFuture) throws {
    guard let callback else { return }
    guard let thread = future.onLoop({ $0.thread }) else {
      preconditionFailure("AsyncioBridge: a callback outside of the loop's code")
    }
    try Asyncio.Context.with(context, on: thread) { try callback.body(future) }
  }

  override func letGo() { callback = nil }

  override var label: CallbackList.Label { callback.map { .callback($0.site) } ?? super.label }
}
