extension Asyncio.EventLoop {
  /// A future of the loop has been made. All futures together keep the loop by one reference.
  @inline(__always)
  func addFuture() {
    debugCounters.addFutures(1)
    state.futureCount &+= 1
    if state.futureCount == 1 { state.keptByFutures = self }
  }

  /// A future of the loop has gone. If it was the last, returns the reference that has kept the loop, for the caller to
  /// release.
  @inline(__always)
  func removeFuture() -> Asyncio.EventLoop? {
    debugCounters.addFutures(-1)
    state.futureCount &-= 1
    return state.futureCount == 0 ? state.keptByFutures.take() : nil
  }

  /// Creates a pending future of this loop. `loop.create_future()`.
  @inlinable
  public func createFuture<Value>(
    of type: Value.Type = Value.self,
    fileID: StaticString = #fileID,
    line: UInt = #line
  ) -> Asyncio.Future<Value> {
    Asyncio.Future(unownedLoop: Unretained(self), core: nil, site: SourceSite(fileID, line))
  }

  /// Creates a task that runs `body` on this loop. `loop.create_task()`. See ``Asyncio/Task``.
  /// - Parameters:
  ///   - name: the task's name; by default `Task-N`.
  ///   - context: the context to run in, shared with its other users; by default a copy of the current one. From Python
  ///     3.11 on.
  ///   - eagerStart: whether to take the first step before returning; see ``Asyncio/EagerTaskFactory``. From Python
  ///     3.12 on.
  ///   - fileID: leave it out; the file that reports and messages name.
  ///   - line: leave it out; the line in that file.
  ///   - body: the task's code. Unless eager, the first step comes behind everything that is ready.
  /// - Throws: ``Asyncio/RuntimeError`` if the loop is closed, and errors of a task factory.
  @discardableResult
  @inlinable
  public func createTask<Value>(
    name: String? = nil,
    context: Asyncio.Context? = nil,
    eagerStart: Bool = false,
    fileID: StaticString = #fileID,
    line: UInt = #line,
    _ body: nonisolated(nonsending) @escaping () async throws -> Value
  ) throws -> Asyncio.Task<Value> {
    if hasTaskFactory {
      return try createTaskWithFactory(
        Asyncio.Coroutine(
          name: name,
          context: context,
          eagerStart: eagerStart,
          fileID: fileID,
          line: line,
          body
        )
      )
    }
    return try Asyncio.Task(
      loop: self,
      name: name,
      context: context,
      eagerStart: eagerStart,
      fileID: fileID,
      line: line,
      body
    )
  }

  @usableFromInline
  func createTaskWithFactory<Value>(_ coroutine: Asyncio.Coroutine<Value>) throws -> Asyncio.Task<Value> {
    try checkNotClosed()
    guard let taskFactory else { preconditionFailure("AsyncioBridge: no task factory") }
    let task = try taskFactory.makeTask(on: self, coroutine)
    if !task.belongs(to: self) {
      throw Asyncio.RuntimeError(
        "The task factory has made a task of another loop: make it on the loop that it is given",
        code: .wrongLoop
      )
    }
    if let name = coroutine.name { task.name = name }
    return task
  }
}

extension Asyncio {
  /// Makes the tasks of a loop; see ``EventLoop/taskFactory``.
  public protocol TaskFactory {
    /// Makes a task for a body on the given loop. An error it throws leaves `createTask`.
    /// - Parameters:
    ///   - loop: the loop that the task is for.
    ///   - coroutine: the body, and the arguments of `createTask`: the task's name, and the context and eager
    ///     start for ``Task/init(loop:name:context:eagerStart:fileID:line:_:)``.
    func makeTask<Value>(on loop: EventLoop, _ coroutine: Coroutine<Value>) throws -> Task<Value>
  }
}
