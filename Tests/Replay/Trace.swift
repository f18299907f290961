/// Everything that a scenario could observe, in order.
struct Trace {
  let id: String
  var events: [Event] = []

  struct Event: Equatable {
    /// The virtual time.
    let milliseconds: Int
    /// The name of the current task, `-` if there is none.
    let task: String
    let text: String
  }

  /// The trace as one line of JSON, without the line's end.
  var line: String {
    var line = "{\"id\":"
    line.appendJSON(id)
    line += ",\"trace\":["
    for (index, event) in events.enumerated() {
      line += index == 0 ? "[" : ",["
      line += "\(event.milliseconds),"
      line.appendJSON(event.task)
      line += ","
      line.appendJSON(event.text)
      line += "]"
    }
    line += "]}"
    return line
  }
}

extension String {
  /// Appends a string in quotes, with escapes for what is not printable ASCII.
  fileprivate mutating func appendJSON(_ text: String) {
    self += "\""
    if text.utf8.allSatisfy({ (0x20..<0x7f).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
      self += text
    } else {
      for unit in text.utf16 { appendJSON(unit) }
    }
    self += "\""
  }

  private mutating func appendJSON(_ unit: UInt16) {
    switch Unicode.Scalar(unit) {
    case "\"": self += "\\\""
    case "\\": self += "\\\\"
    case "\n": self += "\\n"
    case "\r": self += "\\r"
    case "\t": self += "\\t"
    case "\u{8}": self += "\\b"
    case "\u{c}": self += "\\f"
    case let scalar? where (0x20...0x7f).contains(unit): unicodeScalars.append(scalar)
    default:
      let digits = String(unit, radix: 16)
      self += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
  }
}
