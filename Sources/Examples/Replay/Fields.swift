/// A field of a scenario is not what it should be.
struct MalformedField: Error, CustomStringConvertible {
  enum Step {
    case name(String)
    case index(Int)
  }

  /// The way to the field, from the innermost step outwards.
  private(set) var path: [Step] = []
  let message: String

  init(_ message: String) { self.message = message }

  /// The same problem, seen from one level above.
  func within(_ step: Step) -> MalformedField {
    var outer = self
    outer.path.append(step)
    return outer
  }

  /// `bodies[1][3].slot: expected a string`.
  var description: String {
    var text = ""
    for step in path.reversed() {
      switch step {
      case .name(let name): text += text.isEmpty ? name : ".\(name)"
      case .index(let index): text += "[\(index)]"
      }
    }
    return text.isEmpty ? message : "\(text): \(message)"
  }
}

// MARK: - Plain values

extension JSON {
  func asString() throws -> String {
    guard case .string(let value) = self else { throw MalformedField("expected a string") }
    return value
  }

  func asInteger() throws -> Int {
    guard case .integer(let value) = self else { throw MalformedField("expected an integer") }
    return value
  }

  func asBool() throws -> Bool {
    guard case .bool(let value) = self else { throw MalformedField("expected true or false") }
    return value
  }

  /// One of the names of an enumeration's cases.
  func asName<Name>(_ type: Name.Type) throws -> Name
  where Name: RawRepresentable<String>, Name: CaseIterable {
    let text = try asString()
    guard let name = Name(rawValue: text) else {
      let known = Name.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
      throw MalformedField("unknown name '\(text)', expected one of \(known)")
    }
    return name
  }

  func asArray<Element>(of decode: (JSON) throws -> Element) throws -> [Element] {
    guard case .array(let elements) = self else { throw MalformedField("expected an array") }
    var result: [Element] = []
    result.reserveCapacity(elements.count)
    for (index, element) in elements.enumerated() {
      do { result.append(try decode(element)) } catch let problem as MalformedField {
        throw problem.within(.index(index))
      }
    }
    return result
  }

  /// Decodes an object; a field that `decode` has not asked for is an error.
  func asObject<Result>(_ decode: (inout Fields) throws -> Result) throws -> Result {
    guard case .object(let members) = self else { throw MalformedField("expected an object") }
    var fields = Fields(members)
    let result = try decode(&fields)
    try fields.checkAllRead()
    return result
  }
}

/// The fields of an object that is being decoded.
struct Fields {
  private let members: [JSON.Member]
  private var isRead: [Bool]

  fileprivate init(_ members: [JSON.Member]) {
    self.members = members
    isRead = Array(repeating: false, count: members.count)
  }

  mutating func required<Value>(_ name: String, _ decode: (JSON) throws -> Value) throws -> Value {
    guard let value = take(name) else { throw MalformedField("missing").within(.name(name)) }
    do { return try decode(value) } catch let problem as MalformedField { throw problem.within(.name(name)) }
  }

  /// Nil if the field is absent or null.
  mutating func optional<Value>(_ name: String, _ decode: (JSON) throws -> Value) throws -> Value? {
    guard let value = take(name) else { return nil }
    if case .null = value { return nil }
    do { return try decode(value) } catch let problem as MalformedField { throw problem.within(.name(name)) }
  }

  private mutating func take(_ name: String) -> JSON? {
    guard let index = members.firstIndex(where: { $0.name == name }) else { return nil }
    isRead[index] = true
    return members[index].value
  }

  fileprivate func checkAllRead() throws {
    guard let index = isRead.firstIndex(of: false) else { return }
    throw MalformedField("unexpected field").within(.name(members[index].name))
  }
}
