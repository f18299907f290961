extension Asyncio {
  /// What a task runs: the type to write where a function of your own takes one, or makes one of another.
  ///
  /// ```swift
  /// func logged<Value>(_ name: String, _ body: @escaping Asyncio.Body<Value>) -> Asyncio.Body<Value> {
  ///   {
  ///     print(name, "begins")
  ///     return try await body()
  ///   }
  /// }
  /// ```
  /// It runs where its caller does, whatever the settings of the module that names it.
  public typealias Body<Value> = nonisolated(nonsending) () async throws -> Value
}
