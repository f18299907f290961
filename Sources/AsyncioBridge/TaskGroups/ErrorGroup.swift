extension Asyncio {
  /// Several errors that happened together. `ExceptionGroup`, from Python 3.11 on.
  ///
  /// It is what ``withTaskGroup(_:)`` throws when a child or the body has failed, also if it was only one. The errors
  /// may be groups in turn.
  ///
  /// ```swift
  /// } catch let failure as Asyncio.ErrorGroup {
  ///   for error in failure.errors where error is NetworkError { retry(error) }
  /// }
  /// ```
  public struct ErrorGroup: Error, CustomStringConvertible {
    /// What the errors have in common.
    public let message: String
    /// The errors, in the order in which they became known.
    public let errors: [any Error]

    /// Creates a group.
    public init(_ message: String, _ errors: [any Error]) {
      self.message = message
      self.errors = errors
    }

    /// The message, and the errors in brackets.
    public var description: String {
      "ErrorGroup: \(message) [\(errors.map { "\($0)" }.joined(separator: ", "))]"
    }
  }
}
