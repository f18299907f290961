/// An observer that keeps futures, or user's code, which may in turn keep the future that it observes.
///
/// Where that is never done, nothing would break the circle; in Python the garbage collector does. Here the loop does,
/// when it is closed: it makes every such observer let go, since none of them will be told anything any more.
///
/// They form a circle so that they let go in the order in which they came, where a dictionary of the loop's would
/// have them do so in any order. That is what it is for: with a dictionary, `donecallbacks`, which does little else,
/// costs 5 % more (counted under valgrind).
@usableFromInline
class KeepingObserver: FutureObserver {
  // The neighbours in the circle of a loop's observers; nil if it is in none, itself if there are no others. Unowned:
  // an observer leaves the circle before it goes.
  @safe @exclusivity(unchecked) private var unownedPrevious: Unretained<KeepingObserver>?
  @safe @exclusivity(unchecked) private var unownedNext: Unretained<KeepingObserver>?

  private var previous: KeepingObserver {
    get { unownedPrevious?.object ?? self }
    set { unownedPrevious = Unretained(newValue) }
  }

  private var next: KeepingObserver {
    get { unownedNext?.object ?? self }
    set { unownedNext = Unretained(newValue) }
  }

  deinit { leave() }

  /// Lets go of what the observer keeps.
  func letGo() {}

  /// Has the observer let go when the loop is closed.
  final func join(_ loop: Asyncio.EventLoop) {
    let last = loop.keepingObservers
    previous = last.previous
    next = last
    previous.next = self
    last.previous = self
  }

  private func leave() {
    if unownedNext == nil { return }
    previous.next = next
    next.previous = previous
    unownedPrevious = nil
    unownedNext = nil
  }

  /// Makes all others in the circle let go, and leave it.
  final func letGoOthers() {
    while unownedNext != nil, next !== self {
      let other = next
      other.leave()
      other.letGo()
    }
  }
}
