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
