import Foundation

/// What a part of a scenario may name, and what ops may be there.
struct Scope {
  var slots: Set<String> = []
  var callbacks: Set<String> = []
  var bodyCount = 0
  var objects: [String: Scenario.ObjectDefinition.Kind] = [:]
  var isInExceptClause = false
  var isInFinally = false

  func problem(withSlot name: String) -> String? { slots.contains(name) ? nil : "unknown slot '\(name)'" }
}

extension Fields {
  /// The name of a slot.
  mutating func slot() throws -> String {
    let name: String = try required("slot")
    if let problem = scope.problem(withSlot: name) { throw malformed("slot", problem) }
    return name
  }

  /// The names of slots.
  mutating func slots() throws -> [String] {
    let names: [String] = try required("of")
    for (index, name) in names.enumerated() {
      if let problem = scope.problem(withSlot: name) { throw malformed("of", at: index, problem) }
    }
    return names
  }

  /// The number of a body other than main's.
  mutating func body() throws -> Int {
    let number: Int = try required("body")
    if number < 1 || number >= scope.bodyCount { throw malformed("body", "there is no body \(number) to run") }
    return number
  }

  /// The name of a callback.
  mutating func callback() throws -> String {
    let name: String = try required("cb")
    if !scope.callbacks.contains(name) { throw malformed("cb", "unknown callback '\(name)'") }
    return name
  }

  mutating func queue() throws -> String { try object("a queue", \.isQueue) }
  mutating func event() throws -> String { try object("an event", \.isEvent) }
  mutating func barrier() throws -> String { try object("a barrier", \.isBarrier) }
  mutating func condition() throws -> String { try object("a condition", \.isCondition) }
  /// Anything that can be acquired.
  mutating func lock() throws -> String { try object("a lock, condition or semaphore", \.canBeAcquired) }

  private mutating func object(
    _ expectation: String,
    _ fits: (Scenario.ObjectDefinition.Kind) -> Bool
  ) throws -> String {
    let name: String = try required("obj")
    try check(name, of: "obj", expectation, fits)
    return name
  }

  /// The name of the lock that a condition shares, if it does.
  mutating func sharedLock() throws -> String? {
    let name: String? = try optional("lock")
    if let name { try check(name, of: "lock", "a lock", \.isLock) }
    return name
  }

  private func check(
    _ name: String,
    of field: String,
    _ expectation: String,
    _ fits: (Scenario.ObjectDefinition.Kind) -> Bool
  ) throws {
    guard let kind = scope.objects[name] else { throw malformed(field, "unknown object '\(name)'") }
    if !fits(kind) { throw malformed(field, "'\(name)' is not \(expectation)") }
  }
}

extension Scenario.Argument: DecodableWithConfiguration {
  /// The name of a slot, or an object that tells of a body.
  init(from decoder: any Decoder, configuration scope: Scope) throws {
    let container = try decoder.singleValueContainer()
    if let name = try? container.decode(String.self) {
      if let problem = scope.problem(withSlot: name) {
        throw DecodingError.dataCorruptedError(in: container, debugDescription: problem)
      }
      self = .slot(name)
    } else if Fields.isObject(decoder) {
      self = try Fields.read(decoder, in: scope) { fields in .body(try fields.body(), slot: try fields.slot()) }
    } else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "expected a slot or a body")
    }
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
