/// How deep the ends of futures are nested: what a future has kept, callbacks or a value, may in turn keep the next.
///
/// Such a chain may be longer than the stack is deep. So at some depth what a future has kept is not let go of within
/// its end, but set aside for those further up on the stack.
struct NestedRelease {
  /// What a future has kept.
  final class Leavings {
    private var callbacks = CallbackList()
    private var outcome = OutcomeWord()

    init(of future: Asyncio.AnyFuture) {
      swap(&callbacks, &future.callbacks)
      swap(&outcome, &future.stored)
    }
  }

  fileprivate var depth = 0
  fileprivate var left: [Leavings] = []
  fileprivate static var deepest: Int { 16 }
}

extension Asyncio.EventLoop {
  /// The future, which is about to end, lets go of what it has kept.
  @inline(never)
  func letGoOfWhatIsKept(by future: Asyncio.AnyFuture) {
    if state.nestedRelease.depth >= NestedRelease.deepest {
      return state.nestedRelease.left.append(NestedRelease.Leavings(of: future))
    }
    state.nestedRelease.depth += 1
    Self.letGoOfWhatIsKept(by: future)
    while let next = state.nestedRelease.left.popLast() { _ = consume next }
    state.nestedRelease.depth -= 1
  }

  private static func letGoOfWhatIsKept(by future: Asyncio.AnyFuture) {
    // Nothing of it may go while the property is being changed.
    var callbacks = CallbackList()
    var outcome = OutcomeWord()
    swap(&callbacks, &future.callbacks)
    swap(&outcome, &future.stored)
  }
}
