import Foundation

/// The fields of an object that is being decoded.
struct Fields {
  /// What the values of the fields may name.
  let scope: Scope
  private let container: KeyedDecodingContainer<Name>
  private var asked: [String] = []

  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  private struct Index: CodingKey {
    let intValue: Int?
    var stringValue: String { "Index \(intValue ?? 0)" }

    init(intValue: Int) { self.intValue = intValue }
    init?(stringValue: String) { nil }
  }

  /// Decodes an object; a field that `decode` has not asked for is an error.
  static func read<Result>(
    _ decoder: any Decoder,
    in scope: Scope,
    _ decode: (inout Fields) throws -> Result
  ) throws -> Result {
    var fields = try Fields(decoder, scope)
    let result = try decode(&fields)
    let unexpected = fields.container.allKeys.lazy.map(\.stringValue).filter { !fields.asked.contains($0) }
    if let name = unexpected.min() { throw fields.malformed(name, "unexpected field") }
    return result
  }

  static func isObject(_ decoder: any Decoder) -> Bool { (try? decoder.container(keyedBy: Name.self)) != nil }

  private init(_ decoder: any Decoder, _ scope: Scope) throws {
    self.scope = scope
    container = try decoder.container(keyedBy: Name.self)
  }

  /// - Parameter index: of the element that is wrong, if the field is an array.
  func malformed(_ name: String, at index: Int? = nil, _ message: String) -> DecodingError {
    var path: [any CodingKey] = container.codingPath + [Name(stringValue: name)]
    if let index { path.append(Index(intValue: index)) }
    return .dataCorrupted(DecodingError.Context(codingPath: path, debugDescription: message))
  }

  private mutating func ask(_ name: String) -> Name {
    asked.append(name)
    return Name(stringValue: name)
  }

  // MARK: Plain values

  mutating func required<Value: Decodable>(_ name: String) throws -> Value {
    try container.decode(Value.self, forKey: ask(name))
  }

  /// Nil if the field is absent or null.
  mutating func optional<Value: Decodable>(_ name: String) throws -> Value? {
    try container.decodeIfPresent(Value.self, forKey: ask(name))
  }

  // These have faster ways through the decoder than what is generic.

  mutating func required(_ name: String) throws -> String {
    try container.decode(String.self, forKey: ask(name))
  }

  mutating func required(_ name: String) throws -> Int {
    let key = ask(name)
    return try integer(key) { try container.decode(Int.self, forKey: key) }
  }

  mutating func optional(_ name: String) throws -> Int? {
    let key = ask(name)
    return try integer(key) { try container.decodeIfPresent(Int.self, forKey: key) }
  }

  /// A number that is no integer makes `decode` throw an error that is no `DecodingError`.
  private func integer<Result>(_ key: Name, _ decode: () throws -> Result) throws -> Result {
    do { return try decode() } catch let error where !(error is DecodingError) {
      let context = DecodingError.Context(codingPath: container.codingPath + [key], debugDescription: "\(error)")
      throw DecodingError.typeMismatch(Int.self, context)
    }
  }

  mutating func required(_ name: String, atLeast minimum: Int) throws -> Int {
    try check(try required(name), name, atLeast: minimum)
  }

  /// Nil if the field is absent or null.
  mutating func optional(_ name: String, atLeast minimum: Int) throws -> Int? {
    try optional(name).map { try check($0, name, atLeast: minimum) }
  }

  private func check(_ value: Int, _ name: String, atLeast minimum: Int) throws -> Int {
    if value < minimum { throw malformed(name, "expected an integer of \(minimum) at least") }
    return value
  }

  // MARK: Values that have a scope

  /// - Parameter scope: what the value may name; nil: what the other fields may.
  mutating func required<Value>(_ name: String, in scope: Scope? = nil) throws -> Value
  where Value: DecodableWithConfiguration, Value.DecodingConfiguration == Scope {
    let key = ask(name)
    // What decodes these takes an absent value for null.
    if !container.contains(key) {
      throw DecodingError.keyNotFound(key, .init(codingPath: container.codingPath, debugDescription: ""))
    }
    return try container.decode(Value.self, forKey: key, configuration: scope ?? self.scope)
  }

  /// Nil if the field is absent or null.
  mutating func optional<Value>(_ name: String, in scope: Scope? = nil) throws -> Value?
  where Value: DecodableWithConfiguration, Value.DecodingConfiguration == Scope {
    try container.decodeIfPresent(Value.self, forKey: ask(name), configuration: scope ?? self.scope)
  }

  /// Decodes the elements of an array one after the other; there are none if the field is absent or null.
  mutating func elements<Element>(_ name: String, _ decode: (any Decoder) throws -> Element) throws -> [Element] {
    let key = ask(name)
    if try !container.contains(key) || container.decodeNil(forKey: key) { return [] }
    var array = try container.nestedUnkeyedContainer(forKey: key)
    var elements: [Element] = []
    while !array.isAtEnd { elements.append(try decode(try array.superDecoder())) }
    return elements
  }
}
