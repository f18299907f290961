extension Asyncio.LoopHandle {
  /// Runs a body as a task of the loop, from any thread. `asyncio.run_coroutine_threadsafe()`.
  ///
  /// Wakes the loop and returns at once. The task has a copy of the calling thread's context. Cancelling the result
  /// cancels the task. If the loop is closed before the task is done, the result is cancelled.
  /// - Parameters:
  ///   - fileID: leave it out; the file that reports and messages name.
  ///   - line: leave it out; the line in that file.
  ///   - body: what to run on the loop.
  /// - Returns: the future of the body's result.
  public func runCoroutineThreadsafe<Value: Sendable>(
    fileID: StaticString = #fileID,
    line: UInt = #line,
    _ body: nonisolated(nonsending) consuming sending @escaping () async throws -> Value
  ) -> Asyncio.ConcurrentFuture<Value> {
    let future = Asyncio.ConcurrentFuture<Value>()
    mailbox.post(Self.call(future, fileID, line, consume body))
    return future
  }

  /// Made apart, so that nothing of the body is left to the posting thread.
  private static func call<Value: Sendable>(
    _ future: Asyncio.ConcurrentFuture<Value>,
    _ fileID: StaticString,
    _ line: UInt,
    _ body: nonisolated(nonsending) consuming sending @escaping () async throws -> Value
  ) -> PostedCall {
    let promise = ExportObserver(future)
    return PostedCall(
      {
        guard let loop = Asyncio.EventLoop.running() else { return }
        do {
          promise.fulfil(from: try loop.createTask(fileID: fileID, line: line, body))
        } catch {
          // The task factory failed: both sides are told.
          future.resolve(.failure(error))
          throw error
        }
      },
      context: Asyncio.Context.inherited(),
      site: SourceSite(fileID, line)
    )
  }
}

extension Asyncio {
  /// Runs a body as a task of a loop, from any thread. `asyncio.run_coroutine_threadsafe()`.
  ///
  /// See ``LoopHandle/runCoroutineThreadsafe(fileID:line:_:)``.
  public static func runCoroutineThreadsafe<Value: Sendable>(
    loop: LoopHandle,
    fileID: StaticString = #fileID,
    line: UInt = #line,
    _ body: nonisolated(nonsending) consuming sending @escaping () async throws -> Value
  ) -> ConcurrentFuture<Value> {
    loop.runCoroutineThreadsafe(fileID: fileID, line: line, consume body)
  }
}
