extension Asyncio {
  /// A body that runs on an event loop, and the future of its result. `asyncio.Task`.
  ///
  /// Creating a task runs none of its body: the first step is scheduled behind what is ready. From then on the body
  /// runs from one await of the library to the next in single steps of the loop, with nothing in between.
  ///
  /// **Cancellation.** ``cancel(message:)`` asks the body to end, by a `CancellationError` at its current await: what
  /// it waits for is cancelled at once; if that is done already, or the task is not waiting, the error comes at its
  /// next step. A body that has not begun never will. The body may catch the error and go on, and is then not
  /// cancelled; Swift's own `Task.isCancelled` stays false, so nothing is poisoned. Only while the body awaits
  /// something that is not the loop's (an actor elsewhere, `Task.sleep`, a network call) the Swift task that hosts it
  /// is cancelled as well, since nothing else can reach it; if that ignores it, the error comes at the next await of
  /// the library.
  open class Task<Value>: Future<Value>, TaskProtocol {
    /// Creates a task and schedules its first step. Prefer
    /// ``Asyncio/createTask(name:context:eagerStart:isolation:fileID:line:_:)``; this is for subclasses, which a
    /// ``TaskFactory`` makes.
    /// - Parameters:
    ///   - loop: the loop to run on.
    ///   - name: the task's name; by default `Task-N`. A name that is given is also that of the Swift task that hosts
    ///     the body, so that debuggers show it; in debug mode the default is, too.
    ///   - context: the context to run in, shared with whoever else has it; by default a copy of the current one.
    ///   - eagerStart: whether the first step is taken now, if the loop runs, instead of scheduled.
    ///   - fileID: leave it out; the file that reports and messages name.
    ///   - line: leave it out; the line in that file.
    ///   - body: what to run.
    /// - Throws: ``RuntimeError`` if the loop is closed.
    @inlinable
    public init(
      loop: EventLoop,
      name: String? = nil,
      context: Context? = nil,
      eagerStart: Bool = false,
      fileID: StaticString = #fileID,
      line: UInt = #line,
      _ body: nonisolated(nonsending) @escaping () async throws -> Value
    ) throws {
      let core = try TaskRef.create(on: loop, name: name, context: context, eagerly: eagerStart)
      core.keepBody(loop.inheritedLocals?.bind(body) ?? body)
      super.init(unownedLoop: Unretained(loop), core: core, site: SourceSite(fileID, line))
      core.record.loop.with { Self.start(core, on: $0, name: name, eagerly: eagerStart) }
    }

    /// Provides for what runs the body of the task that has been made for `core`. Not inlined, since it would be at
    /// each place that creates a task; and no method, for which the task would be counted.
    @inlinable
    @inline(never)
    static func start(_ core: TaskRef, on loop: EventLoop, name: String?, eagerly: Bool) {
      if loop.reusesHosts {
        let invoke = ErasedBody.Invoke { host in await EventLoop.runBodies(of: Value.self, on: host) }
        loop.keep(invoke, core, eagerly: eagerly)
      } else {
        let outerOwner = loop.beginHosting()
        // It never throws, but what may throw needs no thunk on its way into the runtime.
        let host = _Concurrency.Task<Void, any Error>(
          name: core.nameForDebuggers(name),
          executorPreference: loop.taskExecutor
        ) {
          let core = TaskRef.current
          // As in `runBodies(of:on:)`: a function that both call would cost each task another frame, and a hop.
          do { core.end(with: try await core.takeBody(of: Value.self).run()) } catch { core.end(throwing: error) }
        }
        loop.endHosting(core, consume host, outerOwner, eagerly: eagerly)
      }
    }

    /// A task that has failed before it could be started.
    @usableFromInline
    init(loop: EventLoop, name: String?, failed error: any Error, fileID: StaticString, line: UInt) {
      let core = TaskRef.make(loop, name: name, context: nil)
      core.endUnstarted()
      super.init(unownedLoop: Unretained(loop), core: core, site: SourceSite(fileID, line))
      fail(error)
    }

    deinit {
      if let core, !onLoop({ $0.isEndingElsewhere }) { onLoop { $0.taskDidGo(self, core) } }
    }

    /// A task of this type always has one.
    private final var hostedCore: TaskRef {
      guard let core else { preconditionFailure("AsyncioBridge: a task without a core") }
      return core
    }

