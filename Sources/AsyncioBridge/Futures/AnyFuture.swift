extension Asyncio {
  /// What every future is, whatever the type of its value: pending, or done with a value, an error or a cancellation.
  ///
  /// This is the class to use where futures of different types go together, as in
  /// `try await Asyncio.wait([a, b] as [Asyncio.AnyFuture])`. Make futures with
  /// ``EventLoop/createFuture(of:fileID:line:)``.
  ///
  /// A future belongs to one loop and is not `Sendable`: what runs on the loop may share it freely; to hand a result
  /// to another thread, use ``ConcurrentFuture``.
  open class AnyFuture {
    @usableFromInline enum State: UInt8 {
      case pending, cancelled, finished
    }

    // What every step touches is accessed unchecked, as `LoopState` is.
    //
    // Invariants:
    // 1. `callbacks` is empty once the future is done: they have been handed to the loop.
    // 2. `stored` is empty until the future is finished, and then has its value (see `Future`) or its error.
    // 3. `hasUnretrievedError` implies that there is an error.

    /// The loop, which counts its futures, and is kept by them all together.
    @usableFromInline final let unownedLoop: Unretained<EventLoop>
    /// For tasks, what runs the body. This is one of its owners.
    @usableFromInline final let core: TaskRef?
    @safe @exclusivity(unchecked) final var callbacks = CallbackList()
    /// The value or the error, once the future is finished. Only ``Future`` knows the type of the value.
    @safe @exclusivity(unchecked) @usableFromInline final var stored = OutcomeWord()
    @safe @exclusivity(unchecked) @usableFromInline final var state = State.pending
    /// An error has been set that nobody has read yet.
    @safe @exclusivity(unchecked) final var hasUnretrievedError = false
    /// An error that is yet to come counts as read: whoever would have been told of it has gone.
    @safe @exclusivity(unchecked) final var isErrorReadInAdvance = false
    @safe @exclusivity(unchecked) final var ownerCount: UInt32 = 0
    /// The last pass over several futures that came across this one, see `TraversalMark`.
    @safe @exclusivity(unchecked) @usableFromInline final var lastVisit = 0
    @safe @exclusivity(unchecked) private final var rarities: Rarities?
    @usableFromInline final let site: SourceSite

    /// What few futures have.
    private final class Rarities {
      var cancelMessage: String?
      var leaverCount = 0
    }

    @usableFromInline
    init(unownedLoop: Unretained<EventLoop>, core: TaskRef?, site: SourceSite) {
      self.unownedLoop = unownedLoop
      self.core = core
      self.site = site
      core?.record.task = Unretained(self)
      onLoop { $0.addFuture() }
    }

    deinit {
      if onLoop({ $0.isEndingElsewhere }) { return FutureRemains(of: self).handOver(to: loop) }
      if hasUnretrievedError { reportUnretrievedError() }
      if !callbacks.isEmpty || stored.isBoxed { onLoop { $0.letGoOfWhatIsKept(by: self) } }
      core?.release()
      // Let go of out here: what is inside may take it that the loop stays.
      let last = onLoop { $0.removeFuture() }
      withExtendedLifetime(last) {}
    }

    /// The loop that the future belongs to. `Future.get_loop()`.
    public final var loop: EventLoop { unownedLoop.object }

    @inlinable
    @inline(__always)
    final func belongs(to loop: EventLoop) -> Bool {
      unownedLoop.refers(to: loop)
    }

    // MARK: Reading

    /// Whether there is a result, an error or a cancellation. `Future.done()`.
    public final var isDone: Bool { state != .pending }

    /// Whether the future was cancelled. `Future.cancelled()`.
    ///
    /// False for a future that *failed* with `CancellationError`, as a `gather` does whose children were
    /// cancelled.
    public final var isCancelled: Bool { state == .cancelled }

    /// The error the future failed with, nil if it has a value. `Future.exception()`.
    ///
    /// Reading it counts as having retrieved the error: it is not reported when the future goes away.
    /// - Throws: `CancellationError` if the future was cancelled, ``InvalidStateError`` if it is not done.
    public final func exception() throws -> (any Error)? {
      switch state {
      case .pending: throw InvalidStateError("Exception is not set: await the future, or look at isDone first")
      case .cancelled:
        tellCancelMessage()
        throw cancellation
      case .finished:
        hasUnretrievedError = false
        return error
      }
    }

    /// Waits until the future is done, whatever the type of its value. `await future`.
    ///
    /// As ``Future/value``, without the value: cancelling a task that waits here cancels the future.
    ///
    /// ```swift
    /// for task in Asyncio.allTasks() where task !== Asyncio.currentTask() { try await task.completion }
    /// ```
    /// - Throws: what ``Future/value`` throws.
    public final var completion: Void {
      get async throws {
        if state == .pending {
          let progress = try Suspension.begin(for: Unretained(self))
          if progress != .isOver { try await progress.finishWaiting(for: self) }
        }
        try checkResult()
      }
    }

    /// Throws what there is to throw in place of the value.
    @inlinable
    final func checkResult() throws {
      if !hasValue { try throwInsteadOfResult() }
    }

    @inline(never)
    @usableFromInline
    final func throwInsteadOfResult() throws {
      switch state {
      case .pending: throw InvalidStateError("Result is not set: await the future, or look at isDone first")
      case .cancelled:
        tellCancelMessage()
        throw cancellation
      case .finished:
        hasUnretrievedError = false
        guard let error else { return }
        // As that of a gather whose child was cancelled.
        if cancelMessage != nil, error is CancelledError { tellCancelMessage() }
        throw error
      }
    }

    /// Gives the message of a cancellation to the task that asks, which the cancellation may end in turn. In Python it
    /// comes with the error.
    private final func tellCancelMessage() {
      guard let core = onLoop({ $0.callingCore() }), !core.record.mustCancel else { return }
      core.record.task?.with { $0.cancelMessage = cancelMessage }
    }

    final var error: (any Error)? { stored.error }

    /// Whether the future is finished, with a value.
    @inlinable
    @inline(__always)
    final var hasValue: Bool { state == .finished && stored.kind != .error }

    // MARK: Completing

    /// Cancels the future and schedules its callbacks. `Future.cancel()`.
    ///
    /// What awaits it gets `CancellationError`. For a task, see ``Task``.
    /// - Parameter message: kept with the future, see ``cancellationMessage``.
    /// - Returns: false if the future is already done; then nothing happens.
    @discardableResult
    open func cancel(message: String? = nil) -> Bool {
      checkThread()
      return cancelFuture(message: message)
    }

    /// What ``cancel(message:)`` does on a plain future, and how a task ends that was cancelled.
    final func cancelFuture(message: String?) -> Bool {
      hasUnretrievedError = false
      if state != .pending { return false }
      state = .cancelled
      cancelMessage = message
      scheduleCallbacks()
      return true
    }

    /// The message of the ``cancel(message:)`` that ended the future. For a task: of the one that it has yet to be told
    /// of, else of the one that it was told of last, which may have been that of a future that it asked for its result.
    ///
    /// Python carries it in the CancelledError; Swift's `CancellationError` has no room for one.
    public final var cancellationMessage: String? { cancelMessage }

    final var cancelMessage: String? {
      get { rarities?.cancelMessage }
      set { if newValue != nil || rarities != nil { withRarities { $0.cancelMessage = newValue } } }
    }

    private final func withRarities(_ body: (Rarities) -> Void) {
      let rarities = rarities ?? Rarities()
      self.rarities = rarities
      body(rarities)
    }

    /// Makes the future fail with `error` and schedules its callbacks. `Future.set_exception()`.
    /// - Throws: ``InvalidStateError`` if the future is already done, ``RuntimeError`` for a task.
    public final func setException(_ error: any Error) throws {
      checkThread()
      try checkPending(for: "set_exception")
      fail(error)
    }

    @inlinable
    final func checkPending(for operation: StaticString) throws {
      if state != .pending || core != nil { try throwInvalidState(for: operation) }
    }

    @inline(never)
    @usableFromInline
    final func throwInvalidState(for operation: StaticString) throws {
      if core != nil { throw RuntimeError("Task does not support \(operation): it ends as its body does") }
      if state != .pending { throw InvalidStateError("invalid state: \(self) is already done") }
    }

    @usableFromInline
    final func fail(_ error: any Error) {
      stored.set(error: error)
      hasUnretrievedError = !isErrorReadInAdvance
      state = .finished
      scheduleCallbacks()
    }

    /// Ends the future as ended `other`, without its value: false if it is the value that is to be copied.
    @usableFromInline
    final func copyFailure(of other: AnyFuture) -> Bool {
      if other.state == .cancelled {
        _ = cancelFuture(message: other.cancelMessage)
        return true
      }
      guard let error = other.error else { return false }
      other.hasUnretrievedError = false
      fail(error)
      return true
    }

    // MARK: Callbacks

    /// Registers a callback for when the future is done: the loop calls it, on a turn of its own.
    /// `add_done_callback()`.
    ///
    /// If the future is done already the callback is scheduled at once. Callbacks are called in the order in which they
    /// were registered; registering the same one twice makes it called twice.
    /// - Parameters:
    ///   - callback: what to call, with the future. An error it throws goes to the loop's exception handler.
    ///   - context: the context to call it in; by default a copy of the current one.
    public final func addDoneCallback(_ callback: DoneCallback, context: Context? = nil) {
      checkThread()
      let context = context ?? Context.inherited()
      let registration = DoneCallbackRegistration(callback, context: context)
      registration.join(loop)
      add(.observer(registration))
    }

    /// Registers a closure for when the future is done. See ``addDoneCallback(_:context:)``.
    /// - Returns: the callback, to remove it with.
    @discardableResult
    @_disfavoredOverload
    public final func addDoneCallback(
      // In this order, lest the method of `Future` with the same labels override it.
      fileID: StaticString = #fileID,
      line: UInt = #line,
      context: Context? = nil,
      _ body: @escaping (AnyFuture) throws -> Void
    ) -> DoneCallback {
      let callback = DoneCallback(fileID: fileID, line: line, body)
      addDoneCallback(callback, context: context)
      return callback
    }

    /// What comes of a callback for futures of one type that was registered on this one, too.
    @inline(never)
    @usableFromInline
    final func isOfOtherType(than type: AnyFuture.Type) -> any Error {
      ValueError("a callback for a \(type) was registered on \(self)")
    }

    /// Removes all registrations of a callback. `remove_done_callback()`.
    /// - Returns: how many there were.
    @discardableResult
    public final func removeDoneCallback(_ callback: DoneCallback) -> Int {
      checkThread()
      return callbacks.removeAll { ($0 as? DoneCallbackRegistration)?.callback === callback }
    }

    final func add(_ callback: consuming FutureCallback) {
      if state == .pending { callbacks.append(callback) } else { loop.schedule(callback, for: self) }
    }

    @discardableResult
    final func remove(_ observer: FutureObserver) -> Int {
      callbacks.removeAll { $0 === observer }
    }

    @usableFromInline
    final func scheduleCallbacks() {
      if callbacks.isEmpty { return }
      onLoop { loop in callbacks.takeAll { loop.schedule($0, for: self) } }
    }

    /// Traps if the future's loop runs on another thread.
    @usableFromInline
    final func checkThread() { onLoop { $0.checkThread() } }

    /// For what happens often: without counting a reference to the loop.
    @inline(__always)
    final func onLoop<Result>(_ body: (EventLoop) -> Result) -> Result { unownedLoop.with(body) }

    /// How many callbacks are registered, those of tasks and combinators that wait for the future included; as Python
    /// counts them, where what has left without waiting for the end stays.
    package final var callbackCount: Int { isDone ? 0 : callbacks.count + (rarities?.leaverCount ?? 0) }

    /// Removes observers that in Python would stay until the future is done.
    final func leave(where condition: (FutureObserver) -> Bool) {
      let count = callbacks.removeAll(where: condition)
      if count > 0 { withRarities { $0.leaverCount += count } }
    }

    /// What ``cancel(message:)`` does. Only classes that nobody has derived others from can say so.
    var cancellationRoute: CancellationRoute { .own }

    /// The future as a task, if it is one.
    var asTask: (any TaskProtocol)? { self as? any TaskProtocol }

    // MARK: Descriptions

    /// The class name that descriptions start with.
    var kindDescription: String { "Future" }

    /// The value, nil while there is none. Only ``Future`` knows its type.
    var anyValue: Any? { nil }

    /// What ``Asyncio/shield(_:)`` makes of the future.
    func shielded() -> AnyFuture { preconditionFailure("AsyncioBridge: a future without a type of value") }

    /// What descriptions show of a task; nil for a plain future.
    func taskSummary(isAwaited: Bool) -> FutureSummary.TaskPart? { nil }

    /// What the call graph shows of it.
    func callGraphFacts(for capture: CallGraphCapture) -> CallGraphFacts { plainCallGraphFacts(for: capture) }

    var stateDescription: String {
      switch state {
      case .pending: "pending"
      case .cancelled: "cancelled"
      case .finished: "finished"
      }
    }

    final func reportUnretrievedError() {
      guard let error else { return }
      loop.callExceptionHandler(
        ExceptionContext(
          message: "\(kindDescription) exception was never retrieved",
          error: error,
          subject: .future(FutureSummary(of: self)),
          taskName: core?.record.name,
          site: site,
          subjectsContext: core?.requireContext()
        )
      )
    }
  }
}

extension Asyncio.AnyFuture: LoopHeld {}

extension Asyncio.AnyFuture: Hashable {
  /// Futures are equal if they are the same object.
  public static func == (a: Asyncio.AnyFuture, b: Asyncio.AnyFuture) -> Bool { a === b }
  /// Hashes the identity.
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

extension Asyncio.AnyFuture: CustomStringConvertible, CustomDebugStringConvertible {
  /// The state, and in debug mode of the loop where the future was created: `<Future finished result=4>`.
  public var description: String { describe() }
  /// The description with the object's identity.
  public var debugDescription: String { "\(describe()) at \(ObjectIdentifier(self).hexDescription)" }

  final func describe() -> String { FutureSummary(of: self).description }
}

extension ObjectIdentifier {
  var hexDescription: String { "0x" + String(UInt(bitPattern: self), radix: 16) }
}
