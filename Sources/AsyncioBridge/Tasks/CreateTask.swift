extension Asyncio {
  /// Creates a task that runs `body` on the running loop. `asyncio.create_task()`. See ``Task``.
  ///
  /// The loop keeps the task until it is done; the result need not be kept.
  /// - Parameters:
  ///   - name: the task's name; by default `Task-N`.
  ///   - context: the context to run in, shared with whoever else has it; by default a copy of the current one. From
  ///     Python 3.11 on.
  ///   - eagerStart: whether the first step is taken before this returns, see ``EagerTaskFactory``. From Python 3.12
  ///     on.
  ///   - isolation: leave it out. By it the compiler knows that the task, and what the body captures, belong to the
  ///     caller's domain, and so must not be sent to another thread.
  ///   - fileID: leave it out; the file that reports and messages name.
  ///   - line: leave it out; the line in that file.
  ///   - body: what to run; its first step comes behind all that is ready, unless it is eager.
  /// - Returns: the task. If the loop's task factory throws, or the loop is being closed, it is done already, with that
  ///   error.
  /// - Precondition: there is a running loop.
  @discardableResult
  @inlinable
  public static func createTask<Value>(
    name: String? = nil,
    context: Context? = nil,
    eagerStart: Bool = false,
    isolation: isolated (any Actor)? = #isolation,
    fileID: StaticString = #fileID,
    line: UInt = #line,
    _ body: nonisolated(nonsending) @escaping () async throws -> Value
  ) -> Task<Value> {
    EventLoop.currentUnretained("Asyncio.createTask", fileID, line).with { loop in
      do {
        return try loop.createTask(
          name: name,
          context: context,
          eagerStart: eagerStart,
          fileID: fileID,
          line: line,
          body
        )
      } catch {
        return Task(loop: loop, name: name, failed: error, fileID: fileID, line: line)
      }
    }
  }
}
