extension DecodingError {
  /// What is wrong, behind the path of the field that it is about: `bodies[1][3].slot: expected a string`.
  var text: String {
    switch self {
    case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
      Self.text(context.codingPath, "expected \(Self.expectation(type))")
    case .keyNotFound(let key, let context): Self.text(context.codingPath + [key], "missing")
    case .dataCorrupted(let context): Self.text(context.codingPath, context.debugDescription)
    @unknown default: "\(self)"
    }
  }

  private static func text(_ path: [any CodingKey], _ message: String) -> String {
    var text = ""
    for key in path {
      if let index = key.intValue {
        text += "[\(index)]"
      } else {
        text += text.isEmpty ? key.stringValue : ".\(key.stringValue)"
      }
    }
    return text.isEmpty ? message : "\(text): \(message)"
  }

  private static func expectation(_ type: any Any.Type) -> String {
    switch type {
    case is String.Type: "a string"
    case is Int.Type: "an integer"
    case is Bool.Type: "true or false"
    case is [Any].Type: "an array"
    default: "an object"
    }
  }
}
