extension Asyncio {
  /// Runs blocking work on another thread, and waits for it without blocking the loop. `asyncio.to_thread()`.
  ///
  /// The work runs in the loop's default executor, see ``EventLoop/setDefaultExecutor(_:)``, and in a copy of the
  /// caller's context: it sees the caller's values of every ``ContextVar``, but not its task-locals.
  ///
  /// ```swift
  /// let text = try await Asyncio.toThread { try readWholeFile(path) }
  /// ```
  ///
  /// Cancelling the waiting task keeps work from beginning; work that runs goes on, and its result is dropped.
  /// - Parameter work: what to run.
  /// - Throws: what `work` throws; ``RuntimeError`` if there is no running loop; `CancellationError` when cancelled.
  public static func toThread<Value: Sendable>(
    _ work: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    let loop = try EventLoop.runningOrThrow()
    // A context belongs to its thread: only the values cross.
    let values = Context.inherited()?.values ?? [:]
    return try await loop.runInExecutor { try Context(values).run(work) }.value
  }
}
