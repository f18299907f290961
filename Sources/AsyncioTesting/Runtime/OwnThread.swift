import AsyncioBridge

/// Runs blocking code on a thread of its own, and yet within a Swift task: so that code, and the tasks that it makes,
/// have the caller's task-local values, and no thread of Swift's pool is kept.
func onOwnThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await Task(executorPreference: OwnThread()) { try body() }.value
}

/// Starts a thread for each job.
private final class OwnThread: TaskExecutor {
  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    // The task keeps its executor.
    startThread { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
