extension Asyncio {
  /// What can be waited for: a future, or a body that has yet to be started. What asyncio's functions take as `aw`.
  ///
  /// Conform a type of your own to it to let `gather` and the others take it.
  public protocol Awaitable<Value> {
    /// What waiting for it gives.
    associatedtype Value
    /// The future to wait for: itself, or the task that runs it.
    /// - Parameter loop: the loop to run on; nil: the running one, which there must be.
    /// - Throws: ``RuntimeError`` if the loop is closed, ``ValueError`` if the future belongs to another one.
    func ensureFuture(on loop: EventLoop?) throws -> Future<Value>
  }

  /// A body that has yet to be started, where an argument may be that or a future. A coroutine object.
  ///
  /// ```swift
  /// let both = try Asyncio.gather(task, Asyncio.Coroutine { try await fetch(url) })
  /// ```
  public struct Coroutine<Value>: Awaitable {
    /// The name that its task gets; nil: `Task-N`.
    public var name: String?
    /// The context that its task runs in; nil: a copy of the one in which the task is made.
    public var context: Context?
    /// Whether its task takes the first step when it is made, see ``EagerTaskFactory``.
    public var eagerStart: Bool
    /// What to run.
    public let body: nonisolated(nonsending) () async throws -> Value
    private let fileID: StaticString
    private let line: UInt

    /// Creates a coroutine from a body.
    /// - Parameters:
    ///   - name: the name that its task gets; nil: `Task-N`.
    ///   - context: the context that its task runs in; nil: a copy of the one in which the task is made.
    ///   - eagerStart: whether its task takes the first step when it is made.
    ///   - fileID: leave it out; the file that reports and messages name.
    ///   - line: leave it out; the line in that file.
    ///   - body: what to run.
    public init(
      name: String? = nil,
      context: Context? = nil,
      eagerStart: Bool = false,
      fileID: StaticString = #fileID,
      line: UInt = #line,
      _ body: nonisolated(nonsending) @escaping () async throws -> Value
    ) {
      self.name = name
      self.context = context
      self.eagerStart = eagerStart
      self.fileID = fileID
      self.line = line
      self.body = body
    }

    /// A new task that runs the body.
    public func ensureFuture(on loop: EventLoop?) throws -> Future<Value> {
      try makeTask(on: EventLoop.current(loop, "Asyncio.Coroutine", fileID, line))
    }

    func makeTask(on loop: EventLoop) throws -> Task<Value> {
      try loop.createTask(name: name, context: context, eagerStart: eagerStart, fileID: fileID, line: line, body)
    }

    /// A new task that has taken its first step already, if the loop runs.
    func makeEagerTask(on loop: EventLoop) throws -> Task<Value> {
      try Task(loop: loop, name: name, context: context, eagerStart: true, fileID: fileID, line: line, body)
    }
  }

  /// The future itself. `asyncio.ensure_future()`.
  /// - Parameters:
  ///   - awaitable: a future, or a ``Coroutine`` to run as a task.
  ///   - loop: the loop to run on; by default a future's own, or the running one, which there must be then.
  ///   - isolation: leave it out; it keeps what is returned in the caller's domain.
  /// - Throws: ``ValueError`` if a future belongs to another loop than the given one; ``RuntimeError`` if the loop is
  ///   closed.
  @discardableResult
  public static func ensureFuture<Value>(
    _ awaitable: some Awaitable<Value>,
    loop: EventLoop? = nil,
    isolation: isolated (any Actor)? = #isolation
  ) throws -> Future<Value> {
    try awaitable.ensureFuture(on: loop)
  }

  /// Runs an operation of Swift's own concurrency as a future of the loop.
  ///
  /// The operation runs off the loop, with the caller's task-locals, in a Swift task of its own that takes the loop's
  /// cancellation exactly: cancelling the future cancels that task, and nothing else. Awaiting such an operation
  /// directly in a task's body works too, but then a cancellation can only reach it by cancelling the Swift task that
  /// hosts the body, for good.
  ///
  /// ```swift
  /// let page = Asyncio.ensureFuture(operation: { try await URLSession.shared.data(from: url).0 })
  /// let data = try await Asyncio.waitFor(page, timeout: .seconds(2))
  /// ```
  /// - Parameters:
  ///   - isolation: leave it out; it keeps what is returned in the caller's domain.
  ///   - operation: what to run. Closing the loop cancels it, and waits for it; from then on the future is
  ///     cancelled at once, and nothing runs.
  public static func ensureFuture<Value: Sendable>(
    isolation: isolated (any Actor)? = #isolation,
    operation: @escaping @concurrent @Sendable () async throws -> Value
  ) -> Future<Value> {
    let loop = EventLoop.current(nil, "Asyncio.ensureFuture(operation:)")
    if loop.isClosed {
      let cancelled = loop.createFuture(of: Value.self)
      cancelled.cancel()
      return cancelled
    }
    let operations = loop.foreignOperations ?? ForeignOperations()
    loop.foreignOperations = operations
    let result = ConcurrentFuture<Value>()
    operations.start(operation, result)
    return wrapFuture(result, loop: loop)
  }
}

extension Asyncio.Future {
  /// The future itself.
  @inlinable
  public func ensureFuture(on loop: Asyncio.EventLoop?) throws -> Asyncio.Future<Value> {
    if let loop { try Asyncio.checkLoop(of: self, is: loop) }
    return self
  }
}

extension Asyncio {
  @inlinable
  @inline(__always)
  static func checkLoop(of future: AnyFuture, is loop: EventLoop) throws {
    if !future.belongs(to: loop) { try throwOtherLoop() }
  }

  @usableFromInline
  static func throwOtherLoop() throws {
    throw ValueError("The future belongs to a different loop than the one that is to wait for it", code: .wrongLoop)
  }
}
