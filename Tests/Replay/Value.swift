import AsyncioBridge

extension Scenario {
  /// What tasks and futures of a scenario result in.
  enum Value {
    case null
    case bool(Bool)
    case integer(Int)
    /// The value of a `gather`.
    case list([Value])
    /// An error where it is a value like any other.
    case error(any Error)

    init(_ outcome: Result<Value, any Error>) {
      switch outcome {
      case .success(let value): self = value
      case .failure(let error): self = .error(error)
      }
    }
  }

  /// The errors of the scenario language that mean nothing to the library.
  enum PlainError: String, Error {
    case e1 = "E1"
    case e2 = "E2"
    case e3 = "E3"
  }
}

extension Scenario.ErrorName {
  /// A new error of that name.
  func makeError() -> any Error {
    switch self {
    case .e1: Scenario.PlainError.e1
    case .e2: Scenario.PlainError.e2
    case .e3: Scenario.PlainError.e3
    case .cancelled: Asyncio.CancelledError()
    case .timeout: Asyncio.TimeoutError()
    }
  }
}

extension Scenario.ExceptClause.Kind {
  func matches(_ error: any Error) -> Bool {
    switch self {
    case .any: true
    case .cancelled: error is Asyncio.CancelledError
    case .timeout: error is Asyncio.TimeoutError
    case .group: error is Asyncio.ErrorGroup
    case .error: !(error is Asyncio.CancelledError)
    case .e1: error as? Scenario.PlainError == .e1
    case .e2: error as? Scenario.PlainError == .e2
    case .e3: error as? Scenario.PlainError == .e3
    }
  }
}

// MARK: - Texts

extension Scenario.Value: CustomStringConvertible {
  /// The value as traces show it, which is Python's way.
  var description: String {
    switch self {
    case .null: "None"
    case .bool(let value): value ? "True" : "False"
    case .integer(let value): "\(value)"
    case .list(let values): "[\(values.map(\.description).joined(separator: ", "))]"
    case .error(let error): "!\(errorName(error))"
    }
  }
}

/// The name of an error's class, as traces show it.
func errorName(_ error: any Error) -> String {
  switch error {
  case is Asyncio.CancelledError: "CancelledError"
  case let error as Scenario.PlainError: error.rawValue
  case let group as Asyncio.ErrorGroup: "ExceptionGroup[\(group.errors.map(errorName).joined(separator: ", "))]"
  default: "\(type(of: error))"
  }
}

extension Asyncio.Future<Scenario.Value> {
  /// `pending`, `cancelled`, `exception X` or `result V`.
  var stateText: String {
    if !isDone { return "pending" }
    if isCancelled { return "cancelled" }
    do { return "result \(try result())" } catch { return "exception \(errorName(error))" }
  }
}
