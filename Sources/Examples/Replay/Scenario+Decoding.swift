extension Scenario {
  /// Decodes a scenario from a line of JSON, and checks that all it names is there.
  /// - Throws: ``JSONSyntaxError``, ``MalformedField``.
  init(parsing line: ArraySlice<UInt8>) throws {
    self = try JSON(parsing: line).asObject { fields in
      let id = try fields.required("id") { try $0.asString() }
      let futureCount = try fields.required("futures") { try $0.asInteger(atLeast: 0) }
      let slots = try fields.required("slots") { try $0.asArray { try $0.asString() } }

      var decoder = ScenarioDecoder()
      decoder.slots = Set(slots + (0..<futureCount).map { "f\($0)" } + ["main"])
      let objects = try fields.optional("objects") { try $0.asArray { try decoder.object($0) } } ?? []
      // Ops may name any callback and any body: what there are is to be known before the first op is read.
      decoder.callbacks = Set(try fields.optional("callbacks") { try $0.asArray { try decoder.callbackID($0) } } ?? [])
      decoder.bodyCount = try fields.required("bodies") { try $0.asArray { $0 }.count }

      return Scenario(
        id: id,
        futureCount: futureCount,
        objects: objects,
        callbacks: try fields.optional("callbacks") { try $0.asArray { try decoder.callback($0) } } ?? [],
        slots: slots,
        drains: try fields.optional("drain") { try $0.asBool() } ?? false,
        bodies: try fields.required("bodies") { try decoder.bodies($0) }
      )
    }
  }
}

/// Decodes the parts of a scenario, and knows what these may name.
struct ScenarioDecoder {
  var slots: Set<String> = []
  var callbacks: Set<String> = []
  var bodyCount = 0
  private var objects: [String: Scenario.ObjectDefinition.Kind] = [:]

  /// Where in a body an op stands.
  struct Place {
    var isInCallback = false
    var isInExceptClause = false
    var isInFinally = false
  }

  // MARK: Objects, callbacks, bodies

  mutating func object(_ json: JSON) throws -> Scenario.ObjectDefinition {
    let definition = try json.asObject { fields in
      let name = try fields.required("name") { try $0.asString() }
      let kind = try fields.required("kind") { try $0.asName(ObjectKindName.self) }
      return Scenario.ObjectDefinition(name: name, kind: try self.kind(kind, &fields))
    }
    objects[definition.name] = definition.kind
    return definition
  }

  private enum ObjectKindName: String, CaseIterable {
    case queue, lock, event, condition, semaphore, barrier
    case lifoQueue = "lifo_queue"
    case priorityQueue = "priority_queue"
    case boundedSemaphore = "bounded_semaphore"
  }

  private func kind(_ name: ObjectKindName, _ fields: inout Fields) throws -> Scenario.ObjectDefinition.Kind {
    func maxsize() throws -> Int { try fields.optional("maxsize") { try $0.asInteger() } ?? 0 }
    func value() throws -> Int { try fields.optional("value") { try $0.asInteger(atLeast: 0) } ?? 1 }
    switch name {
    case .queue: return .queue(maxsize: try maxsize())
    case .lifoQueue: return .lifoQueue(maxsize: try maxsize())
    case .priorityQueue: return .priorityQueue(maxsize: try maxsize())
    case .lock: return .lock
    case .event: return .event
    case .condition: return .condition(lock: try fields.optional("lock") { try object($0, "a lock", \.isLock) })
    case .semaphore: return .semaphore(value: try value())
    case .boundedSemaphore: return .boundedSemaphore(value: try value())
    case .barrier: return .barrier(parties: try fields.required("parties") { try $0.asInteger(atLeast: 1) })
    }
  }

  func callbackID(_ json: JSON) throws -> String {
    try json.asObject { fields in
      _ = try fields.optional("ops") { $0 }
      return try fields.required("id") { try $0.asString() }
    }
  }

  func callback(_ json: JSON) throws -> Scenario.CallbackDefinition {
    try json.asObject { fields in
      Scenario.CallbackDefinition(
        id: try fields.required("id") { try $0.asString() },
        ops: try fields.optional("ops") { try syncOps($0) } ?? []
      )
    }
  }

