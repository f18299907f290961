/// An object that can be a node of a call graph.
protocol CallGraphSubject: AnyObject {
  /// The facts about the object, for a capture on its loop's thread. Runs no user code.
  func callGraphFacts(for capture: CallGraphCapture) -> CallGraphFacts
}

/// The facts that a subject knows about itself.
struct CallGraphFacts {
  var kind: Asyncio.CallGraph.Node.Kind
  var state = Asyncio.CallGraph.Node.State.waiting
  var name: String?
  var site: SourceSite?
  var details: [String] = []
  /// The subjects that this one waits for, without futures that are done.
  var awaits: [any CallGraphSubject] = []
  /// A subject that waits for this one, and may not know so.
  var awaitedBy: (any CallGraphSubject)?

  init(_ kind: Asyncio.CallGraph.Node.Kind) { self.kind = kind }

  /// The facts about a subject that waits for several futures.
  init<F: Asyncio.AnyFuture>(_ kind: Asyncio.CallGraph.Node.Kind, _ futures: [F]) {
    self.kind = kind
    let pending = futures.filter { !$0.isDone }
    awaits = pending
    details = ["\(futures.count - pending.count) of \(futures.count) done"]
  }
}

/// What an observer of a future means for the call graph.
enum CallGraphRole {
  /// The observer means nothing.
  case none
  /// The subject waits for the future.
  case awaiting(any CallGraphSubject)
  /// The future ends as another one does: the graph shows a wait for the other.
  case passingOn(Asyncio.AnyFuture)
  /// Another thread completes the future.
  case fromElsewhere
}
