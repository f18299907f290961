extension Asyncio {
  /// A future that ends as `awaitable` does, but whose cancellation does not reach it. `asyncio.shield()`.
  ///
  /// A task that awaits the shield and is cancelled gets `CancellationError`, while the shielded work goes on.
  /// If the shielded work itself is cancelled, so is the shield.
  ///
  /// ```swift
  /// let saved = try await Asyncio.shield(Asyncio.createTask { try await save(document) }).value
  /// ```
  /// - Parameters:
  ///   - awaitable: what to shield: a future, or a ``Coroutine`` to run as a task.
  ///   - isolation: leave it out; it keeps what is returned in the caller's domain.
  /// - Returns: `awaitable`'s future itself if that is done already.
  /// - Throws: ``RuntimeError`` if the loop is closed.
  public static func shield<Value>(
    _ awaitable: some Awaitable<Value>,
    isolation: isolated (any Actor)? = #isolation
  ) throws -> Future<Value> {
    shield(try awaitable.ensureFuture(on: nil))
  }

  /// A future that ends as `inner` does, but whose cancellation does not reach it. `asyncio.shield()`.
  ///
  /// A task that awaits the shield and is cancelled gets `CancellationError`, while `inner` goes on. If `inner` itself
  /// is cancelled, so is the shield.
  /// - Returns: `inner` itself if that is done already.
  @inlinable
  public static func shield<Value>(_ inner: Future<Value>) -> Future<Value> {
    if inner.isDone { return inner }
    let outer = Future<Value>(unownedLoop: inner.unownedLoop, core: nil, site: inner.site)
    shield(inner, by: outer) { inner, outer in
      outer.known(as: Future<Value>.self).copyState(of: inner.known(as: Future<Value>.self))
    }
    return outer
  }

  /// A future that ends as `inner` does, but whose cancellation does not reach it, whatever the type of its value.
  /// `asyncio.shield()`. See ``shield(_:)``.
  /// - Returns: a future with the type of value that `inner` has; `inner` itself if that is done already.
  @_disfavoredOverload
  public static func shield(_ inner: AnyFuture) -> AnyFuture { inner.shielded() }

  @usableFromInline
  static func shield(
    _ inner: AnyFuture,
    by outer: AnyFuture,
    copyState: @escaping (_ inner: AnyFuture, _ outer: AnyFuture) -> Void
  ) {
    ShieldInner.mergeDropped(of: inner)
    let passOn = ShieldInner(inner, outer, copyState: copyState)
    inner.add(.observer(passOn))
    outer.add(.observer(passOn.onOuter))
  }

  /// Runs `body` in a task of its own, shielded from the cancellation of whoever awaits the result. `asyncio.shield()`.
  @inlinable
  public static func shield<Value>(
    isolation: isolated (any Actor)? = #isolation,
    fileID: StaticString = #fileID,
    line: UInt = #line,
    _ body: nonisolated(nonsending) @escaping () async throws -> Value
  ) -> Future<Value> {
    shield(createTask(fileID: fileID, line: line, body))
  }
}

/// Passes the outcome of the shielded future on.
///
/// The shielded future keeps this, and this keeps the outer one; nothing is kept the other way, so that a future that
/// is never done does not keep all of it for ever.
private final class ShieldInner: FutureObserver {
  override class var purpose: String { "shield" }

  private let unownedInner: Unretained<Asyncio.AnyFuture>
  var inner: Asyncio.AnyFuture { unownedInner.object }
  private var outer: Asyncio.AnyFuture
  private let copyState: (_ inner: Asyncio.AnyFuture, _ outer: Asyncio.AnyFuture) -> Void
  let onOuter = ShieldOuter()
  /// For how many other shields of the same future this stands that nobody has any more.
  private var mergedCount = 0

  init(
    _ inner: Asyncio.AnyFuture,
    _ outer: Asyncio.AnyFuture,
    copyState: @escaping (_ inner: Asyncio.AnyFuture, _ outer: Asyncio.AnyFuture) -> Void
  ) {
    unownedInner = Unretained(inner)
    self.outer = outer
    self.copyState = copyState
    super.init()
    onOuter.passOn = Unretained(self)
  }

  deinit { onOuter.passOn = nil }

  /// If somebody has given the outer future a result of its own, that is reported; and so are errors that nobody gets.
  override func mayRunUserCode(on future: Asyncio.AnyFuture) -> Bool {
    outer.isDone && !outer.isCancelled || mergedCount > 0
  }

  override func futureDidComplete(_ future: Asyncio.AnyFuture) throws {
    if outer.isCancelled {
      future.hasUnretrievedError = false
      return
    }
    if future.isCancelled {
      outer.cancel()
      return
    }
    // Somebody may have given the outer future a result of its own: then that is an error of theirs.
    try outer.checkPending(for: "set_result")
    copyState(future, outer)
    for _ in 0..<mergedCount { outer.reportUnretrievedError() }
  }

  /// Makes one of all those whose shields nobody has, and nobody waits for, lest a future that lives long collects
  /// them.
  ///
  /// They can't just go: each reports an error that nobody retrieves. This looks for them when there are 16, 32 and so
  /// on callbacks, and so costs little for each shield.
  static func mergeDropped(of inner: Asyncio.AnyFuture) {
    let count = inner.callbacks.count
    if count < 16 || count & (count - 1) != 0 { return }
    var first: ShieldInner?
    inner.leave { observer in
      guard let shield = observer as? ShieldInner, shield.isDropped() else { return false }
      guard let first else {
        first = shield
        return false
      }
      first.mergedCount += 1 + shield.mergedCount
      return true
    }
  }

  private func isDropped() -> Bool {
    // The one callback is `onOuter`.
    !outer.isDone && outer.callbacks.count == 1 && isKnownUniquelyReferenced(&outer)
  }

  override var callGraphRole: CallGraphRole { outer.isDone ? .none : .awaiting(outer) }
}

/// Stops passing on what nobody waits for any more.
private final class ShieldOuter: FutureObserver {
  override class var purpose: String { "shield" }

  /// Nil once there is nothing to pass on any more.
  @safe @exclusivity(unchecked) var passOn: Unretained<ShieldInner>?

  override func mayRunUserCode(on future: Asyncio.AnyFuture) -> Bool { false }

  override func futureDidComplete(_ future: Asyncio.AnyFuture) {
    if let passOn = passOn?.object, !passOn.inner.isDone { passOn.inner.remove(passOn) }
  }

  override var callGraphRole: CallGraphRole {
    if let passOn { .passingOn(passOn.object.inner) } else { .none }
  }
}
