/// Makes a call graph on the loop's thread, from what is stored for the loop's own work: what each task awaits, and who
/// observes each future. So a graph costs nothing until it is captured.
final class CallGraphCapture {
  let loop: Asyncio.EventLoop
  /// The deadlines at which timers complete futures that the library itself waits for.
  private(set) var deadlines: [ObjectIdentifier: Int64] = [:]
  /// The deadlines of the timeouts that tasks are in.
  private var timeouts: [TaskRef: [Int64]] = [:]
  /// The task whose code asks for the graph.
  let runningCore: TaskRef?
  private var cores: [Int: TaskRef] = [:]
  private let now: Int64

  // Subjects are kept until the end, so that no identity is reused.
  private var subjects: [any CallGraphSubject] = []
  private var ids: [ObjectIdentifier: Int] = [:]
  /// The facts about the subjects that have been asked, and who awaits whom.
  private var facts: [CallGraphFacts] = []
  private var edges: [(awaiting: Int, awaited: Int)] = []

  init(of loop: Asyncio.EventLoop) {
    self.loop = loop
    now = loop.clock.nowNanoseconds
    runningCore = loop.callingCore()
    var cores: [Int: TaskRef] = [:]
    loop.state.pending.forEach { cores[$0.record.creationNumber] = $0 }
    self.cores = cores
    for entry in loop.state.timers.entries where !entry.isCancelled {
      entry.with { timer in
        switch timer {
        case .waiter(let waiter): deadlines[ObjectIdentifier(waiter.object)] = entry.deadline
        case .sleep: break
        case .handle(let handle):
          guard case .expiry(let timeout) = handle.action else { return }
          timeouts[timeout.task, default: []].append(entry.deadline)
        }
      }
    }
  }

  /// The graph of everything that waits on the loop.
  func capture() -> Asyncio.CallGraph {
    visitAll()
    return graph()
  }

  /// The part of the graph around `future`.
  func capture(about future: Asyncio.AnyFuture) -> Asyncio.CallGraph {
    visitAll()
    let id = visit(future)
    askAll()
    return graph().part(about: id)
  }

  // MARK: What subjects ask

  /// The loop's task with this number; nil if the task is done.
  func task(number: Int) -> Asyncio.AnyFuture? { cores[number]?.task }

  /// The time left until a deadline, if there is one.
  func timeLeft(until deadline: Int64?) -> [String] {
    deadline.map { ["\(Duration.nanoseconds(max(0, $0 &- now))) left"] } ?? []
  }

  /// The time left until the innermost of the timeouts that a task is in.
  func timeLeft(of core: TaskRef) -> [String] {
    guard let earliest = timeouts[core]?.min() else { return [] }
    return timeLeft(until: earliest).map { "timeout: \($0)" }
  }

  // MARK: Following

  private func visitAll() {
    for task in loop.pendingTasks { visit(task) }
    for task in loop.customTasks.pending { visit(task) }
    if let main = loop.mainFuture, !main.isDone { visit(main) }
    askAll()
    for guest in loop.waitingChildren { visit(guest) }
    askAll()
  }

  /// The number of a subject. A new subject will be asked.
  @discardableResult
  private func visit(_ subject: any CallGraphSubject) -> Int {
    var subject = subject
    // Whoever waits for a lock is shown waiting for the lock, not for a future.
    if let waiter = subject as? WaiterFuture, let place = waiter.owner as? any CallGraphSubject,
      !(place is Asyncio.AnyFuture)
    {
      subject = place
    }
    let id = ids[ObjectIdentifier(subject), default: subjects.count]
    if id == subjects.count {
      ids[ObjectIdentifier(subject)] = id
      subjects.append(subject)
    }
    return id
  }

  /// Asks the subjects one after another, including those that come up meanwhile. Not recursive: a chain may be long.
  private func askAll() {
    while facts.count < subjects.count {
      let id = facts.count
      let subject = subjects[id]
      let known = subject.callGraphFacts(for: self)
      facts.append(known)
      for awaited in known.awaits { edges.append((id, visit(awaited))) }
      if let awaiting = known.awaitedBy { edges.append((visit(awaiting), id)) }
      guard let future = subject as? Asyncio.AnyFuture else { continue }
      future.callbacks.forEach { callback in
        switch callback {
        case .notify(let observer): if case .awaiting(let other) = observer.object.callGraphRole { visit(other) }
        default: break
        }
      }
    }
  }

  private func graph() -> Asyncio.CallGraph {
    var nodes = facts.enumerated().map { Asyncio.CallGraph.Node(id: $0, $1) }
    struct Edge: Hashable { let awaiting, awaited: Int }
    var known = Set<Edge>()
    for (awaiting, awaited) in edges where known.insert(Edge(awaiting: awaiting, awaited: awaited)).inserted {
      nodes[awaiting].awaits.append(awaited)
      nodes[awaited].awaitedBy.append(awaiting)
    }
    return Asyncio.CallGraph(nodes)
  }
}

extension Asyncio.CallGraph.Node {
  fileprivate init(id: Int, _ facts: CallGraphFacts) {
    self.init(
      id: id,
      kind: facts.kind,
      state: facts.state,
      name: facts.name,
      details: facts.details,
      awaits: [],
      awaitedBy: [],
      site: facts.site.map { .ofThisProgram($0) }
    )
  }
}
