/// A future that a task awaits in an operation of the library's.
///
/// The loop completes it without an object in between, be it at a deadline or after another future.
@usableFromInline
final class WaiterFuture: Asyncio.Future<Void> {
  enum Timer: UInt8 {
    case none
    /// In the loop's queue of timers.
    case scheduled
    /// Still in the queue, but no longer waited for.
    case cancelled
  }

  /// On whose behalf: a lock, say; or the future that a `waitFor` waits for.
  ///
  /// Unsafe, so that nothing is counted, and therefore only to be looked at while a task waits for this: the
  /// operation's frame keeps the owner.
  private let unownedOwner: Unretained<AnyObject>?
  var owner: AnyObject? { unownedOwner?.object }
  @safe @exclusivity(unchecked) var timer = Timer.none

  init(loop: Asyncio.EventLoop, owner: AnyObject?) {
    unownedOwner = owner.map { Unretained($0) }
    super.init(unownedLoop: Unretained(loop), core: nil, site: .library)
  }

  /// Has the loop complete it at `deadline`, unless it is done by then.
  @inline(__always)
  func setTimer(at deadline: Int64) { onLoop { $0.setTimer(.waiter(Owned(self)), at: deadline) } }

  @inline(__always)
  func setTimer(after delay: Duration) {
    setTimer(at: onLoop { $0.clock.deadline(after: delay) })
  }

  /// Has nobody wait for the timer any more, if there is one. Not what cancelling the future does, as in asyncio.
  @usableFromInline
  func cancelTimer() {
    if timer != .scheduled { return }
    timer = .cancelled
    onLoop { $0.state.timers.didCancel() }
  }

  override var cancellationRoute: CancellationRoute { .ends }

  override func callGraphFacts(for capture: CallGraphCapture) -> CallGraphFacts {
    guard let future = owner as? Asyncio.AnyFuture else { return super.callGraphFacts(for: capture) }
    var facts = CallGraphFacts(.waitFor)
    facts.awaits = [future]
    facts.details = capture.timeLeft(until: capture.deadlines[ObjectIdentifier(self)])
    return facts
  }
}

extension Asyncio.EventLoop {
  /// A future for the library's own waiting, of which the call graph shows `owner`.
  @inline(__always)
  func createWaiter(for owner: AnyObject? = nil) -> WaiterFuture { WaiterFuture(loop: self, owner: owner) }
}
