// A call graph for another process: `{"nodes": [{"id": 0, "kind": "Task", "state": "waiting", …}], "subject": 0}`.

/// Where a node was created.
enum CallGraphSite: Sendable, Hashable, CustomStringConvertible {
  /// Made a text of only when that is asked for.
  case ofThisProgram(SourceSite)
  /// From a graph that was decoded.
  case decoded(String)

  var description: String {
    switch self {
    case .ofThisProgram(let site): site.description
    case .decoded(let text): text
    }
  }

  static func == (a: CallGraphSite, b: CallGraphSite) -> Bool {
    if case .ofThisProgram(let a) = a, case .ofThisProgram(let b) = b { return a == b }
    return a.description == b.description
  }

  func hash(into hasher: inout Hasher) { hasher.combine(description) }
}

extension Asyncio.CallGraph.Node: Codable {
  private enum CodingKeys: String, CodingKey {
    case id, kind, state, name, creationSite, details, awaits, awaitedBy
  }

  /// Reads a node.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    id = try fields.decode(Int.self, forKey: .id)
    kind = try fields.decode(Kind.self, forKey: .kind)
    state = try fields.decode(State.self, forKey: .state)
    name = try fields.decodeIfPresent(String.self, forKey: .name)
    details = try fields.decode([String].self, forKey: .details)
    awaits = try fields.decode([Int].self, forKey: .awaits)
    awaitedBy = try fields.decode([Int].self, forKey: .awaitedBy)
    site = try fields.decodeIfPresent(String.self, forKey: .creationSite).map { .decoded($0) }
  }

  /// Writes the node.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(id, forKey: .id)
    try fields.encode(kind, forKey: .kind)
    try fields.encode(state, forKey: .state)
    try fields.encodeIfPresent(name, forKey: .name)
    try fields.encode(details, forKey: .details)
    try fields.encode(awaits, forKey: .awaits)
    try fields.encode(awaitedBy, forKey: .awaitedBy)
    try fields.encodeIfPresent(creationSite, forKey: .creationSite)
  }
}

extension Asyncio.CallGraph: Codable {
  private enum CodingKeys: String, CodingKey { case nodes, subject }

  /// Reads a graph.
  /// - Throws: `DecodingError`, also if a node's `id` is not its place, or it refers to a node that there is not.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    nodes = try fields.decode([Node].self, forKey: .nodes)
    subject = try fields.decodeIfPresent(Node.ID.self, forKey: .subject)
    for (place, node) in nodes.enumerated()
    where node.id != place || !(node.awaits + node.awaitedBy).allSatisfy(nodes.indices.contains) {
      throw DecodingError.dataCorruptedError(
        forKey: .nodes,
        in: fields,
        debugDescription: "node \(place) of the call graph has another id, or refers to a node that there is not"
      )
    }
    if let subject, !nodes.indices.contains(subject) {
      throw DecodingError.dataCorruptedError(
        forKey: .subject,
        in: fields,
        debugDescription: "the call graph has no node \(subject), its subject"
      )
    }
  }

  /// Writes the graph.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(nodes, forKey: .nodes)
    try fields.encodeIfPresent(subject, forKey: .subject)
  }
}
