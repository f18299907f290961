/// A JSON document.
///
/// A reader of its own: scenarios come by the ten thousand, and whoever decodes them has to tell which field is wrong.
enum JSON {
  case null
  case bool(Bool)
  case integer(Int)
  /// A number that is no integer, or too large for one.
  case number
  case string(String)
  case array([JSON])
  case object([Member])

  struct Member {
    let name: String
    let value: JSON
  }

  /// Parses a text that holds one document.
  /// - Throws: ``JSONSyntaxError``.
  init(parsing text: ArraySlice<UInt8>) throws {
    self = try text.withUnsafeBufferPointer { bytes in
      var parser = JSONParser(bytes: bytes)
      return try parser.parseDocument()
    }
  }
}

/// A text is not JSON.
struct JSONSyntaxError: Error, CustomStringConvertible {
  /// What was expected there.
  let message: String
  /// The byte where the text stops to make sense, from 1 on.
  let column: Int

  var description: String { "column \(column): \(message)" }
}

private struct JSONParser {
  let bytes: UnsafeBufferPointer<UInt8>
  private var position = 0
  private var depth = 0
  private static let deepestNesting = 500

  init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  mutating func parseDocument() throws -> JSON {
    let value = try parseValue()
    skipSpace()
    if position < bytes.count { throw syntaxError("expected the end of the line") }
    return value
  }

  private func syntaxError(_ message: String) -> JSONSyntaxError {
    JSONSyntaxError(message: message, column: position + 1)
  }

  /// The byte at the current position; zero, which no JSON has, at the end.
  private var current: UInt8 { position < bytes.count ? bytes[position] : 0 }

  private mutating func skipSpace() {
    while true {
      switch current {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): position += 1
      default: return
      }
    }
  }

  /// Moves behind `byte` if it comes next.
  private mutating func skip(_ byte: Unicode.Scalar) -> Bool {
    skipSpace()
    if current != UInt8(ascii: byte) { return false }
    position += 1
    return true
  }

  private mutating func expect(_ byte: Unicode.Scalar) throws {
    if !skip(byte) { throw syntaxError("expected '\(byte)'") }
  }

  private mutating func parseValue() throws -> JSON {
    skipSpace()
    switch current {
    case UInt8(ascii: "{"): return try parseNested { try $0.parseObject() }
    case UInt8(ascii: "["): return try parseNested { try $0.parseArray() }
    case UInt8(ascii: "\""): return .string(try parseString())
    case UInt8(ascii: "t"): return try parseWord("true", .bool(true))
    case UInt8(ascii: "f"): return try parseWord("false", .bool(false))
    case UInt8(ascii: "n"): return try parseWord("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try parseNumber()
    default: throw syntaxError("expected a value")
    }
  }

  private mutating func parseNested(_ parse: (inout JSONParser) throws -> JSON) throws -> JSON {
    depth += 1
    if depth > Self.deepestNesting { throw syntaxError("nested too deeply") }
    defer { depth -= 1 }
    position += 1
    return try parse(&self)
  }

  private mutating func parseObject() throws -> JSON {
    var members: [JSON.Member] = []
    if skip("}") { return .object(members) }
    repeat {
      skipSpace()
      if current != UInt8(ascii: "\"") { throw syntaxError("expected a name in quotes") }
      let name = try parseString()
      try expect(":")
      members.append(JSON.Member(name: name, value: try parseValue()))
    } while skip(",")
    try expect("}")
    return .object(members)
  }

  private mutating func parseArray() throws -> JSON {
    var elements: [JSON] = []
    if skip("]") { return .array(elements) }
    repeat { elements.append(try parseValue()) } while skip(",")
    try expect("]")
    return .array(elements)
  }

  private mutating func parseWord(_ word: StaticString, _ value: JSON) throws -> JSON {
    let isThere =
      bytes.count - position >= word.utf8CodeUnitCount
      && (0..<word.utf8CodeUnitCount).allSatisfy { bytes[position + $0] == word.utf8Start[$0] }
    if !isThere { throw syntaxError("expected a value") }
    position += word.utf8CodeUnitCount
    return value
  }

  private mutating func parseNumber() throws -> JSON {
    let start = position
    var isInteger = true
    scan: while true {
      switch current {
      case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): break
      case UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): isInteger = false
      default: break scan
      }
      position += 1
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isInteger, let value = Int(text) { return .integer(value) }
    guard Double(text) != nil else {
      position = start
      throw syntaxError("expected a number")
    }
    return .number
  }

  private mutating func parseString() throws -> String {
    position += 1
    let start = position
    // Nearly all strings are taken as they are.
    while position < bytes.count, bytes[position] != UInt8(ascii: "\\"), bytes[position] >= 0x20 {
      if bytes[position] == UInt8(ascii: "\"") {
        defer { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
      }
      position += 1
    }
    return try parseString(startingWith: Array(bytes[start..<position]))
  }

  /// The rest of a string in which there are escapes.
  private mutating func parseString(startingWith start: [UInt8]) throws -> String {
    var text = start
    while current != UInt8(ascii: "\"") {
      if current < 0x20 { throw syntaxError("expected '\"'") }
      if current == UInt8(ascii: "\\") {
        text.append(contentsOf: String(try parseEscape()).utf8)
      } else {
        text.append(current)
        position += 1
      }
    }
    position += 1
    return String(decoding: text, as: UTF8.self)
  }

  private mutating func parseEscape() throws -> Unicode.Scalar {
    position += 1
    defer { position += 1 }
    switch current {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(current)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try parseUnicodeEscape()
    default: throw syntaxError("expected an escape sequence")
    }
  }

  /// Parses what follows `\u`, and leaves the position on its last digit.
  private mutating func parseUnicodeEscape() throws -> Unicode.Scalar {
    let first = try parseHexDigits()
    guard UTF16.isLeadSurrogate(first) else {
      guard let scalar = Unicode.Scalar(first) else { throw syntaxError("expected a code point") }
      return scalar
    }
    position += 1
    guard current == UInt8(ascii: "\\"), position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: "u") else {
      throw syntaxError("expected the second half of a surrogate pair")
    }
    position += 1
    let second = try parseHexDigits()
    guard UTF16.isTrailSurrogate(second) else { throw syntaxError("expected the second half of a surrogate pair") }
    return UTF16.decode(UTF16.EncodedScalar([first, second]))
  }

  private mutating func parseHexDigits() throws -> UInt16 {
    let end = position + 4
    guard end < bytes.count,
      let value = UInt16(String(decoding: bytes[position + 1...end], as: UTF8.self), radix: 16)
    else { throw syntaxError("expected four hexadecimal digits") }
    position = end
    return value
  }
}