    /// The task's name: the one it was given, or `Task-N`. `Task.get_name()`, `Task.set_name()`.
    public final var name: String {
      get { hostedCore.record.name }
      set { hostedCore.record.name = newValue }
    }

    /// The context that the task runs in, by identity. `Task.get_context()`, from Python 3.12 on.
    public final var context: Context { hostedCore.requireContext() }

    /// Asks the task to end. `Task.cancel()`. See ``Task`` for how the body learns of it.
    ///
    /// The task is not cancelled yet when this returns, and will not be if the body catches the error and goes on.
    /// Each request that is accepted counts in ``cancelling``.
    /// - Parameter message: kept with the task, see ``AnyFuture/cancellationMessage``.
    /// - Returns: false if the task is already done; then nothing happens.
    @discardableResult
    open override func cancel(message: String? = nil) -> Bool {
      checkThread()
      hasUnretrievedError = false
      if state != .pending { return false }
      cancelMessage = message
      // What the task waits for stays so: it may be a task that ignores the cancellation and has to be cancelled again.
      return CancellationPass.cancel(self, .task(hostedCore), message: message)
    }

    /// How many requests to cancel the task were accepted and have not been taken back by ``uncancel()``.
    /// `Task.cancelling()`, from Python 3.11 on.
    ///
    /// It tells who interrupted a body: a scope that cancels its own task, as
    /// ``Asyncio/timeout(_:_:)-(_,(Asyncio.Timeout)->Value)`` does, takes its request back when it catches the error;
    /// if more are left than there were when the scope began, somebody else wants the task to end too. A body that
    /// catches a cancellation and goes on for good should take it back.
    public final var cancelling: Int { hostedCore.record.cancelRequests }

    /// Takes one request to cancel the task back. `Task.uncancel()`, as of Python 3.13.
    ///
    /// When none is left, a cancellation that the body has not been told of yet is dropped. Does nothing if there
    /// was none.
    /// - Returns: how many requests are left, see ``cancelling``.
    @discardableResult
    public final func uncancel() -> Int { hostedCore.uncancel() }

    /// What the task waits for: empty unless it is suspended on a future.
    package final var waiter: AnyFuture? { hostedCore.waiter }
    /// Whether a cancellation is due at the task's next step.
    package final var mustCancel: Bool { hostedCore.record.mustCancel }

    override var cancellationRoute: CancellationRoute {
      type(of: self) == Task.self ? .task(hostedCore) : .own
    }
    override var asTask: (any TaskProtocol)? { self }
    override var kindDescription: String { "Task" }
    override func callGraphFacts(for capture: CallGraphCapture) -> CallGraphFacts {
      hostedCore.callGraphFacts(of: self, for: capture)
    }
    override var stateDescription: String {
      let isCancelling =
        onLoop(\.semantics.descriptionCountsCancelRequests)
        ? !isDone && hostedCore.record.cancelRequests > 0 : hostedCore.record.mustCancel
      return isCancelling ? "cancelling" : super.stateDescription
    }
    override func taskSummary(isAwaited: Bool) -> FutureSummary.TaskPart? {
      FutureSummary.TaskPart(hostedCore, site, isAwaited: isAwaited)
    }
  }

  /// A task, whatever the type of its value: a ``Task``, or a type of your own.
  ///
  /// A type of your own subclasses ``Future`` and tells the loop about itself with ``registerTask(_:)``,
  /// ``enterTask(_:)`` and ``leaveTask(_:)``, so that ``currentTask(_:isolation:)`` and ``allTasks(_:isolation:)`` know
  /// it.
  public protocol TaskProtocol: AnyFuture {
    /// The task's name.
    var name: String { get set }
    /// How many requests to cancel the task have not been taken back, see ``Task/cancelling``; by default none.
    var cancelling: Int { get }
    /// Takes one request to cancel the task back, see ``Task/uncancel()``; by default there is none.
    @discardableResult
    func uncancel() -> Int
  }
}

extension Asyncio.TaskProtocol {
  /// 0: a task of your own type counts no requests unless it says otherwise.
  public var cancelling: Int { 0 }
  /// Does nothing, and returns 0.
  @discardableResult
  public func uncancel() -> Int { 0 }
}
