/// What can be a node of a call graph.
protocol CallGraphSubject: AnyObject {
  /// What there is to say about it, for a capture on its loop's thread. No code of the user's runs in it.
  func callGraphFacts(for capture: CallGraphCapture) -> CallGraphFacts
}

/// What a subject knows about itself.
struct CallGraphFacts {
  var kind: Asyncio.CallGraph.Node.Kind
  var state = Asyncio.CallGraph.Node.State.waiting
  var name: String?
  var site: SourceSite?
  var details: [String] = []
  /// What it waits for; futures that are done are left out.
  var awaits: [any CallGraphSubject] = []
  /// What waits for it, and may not know.
  var awaitedBy: (any CallGraphSubject)?

  init(_ kind: Asyncio.CallGraph.Node.Kind) { self.kind = kind }

  /// For what waits for several futures.
  init<F: Asyncio.AnyFuture>(_ kind: Asyncio.CallGraph.Node.Kind, _ futures: [F]) {
    self.kind = kind
    let pending = futures.filter { !$0.isDone }
    awaits = pending
    details = ["\(futures.count - pending.count) of \(futures.count) done"]
  }
}

/// What an observer of a future means for the call graph.
enum CallGraphRole {
  /// Nothing.
  case none
  /// Something that waits for the future.
  case awaiting(any CallGraphSubject)
  /// The future ends as another one does, which is to be waited for.
  case passingOn(Asyncio.AnyFuture)
  /// The future is completed by another thread.
  case fromElsewhere
}

/// A future that a task awaits in an operation of the library's.
final class WaiterFuture: Asyncio.Future<Void> {
  /// On whose behalf: a lock, say; or the future that a `waitFor` waits for.
  ///
  /// Unsafe, so that nothing is counted, and therefore only to be looked at while a task waits for this: the operation's
  /// frame keeps the owner.
  unowned(unsafe) let owner: AnyObject

  init(loop: Asyncio.EventLoop, owner: AnyObject) {
    self.owner = owner
    super.init(loop: loop, core: nil, site: .library)
  }

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
  func createWaiter(for owner: AnyObject) -> Asyncio.Future<Void> { WaiterFuture(loop: self, owner: owner) }
}
