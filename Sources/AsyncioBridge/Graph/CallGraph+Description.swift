extension Asyncio.CallGraph: CustomStringConvertible {
  /// The graph as indented text: below each node stands what the node waits for. `asyncio.format_call_graph()`.
  ///
  /// A node that several others wait for has a number. The first occurrence shows what the node itself waits for; later
  /// ones refer to the number. A line more than 40 levels down starts with the number of its level instead of further
  /// indentation. Cycles are listed at the end; of a cycle with more than 20 nodes, the first and last ten.
  ///
  /// ```
  /// Task 'left', waiting, created at Program/Stuck.swift:12 #0
  ///   Lock [locked, waiters:1], held by
  ///     Task 'right', waiting, created at Program/Stuck.swift:18
  ///       Lock [locked, waiters:1], held by
  ///         Task 'left' #0, a cycle
  /// cycle: Task 'left' → Lock → Task 'right' → Lock → Task 'left'
  /// ```
  public var description: String {
    var text = CallGraphText(self)
    return text.write()
  }
}

extension Asyncio.CallGraph.Node: CustomStringConvertible {
  /// What the node stands for, and its state: `Task 'worker', waiting, created at Program/Main.swift:7`.
  public var description: String {
    var parts = [details.isEmpty ? title : "\(title) [\(details.joined(separator: ", "))]"]
    // Any other node is in the graph because somebody waits, so its state says nothing.
    if kind == .task || kind == .future || state != .waiting { parts.append(state.rawValue) }
    if let creationSite { parts.append("created at \(creationSite)") }
    return parts.joined(separator: ", ")
  }

  fileprivate var title: String { name.map { "\(kind.rawValue) '\($0)'" } ?? kind.rawValue }
}

/// Writes a graph down, each node once.
private struct CallGraphText {
  private let graph: Asyncio.CallGraph
  private var lines: [String] = []
  private var isShown: [Bool]
  /// Whether each node is on the path from the root to the current line.
  private var isAbove: [Bool]
  private var isRoot: [Bool]

  init(_ graph: Asyncio.CallGraph) {
    self.graph = graph
    isShown = Array(repeating: false, count: graph.nodes.count)
    isAbove = isShown
    isRoot = isShown
  }

  mutating func write() -> String {
    if graph.nodes.isEmpty { return "nothing waits" }
    for node in graph.nodes where node.awaitedBy.isEmpty { write(from: node.id) }
    // The remaining nodes are only reached from cycles.
    for node in graph.nodes where !isShown[node.id] { write(from: node.id) }
    for cycle in graph.cycles {
      lines.append("cycle: " + Self.describe(cycle + cycle.prefix(1)))
    }
    return lines.joined(separator: "\n")
  }

  /// The nodes of a path; of a long path, its two ends.
  private static func describe(_ way: [Asyncio.CallGraph.Node]) -> String {
    var titles = way.prefix(longestEnd).map(\.title)
    if way.count > 2 * longestEnd { titles.append("\(way.count - 2 * longestEnd) more") }
    titles += way.dropFirst(longestEnd).suffix(longestEnd).map(\.title)
    return titles.joined(separator: " → ")
  }

  private static var longestEnd: Int { 10 }

  /// Not recursive: a chain of tasks may be longer than a thread's stack is deep.
  private mutating func write(from root: Int) {
    var way = [(node: root, next: 0)]
    isRoot[root] = true
    show(root, depth: 0)
    while let (id, next) = way.last {
      let node = graph.nodes[id]
      guard next < node.awaits.count else {
        way.removeLast()
        isAbove[id] = false
        continue
      }
      way[way.count - 1].next += 1
      let target = node.awaits[next]
      if isShown[target] {
        let relation = isAbove[target] ? "a cycle" : "see above"
        append("\(graph.nodes[target].title)\(number(of: target)), \(relation)", depth: way.count)
      } else {
        show(target, depth: way.count)
        way.append((target, 0))
      }
    }
  }

  private mutating func show(_ id: Int, depth: Int) {
    isShown[id] = true
    isAbove[id] = true
    let node = graph.nodes[id]
    let relation = node.kind == .lock && !node.awaits.isEmpty ? ", held by" : ""
    let mark = id == graph.subject ? " ←" : ""
    append("\(node)\(number(of: id))\(relation)\(mark)", depth: depth)
  }

  private mutating func append(_ line: String, depth: Int) {
    let indentation = String(repeating: "  ", count: min(depth, Self.deepestIndentation))
    lines.append(indentation + (depth > Self.deepestIndentation ? "(\(depth)) \(line)" : line))
  }

  /// Lines further down than this start with their depth instead: otherwise the text of a chain would grow
  /// quadratically.
  private static var deepestIndentation: Int { 40 }

  /// Shown if the text refers to the node elsewhere.
  private func number(of id: Int) -> String {
    let mentions = graph.nodes[id].awaitedBy.count + (isRoot[id] ? 1 : 0)
    return mentions > 1 ? " #\(id)" : ""
  }
}
