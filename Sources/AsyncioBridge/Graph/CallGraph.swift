extension Asyncio {
  /// Who waits for whom on a loop, at one moment: the result of ``captureCallGraph(_:)``. `asyncio.FutureCallGraph`,
  /// from Python 3.14 on.
  ///
  /// The nodes are tasks, futures, and what stands between a task and the futures that it waits for: combinators,
  /// locks, queues. Each node appears once, however many others wait for it. The graph is a copy: it stays as it is
  /// while the loop goes on, any thread may have it, and it may
  /// be encoded for another process.
  ///
  /// ```swift
  /// for task in graph.tasks where task.state == .waiting {
  ///   print(task.name ?? "?", "waits for", graph.awaited(by: task).map(\.kind))
  /// }
  /// ```
  public struct CallGraph: Sendable, Hashable {
    /// A task, a future, or an object that tasks wait at.
    public struct Node: Sendable, Hashable, Identifiable {
      /// What a node stands for.
      public enum Kind: String, Sendable, Codable {
        /// A task, including one of a type of your own.
        case task = "Task"
        /// A plain future, which anybody may complete.
        case future = "Future"
        /// The future of a `gather`, which waits for the children that are not done.
        case gather
        /// The future of a `shield`, which waits for the shielded future.
        case shield
        /// A `wait`, which waits for the futures that are not done.
        case wait
        /// A `waitFor` with a timeout.
        case waitFor
        /// An `asCompleted` whose next future somebody waits for.
        case asCompleted
        /// A task group. The parent waits for the group, even while the body runs; the group waits for the children
        /// that are not done.
        case taskGroup = "TaskGroup"
        /// A `sleep`.
        case sleep
        /// A ``Lock``, which waits for the task that holds it.
        case lock = "Lock"
        /// An ``Event``.
        case event = "Event"
        /// A ``Condition`` that tasks wait to be notified of.
        case condition = "Condition"
        /// A ``Semaphore``.
        case semaphore = "Semaphore"
        /// A ``Barrier``.
        case barrier = "Barrier"
        /// A ``Queue`` of any kind, where tasks wait for an item, a free place, or the end of the work on all items.
        case queue = "Queue"
        /// The future of work on another thread, or of a foreign operation.
        case elsewhere = "work elsewhere"
        /// A Swift child task (`async let`, task group), or another Swift task in an actor's code, that waits for a
        /// future of the loop.
        case child = "child task of Swift's"
      }

      /// How far a node has come.
      public enum State: String, Sendable, Codable {
        /// A task in the middle of a step: the task whose code captured the graph, or a task that has started that one
        /// eagerly.
        case running
        /// A task whose next or first step is scheduled.
        case ready
        /// A task that waits for something on the loop, or any other node that is pending.
        case waiting
        /// A task in an await of something outside the loop.
        case foreign = "in a foreign await"
        /// A task or future with a value or an error.
        case finished
        /// A task or future that was cancelled.
        case cancelled
      }

      /// The index in ``CallGraph/nodes``.
      public let id: Int
      /// What the node stands for.
      public let kind: Kind
      /// How far the node has come.
      public let state: State
      /// The name of a task.
      public let name: String?
      /// Where in your source a task or future was created: `Module/File.swift:12`.
      public var creationSite: String? { site?.description }
      /// Further details, such as `1 of 3 done` or `locked, waiters:2`.
      public let details: [String]
      /// The nodes that this node waits for, each once. A lock waits for the task that holds it.
      public internal(set) var awaits: [Int]
      /// The nodes that wait for this node.
      public internal(set) var awaitedBy: [Int]
      let site: CallGraphSite?
    }

    /// All nodes: first the tasks of the loop, in the order of their creation. A node's `id` is its index here.
    public let nodes: [Node]
    /// The task or future that the graph is about; nil if it is about the whole loop.
    public let subject: Node.ID?

    init(_ nodes: [Node], subject: Node.ID? = nil) {
      self.nodes = nodes
      self.subject = subject
    }

    /// The nodes that are tasks.
    public var tasks: [Node] { nodes.filter { $0.kind == .task } }

    /// The first task with that name.
    public func task(named name: String) -> Node? { nodes.first { $0.kind == .task && $0.name == name } }

    /// The nodes that `node` waits for directly.
    public func awaited(by node: Node) -> [Node] { node.awaits.map { nodes[$0] } }

    /// The nodes that wait for `node` directly.
    public func awaiting(_ node: Node) -> [Node] { node.awaitedBy.map { nodes[$0] } }

    /// The paths on which nodes wait for themselves by way of others. Each path begins with a task, if there is one on
    /// it; the last node waits for the first.
    ///
    /// Not every cycle is a deadlock: a `wait` for the first of several futures need not wait for all of them.
    public var cycles: [[Node]] {
      var found: [[Node]] = []
      var isFinished = [Bool](repeating: false, count: nodes.count)
      // The depth of each node on the path from the node that the search began with.
      var depth = [Int?](repeating: nil, count: nodes.count)
      for start in nodes.indices where !isFinished[start] {
        var way = [(node: start, next: 0)]
        depth[start] = 0
        while let (node, next) = way.last {
          guard next < nodes[node].awaits.count else {
            way.removeLast()
            depth[node] = nil
            isFinished[node] = true
            continue
          }
          way[way.count - 1].next += 1
          let target = nodes[node].awaits[next]
          if let begin = depth[target] {
            found.append(Self.beginningWithTask(way[begin...].map { nodes[$0.node] }))
          } else if !isFinished[target] {
            depth[target] = way.count
            way.append((target, 0))
          }
        }
      }
      return found
    }

    private static func beginningWithTask(_ cycle: [Node]) -> [Node] {
      guard let first = cycle.firstIndex(where: { $0.kind == .task }) else { return cycle }
      return Array(cycle[first...] + cycle[..<first])
    }

    /// The part of the graph around one node: all that it waits for and all that waits for it, directly or by way of
    /// others.
    func part(about subject: Node.ID) -> CallGraph {
      var isWanted = [Bool](repeating: false, count: nodes.count)
      for direction in [\Node.awaits, \Node.awaitedBy] {
        var isReached = [Bool](repeating: false, count: nodes.count)
        var left = [subject]
        while let id = left.popLast() {
          if isReached[id] { continue }
          isReached[id] = true
          isWanted[id] = true
          left += nodes[id][keyPath: direction]
        }
      }
      var newIDs = [Node.ID: Node.ID]()
      for id in nodes.indices where isWanted[id] { newIDs[id] = newIDs.count }
      let part = nodes.filter { isWanted[$0.id] }.map { node in
        Node(
          id: newIDs[node.id] ?? 0,
          kind: node.kind,
          state: node.state,
          name: node.name,
          details: node.details,
          awaits: node.awaits.compactMap { newIDs[$0] },
          awaitedBy: node.awaitedBy.compactMap { newIDs[$0] },
          site: node.site
        )
      }
      return CallGraph(part, subject: newIDs[subject])
    }
  }
}