  func bodies(_ json: JSON) throws -> [[Scenario.Op]] {
    let bodies = try json.asArray { try ops($0, Place()) }
    if bodies.isEmpty { throw MalformedField("expected one body at least") }
    return bodies
  }

  // MARK: Op lists

  func ops(_ json: JSON, _ place: Place) throws -> [Scenario.Op] {
    try json.asArray { json in
      try json.asObject { fields in
        let name = try fields.required("op") { try $0.asString() }
        if let op = try taskOp(name, &fields, place) { return op }
        if let op = try syncOp(name, &fields) { return .sync(op) }
        throw MalformedField("'\(name)' is no op").within(.name("op"))
      }
    }
  }

  func syncOps(_ json: JSON) throws -> [Scenario.SyncOp] {
    try json.asArray { json in
      try json.asObject { fields in
        let name = try fields.required("op") { try $0.asString() }
        guard let op = try syncOp(name, &fields) else {
          throw MalformedField("'\(name)' is no op of a callback").within(.name("op"))
        }
        return op
      }
    }
  }

  // MARK: What ops name

  func slot(_ json: JSON) throws -> String {
    let name = try json.asString()
    if !slots.contains(name) { throw MalformedField("unknown slot '\(name)'") }
    return name
  }

  func callbackName(_ json: JSON) throws -> String {
    let name = try json.asString()
    if !callbacks.contains(name) { throw MalformedField("unknown callback '\(name)'") }
    return name
  }

  /// The number of a body other than main's.
  func body(_ json: JSON) throws -> Int {
    let number = try json.asInteger()
    if number < 1 || number >= bodyCount { throw MalformedField("there is no body \(number) to run") }
    return number
  }

  func argument(_ json: JSON) throws -> Scenario.Argument {
    switch json {
    case .string: return .slot(try slot(json))
    case .object:
      return try json.asObject { fields in
        .body(try fields.required("body") { try body($0) }, slot: try fields.required("slot") { try slot($0) })
      }
    default: throw MalformedField("expected a slot or a body")
    }
  }

  func queue(_ json: JSON) throws -> String { try object(json, "a queue", \.isQueue) }
  func event(_ json: JSON) throws -> String { try object(json, "an event", \.isEvent) }
  func barrier(_ json: JSON) throws -> String { try object(json, "a barrier", \.isBarrier) }
  func condition(_ json: JSON) throws -> String { try object(json, "a condition", \.isCondition) }
  /// Anything that can be acquired.
  func lock(_ json: JSON) throws -> String {
    try object(json, "a lock, condition or semaphore", \.canBeAcquired)
  }

  private func object(
    _ json: JSON,
    _ expectation: String,
    _ fits: (Scenario.ObjectDefinition.Kind) -> Bool
  ) throws -> String {
    let name = try json.asString()
    guard let kind = objects[name] else { throw MalformedField("unknown object '\(name)'") }
    if !fits(kind) { throw MalformedField("'\(name)' is not \(expectation)") }
    return name
  }
}

extension Scenario.ObjectDefinition.Kind {
  fileprivate var isQueue: Bool {
    switch self {
    case .queue, .lifoQueue, .priorityQueue: true
    default: false
    }
  }

  fileprivate var isLock: Bool {
    if case .lock = self { true } else { false }
  }

  fileprivate var isEvent: Bool {
    if case .event = self { true } else { false }
  }

  fileprivate var isCondition: Bool {
    if case .condition = self { true } else { false }
  }

  fileprivate var isBarrier: Bool {
    if case .barrier = self { true } else { false }
  }

  fileprivate var canBeAcquired: Bool { !isQueue && !isEvent && !isBarrier }
}

extension JSON {
  func asInteger(atLeast minimum: Int) throws -> Int {
    let value = try asInteger()
    if value < minimum { throw MalformedField("expected an integer of \(minimum) at least") }
    return value
  }

  /// An integer or null.
  func asValue() throws -> Scenario.Value {
    switch self {
    case .null: return .null
    case .integer(let value): return .integer(value)
    default: throw MalformedField("expected an integer or null")
    }
  }
}
