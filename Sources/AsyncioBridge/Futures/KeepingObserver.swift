/// An observer that keeps futures, or user's code, which may in turn keep the future that it observes.
///
/// Where that is never done, nothing would break the circle; in Python the garbage collector does. Here the loop does,
/// when it is closed: it makes every such observer let go, since none of them will be told anything any more.
@usableFromInline
class KeepingObserver: FutureObserver {
  // The neighbours in the circle of a loop's observers; its own if it is in none. Unowned: an observer leaves the
  // circle before it goes.
  @exclusivity(unchecked) private unowned(unsafe) var previous: KeepingObserver!
  @exclusivity(unchecked) private unowned(unsafe) var next: KeepingObserver!

  override init() {
    super.init()
    previous = self
    next = self
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
    previous.next = next
    next.previous = previous
    previous = self
    next = self
  }

  /// Makes all others in the circle let go, and leave it.
  final func letGoOthers() {
    while let other = next, other !== self {
      other.leave()
      other.letGo()
    }
  }
}
