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
  // The neighbours in the circle of a loop's observers; nil if it is in none, itself if there are no others. Not kept:
  // an observer leaves the circle before it goes.
  @safe @exclusivity(unchecked) private var previous: Unretained<KeepingObserver>?
  @safe @exclusivity(unchecked) private var next: Unretained<KeepingObserver>?

  deinit { leave() }

  /// Lets go of what the observer keeps.
  func letGo() {}

  /// Has the observer let go when the loop is closed.
  final func join(_ loop: Asyncio.EventLoop) {
    let this = Unretained(self)
    let head = Unretained(loop.keepingObservers)
    let last = head.with { $0.previous } ?? head
    previous = last
    next = head
    last.with { $0.next = this }
    head.with { $0.previous = this }
  }

  private func leave() {
    guard let previous, let next else { return }
    previous.with { $0.next = next }
    next.with { $0.previous = previous }
    self.previous = nil
    self.next = nil
  }

  /// Makes all others in the circle let go, and leave it.
  final func letGoOthers() {
    while let other = next?.object, other !== self {
      other.leave()
      other.letGo()
    }
  }
}
