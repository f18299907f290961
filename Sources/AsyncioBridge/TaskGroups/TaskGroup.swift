extension Asyncio {
  /// Runs `body` with a group to create tasks in, and waits for all of them. `async with asyncio.TaskGroup()`, from
  /// Python 3.11 on.
  ///
  /// ```swift
  /// let (a, b) = try await Asyncio.withTaskGroup { group in
  ///   let a = try group.createTask { try await fetch(1) }
  ///   let b = try group.createTask { try await fetch(2) }
  ///   return (a, b)
  /// }
  /// print(try a.result(), try b.result())
  /// ```
  /// When a child fails, its siblings are cancelled, and so is the body, by cancelling the calling task; that
  /// cancellation ends here, and does not count in ``Task/cancelling`` afterwards. When the body throws, the children
  /// are cancelled. Either way the call waits for all children before it throws. A child that is cancelled has not
  /// failed, and concerns nobody else.
  ///
  /// Cancelling the calling task cancels the children, waits for them, and throws `CancellationError`, unless
  /// some of them fail.
  /// - Parameter body: what to run, in the calling task.
  /// - Returns: what the body returns, when the children are done.
  /// - Throws: ``ErrorGroup`` with the errors of the children, in the order in which they failed, and of the body;
  ///   `CancellationError` if nothing failed but the body or the calling task was cancelled; a ``BaseError``, of a
  ///   child or the body, by itself; ``RuntimeError`` outside of a task.
  @discardableResult
  public static func withTaskGroup<Value>(
    _ body: nonisolated(nonsending) (TaskGroup) async throws -> Value
  ) async throws -> Value {
    try await TaskGroup().run(body)
  }

  /// Creates tasks that ``withTaskGroup(_:)`` waits for. `asyncio.TaskGroup`.
  public final class TaskGroup: CustomStringConvertible {
    // Invariants:
    // 1. `children` are those whose callback has not been called yet, with their places in the order of creation.
    // 2. The parent has been cancelled on behalf of the group at most once, and only if `isAborting`.

    private let loop: EventLoop
    /// Not the task itself, whose body keeps this.
    private let parent: TaskRef
    private var children: [AnyFuture: Int] = [:]
    private var createdCount = 0
    private var errors: [any Error] = []
    private var baseError: (any BaseError)?
    /// The body has ended.
    private var isExiting = false
    /// The children have been told to end.
    private var isAborting = false
    private var isParentCancelRequested = false
    /// What the parent waits for after the body.
    private var allDone: Future<Void>?

    fileprivate init() throws {
      (loop, parent) = try callingTask(or: "TaskGroup cannot determine the parent task")
      parent.retain()
    }

    deinit { loop.settle { [parent] _ in parent.release() } }

    /// Creates a task that the group waits for. `TaskGroup.create_task()`.
    ///
    /// Children may do so too, also while the group waits for them.
    /// - Parameters:
    ///   - name: the task's name; by default `Task-N`.
    ///   - context: the context to run in, shared with whoever else has it; by default a copy of the current one. If
    ///     one is given, the loop's task factory is not asked.
    ///   - fileID: leave it out; the file that reports and messages name.
    ///   - line: leave it out; the line in that file.
    ///   - body: what to run; its first step comes behind all that is ready.
    /// - Throws: ``RuntimeError`` if a child or the body has failed, the parent was cancelled, the group has ended, or
    ///   the loop is closed, and what a task factory throws; the body does not run then.
    @discardableResult
    public func createTask<Value>(
      name: String? = nil,
      context: Context? = nil,
      fileID: StaticString = #fileID,
      line: UInt = #line,
      _ body: nonisolated(nonsending) @escaping () async throws -> Value
    ) throws -> Task<Value> {
      if isFinished { throw RuntimeError("TaskGroup is finished: it takes no more children", code: .scopeHasEnded) }
      if isAborting { throw RuntimeError("TaskGroup \(self) is shutting down", code: .scopeHasEnded) }
      let task = try loop.createTask(name: name, context: context, fileID: fileID, line: line, body)
      // One that is done after its first step, too, is heard of on the next turn. If it has failed, within the first
      // step of another child, that one is among the children by then, to be cancelled.
      children[task] = createdCount
      createdCount += 1
      task.add(.observer(ChildObserver(of: self)))
      return task
    }

    fileprivate nonisolated(nonsending) func run<Value>(
      _ body: nonisolated(nonsending) (TaskGroup) async throws -> Value
    ) async throws -> Value {
      let value: Value
      do {
        value = try await body(self)
      } catch {
        try await exit(throwing: error)
        throw error
      }
      try await exit(throwing: nil)
      return value
    }

    /// Waits for the children, and throws what the group comes to.
    private nonisolated(nonsending) func exit(throwing error: (any Error)?) async throws {
      isExiting = true
      if baseError == nil { baseError = error as? any BaseError }
      var cancellation = error as? CancelledError
      if error != nil, !isAborting { abort() }

      // Again and again, since each cancellation of the parent ends the wait.
      while !children.isEmpty {
        let allDone = loop.createWaiter(for: self)
        self.allDone = allDone
        do {
          try await allDone.value
        } catch {
          if !isAborting {
            cancellation = error as? CancelledError
            abort()
          }
          // An abandoned body can't wait for anything; its children end by themselves.
          if parent.record.isAbandoned { throw error }
        }
        self.allDone = nil
      }

      if let baseError { throw baseError }
      // The group's own request has to be taken back in any case. If there is no other, nobody wants the parent to end.
      if isParentCancelRequested, parent.uncancel() == 0 { cancellation = nil }
      if let cancellation, errors.isEmpty { throw cancellation }
      if let error, !(error is CancelledError) { errors.append(error) }
      if errors.isEmpty { return }
      if parent.record.cancelRequests > 0 {
        // The error takes the place of somebody else's cancellation, which therefore is to come again. The count stays.
        _ = parent.uncancel()
        parent.task?.cancel()
      }
      defer { errors = [] }
      throw ErrorGroup("unhandled errors in a TaskGroup", errors)
    }

    private func abort() {
      isAborting = true
      for (child, _) in children.sorted(by: { $0.value < $1.value }) where !child.isDone { child.cancel() }
    }

    fileprivate func childDidEnd(_ child: AnyFuture) {
      children[child] = nil
      if children.isEmpty { allDone?.completeIfPending() }
      guard child.hasFailed, let error = child.error else { return }
      errors.append(error)
      if baseError == nil { baseError = error as? any BaseError }
      guard let parentTask = parent.task, !parentTask.isDone else {
        child.loop.callExceptionHandler(
          ExceptionContext(
            message: "A child of a TaskGroup has failed, but its parent task '\(parent.record.name)' is already done",
            error: error,
            future: child
          )
        )
        return
      }
      if isAborting { return }
      // Interrupts the body, or the wait for the children.
      abort()
      isParentCancelRequested = true
      parentTask.cancel()
    }

    /// The body has ended, and so have all children.
    private var isFinished: Bool { isExiting && children.isEmpty }

    /// How many children are not done, how many errors there are, and whether the children have been told to end:
    /// `<TaskGroup tasks=2 errors=1 cancelling>`; `entered` if not, and `finished` after the end of the scope.
    public var description: String {
      var parts = ["TaskGroup"]
      if !children.isEmpty { parts.append("tasks=\(children.count)") }
      if !errors.isEmpty { parts.append("errors=\(errors.count)") }
      parts.append(isFinished ? "finished" : isAborting ? "cancelling" : "entered")
      return "<\(parts.joined(separator: " "))>"
    }
  }
}

extension Asyncio.TaskGroup: CallGraphSubject {
  func callGraphFacts(for capture: CallGraphCapture) -> CallGraphFacts {
    let pending = children.sorted { $0.value < $1.value }.map(\.key).filter { !$0.isDone }
    var facts = CallGraphFacts(.taskGroup)
    facts.details = ["\(createdCount - pending.count) of \(createdCount) done"]
    facts.awaits = pending
    if let task = parent.task, !task.isDone { facts.awaitedBy = task }
    return facts
  }
}

/// Tells a group that a child is done.
private final class ChildObserver: FutureObserver {
  override class var purpose: String { "task group" }

  /// The child and its group don't keep each other alive.
  private weak var group: Asyncio.TaskGroup?
  init(of group: Asyncio.TaskGroup) { self.group = group }
  /// The failure of a child may be reported, and it cancels tasks, which may be of the user's own types.
  override func mayRunUserCode(on future: Asyncio.AnyFuture) -> Bool { !future.hasValue }
  override func futureDidComplete(_ future: Asyncio.AnyFuture) { group?.childDidEnd(future) }
  override var callGraphRole: CallGraphRole { group.map { .awaiting($0) } ?? .none }
}
