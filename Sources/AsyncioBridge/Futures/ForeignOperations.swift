/// The operations of Swift's own concurrency that a loop has started: children of one task group, so that closing the
/// loop cancels and joins them all.
final class ForeignOperations: Sendable {
  private let requests: AsyncStream<@Sendable () async -> Void>.Continuation
  private let supervisor: _Concurrency.Task<Void, Never>
  private let ended = ThreadEvent()

  init() {
    let (stream, continuation) = AsyncStream<@Sendable () async -> Void>.makeStream()
    requests = continuation
    supervisor = _Concurrency.Task.detached { [ended] in
      await withDiscardingTaskGroup { group in
        for await operation in stream { group.addTask { @concurrent in await operation() } }
      }
      ended.set()
    }
  }

  /// Runs an operation, to end `result` with. Cancelling `result` cancels the operation.
  func start<Value: Sendable>(
    _ operation: @escaping @concurrent @Sendable () async throws -> Value,
    _ result: Asyncio.ConcurrentFuture<Value>
  ) {
    // Here, so that it inherits the caller's task-locals.
    let task = _Concurrency.Task { try await operation() }
    requests.yield {
      result.addDoneCallback { result in
        if result.isCancelled { task.cancel() }
      }
      let outcome = await withTaskCancellationHandler {
        await task.result
      } onCancel: {
        task.cancel()
      }
      switch outcome {
      // As a task that throws it.
      case .failure(is CancellationError): result.cancel()
      default: result.resolve(outcome)
      }
    }
  }

  /// - Parameter isSlow: called once, if it takes longer than `patience`.
  func cancelAndJoin(patience: Duration, isSlow: () -> Void) {
    // Ends the stream too; the group then waits for its children.
    supervisor.cancel()
    if ended.wait(timeout: patience) { return }
    isSlow()
    _ = ended.wait()
  }
}
