/// What runs a task's body: the Swift task that hosts it, and asyncio's bookkeeping about its steps and cancellation.
///
/// In raw memory, and counted by hand, so that a step touches no atomic reference count: all of it happens on the loop's
/// thread. Its owners are the task, the host until the body has ended, and scopes of the body, all of which end before
/// the loop goes. None of them but the task itself keeps the task: so a pending one can go away, which is reported, and its
/// body is unwound.
@usableFromInline
struct TaskCore: ~Copyable {
  // Invariants, while the task is not done:
  // 1. Either `waiter` is nil and a step of the task is scheduled (or it runs, or it is in a foreign await);
  //    or `waiter` is a future, one of its callbacks is the task's wakeup, and no step is scheduled.
  //    The only way from the latter to the former is that wakeup.
  // 2. `continuation` is set exactly while the body is parked in an await of the library, unless it is driving.
  // 3. `foreignTask` is set from the body's await of something else to the step after it. It keeps the task alive, as a
  //    future's callback list does otherwise.
  // 4. `hasBody` is set until the first step.

  /// The loop, which the task keeps, and which does not go before the bodies of its tasks have ended.
  @usableFromInline let loop: Unmanaged<Asyncio.EventLoop>
  /// The task. Nil once that has gone away; it clears this itself.
  var task: Unmanaged<Asyncio.AnyFuture>?
  /// What the task waits for; still set between that future's completion and the next step. The suspended `await`
  /// keeps it.
  var waiter: Unmanaged<Asyncio.AnyFuture>?
  var continuation: UnsafeContinuation<Void, Never>?
  /// Identifies the host among the jobs that are enqueued on the loop.
  var jobID = JobID.none
  /// The host on which the body runs, where the loop keeps its hosts.
  var host: HostPointer?

  fileprivate var owners: UInt32 = 1
  /// The body is in `body`, and where the loop keeps no hosts, its host's first job has been captured and has yet to be run.
  @usableFromInline var hasBody = false
  /// A cancellation is due at the next step.
  var mustCancel = false
  /// Nobody will look at the task any more: every further await of the body throws at once, so that it ends.
  var isAbandoned = false
  /// The body has ended, or never began and never will.
  var hasEnded = false
  /// The body is not parked but runs the loop on its own stack, until its next step comes up.
  var isDriving = false
  /// Whether a pending task that goes away is reported.
  var reportsDestruction = true
  /// Jobs that are not the host's were enqueued in its steps: it may have child tasks that are waiting elsewhere.
  var mayHaveChildren = false
  /// A cancellation is on its way through what the task waits for.
  var isPassingOnCancellation = false
  /// There is an error to be thrown into the body at the next step.
  fileprivate var hasPendingError = false
  var refusedAwaits: UInt8 = 0

  /// The context while the task does not run; while it does, the context is its thread's.
  var context: Asyncio.Context?
  /// The context, if there is one, wherever the task is.
  var ownContext: Asyncio.Context?
  /// The body before its first step, see `hasBody`.
  @usableFromInline var body = ErasedBody()
  var swiftTask: _Concurrency.Task<Void, any Error>?
  /// The task while it is in a foreign await.
  var foreignTask: Owned<Asyncio.AnyFuture>?
  /// The place on the loop's list of pending tasks.
  var link = TaskList.Link()
  /// Counts the loop's tasks.
  var creationNumber = 0
  /// How many requests to cancel the task were accepted and have not been taken back.
  var cancelRequests = 0
  private let number: Int
  private var coldFields: ColdFields?
  #if DEBUG
    /// Counts this; kept, since the core may go after the loop.
    fileprivate let debugCounters: DebugCounters
  #endif

  /// What few tasks have.
  private final class ColdFields {
    var name: String?
    var pendingError: (any Error)?
  }

  private mutating func requireColdFields() -> ColdFields {
    if let coldFields { return coldFields }
    let coldFields = ColdFields()
    self.coldFields = coldFields
    return coldFields
  }

  var name: String {
    get { coldFields?.name ?? "Task-\(number)" }
    set { requireColdFields().name = newValue }
  }

  /// Thrown into the body at the next step.
  var pendingError: (any Error)? {
    get { coldFields?.pendingError }
    set {
      if newValue == nil, !hasPendingError { return }
      hasPendingError = newValue != nil
      requireColdFields().pendingError = newValue
    }
  }

  @inline(__always)
  fileprivate init(loop: Asyncio.EventLoop, name: String?, context: Asyncio.Context?) {
    self.loop = .passUnretained(loop)
    self.context = context
    ownContext = context
    number = name == nil ? TaskNumber.next() : 0
    #if DEBUG
      debugCounters = loop.debugCounters
      debugCounters.addHosts(1)
    #endif
    if let name { self.name = name }
  }
}

@usableFromInline typealias TaskRef = UnsafeMutablePointer<TaskCore>

extension TaskRef {
  /// - Throws: `RuntimeError` if the loop is closed.
  @usableFromInline
  static func create(on loop: Asyncio.EventLoop, name: String?, context: Asyncio.Context?) throws -> TaskRef {
    try loop.checkNotClosed()
    return make(loop, name: name, context: context ?? Asyncio.Context.inherited(on: loop))
  }

  /// A core that the caller owns.
  static func make(_ loop: Asyncio.EventLoop, name: String?, context: Asyncio.Context?) -> TaskRef {
    let core = loop.state.cores.take()
    core.initialize(to: TaskCore(loop: loop, name: name, context: context))
    return core
  }

  /// The name that debuggers show. It is a copy, and so not made for a name that nobody gave.
  @usableFromInline
  func nameForDebuggers(_ given: String?) -> String? {
    given == nil && !onLoop(\.isDebug) ? nil : pointee.name
  }

  /// The task, if it is still there, and what it waits for; counted, so not for what every step does.
  var task: Asyncio.AnyFuture? { pointee.task?.takeUnretainedValue() }
  var waiter: Asyncio.AnyFuture? { pointee.waiter?.takeUnretainedValue() }

  @inline(__always)
  func retain() { pointee.owners &+= 1 }

  @usableFromInline
  func release() {
    pointee.owners &-= 1
    if pointee.owners == 0 { destroy() }
  }

  private func destroy() {
    #if DEBUG
      pointee.debugCounters.addHosts(-1)
    #endif
    let loop = pointee.loop
    deinitialize(count: 1)
    loop._withUnsafeGuaranteedRef { $0.state.cores.giveBack(self) }
  }

  @inline(__always)
  private func onLoop<Result>(_ body: (Asyncio.EventLoop) -> Result) -> Result {
    pointee.loop._withUnsafeGuaranteedRef(body)
  }

  // MARK: The context

  /// Makes the task, which does not run yet, run in `context` itself.
  func share(_ context: Asyncio.Context) {
    pointee.context = context
    pointee.ownContext = context
  }

  /// The task's context, made now if nobody has asked for it yet.
  func requireContext() -> Asyncio.Context {
    if let context = pointee.ownContext { return context }
    if onLoop({ $0.callingCore() }) == self { return .current }
    let context = Asyncio.Context()
    // If the task is suspended with others on its stack, this is looked at only when it asks for its context itself.
    share(context)
    return context
  }

  // MARK: Cancellation

  /// `Task.cancel()` on a task that is not done.
  func requestCancellation(message: String?) {
    if pointee.isPassingOnCancellation { return breakCircularWait() }
    pointee.cancelRequests += 1
    if let waiter {
      pointee.isPassingOnCancellation = true
      defer { pointee.isPassingOnCancellation = false }
      // The waiter stays: it may be a task that ignores the cancellation and has to be cancelled again.
      if waiter.cancel(message: message) { return }
    }
    pointee.mustCancel = true
    // In a foreign await nothing but Swift's own flag can reach the body.
    if pointee.foreignTask != nil { cancelHost() }
  }

  /// The cancellation has come back here: the task waits, by way of others, for itself. So this task stops waiting; the
  /// others are told when it has ended. In Python the recursion does not end.
  private func breakCircularWait() {
    guard let task = pointee.task, let waiter else { return }
    pointee.mustCancel = true
    waiter.callbacks.removeWakeup(of: task)
    pointee.waiter = nil
    onLoop { $0.schedule(stepOf: task) }
  }

  /// `Task.uncancel()`: returns how many requests are left.
  func uncancel() -> Int {
    if pointee.cancelRequests > 0 {
      pointee.cancelRequests -= 1
      if pointee.cancelRequests == 0 { pointee.mustCancel = false }
    }
    return pointee.cancelRequests
  }

  /// Sets Swift's own flag, for whatever the body awaits.
  func cancelHost() {
    if let host = pointee.host {
      host.pointee.isCancelled = true
      host.pointee.swiftTask?.cancel()
    } else {
      pointee.swiftTask?.cancel()
    }
  }

  // MARK: In the body

  /// The core whose host takes its first step.
  @usableFromInline
  static var current: TaskRef {
    Asyncio.EventLoop.currentUnretained()._withUnsafeGuaranteedRef { $0.state.currentCore.unsafelyUnwrapped }
  }

  @inlinable
  @inline(__always)
  func keepBody<Value>(_ body: nonisolated(nonsending) @escaping () async throws -> Value) {
    pointee.body.put(ErasedBody.Typed(body))
    pointee.hasBody = true
  }

  /// The first thing that happens on the host: takes the body, and throws if that is never to begin.
  @inlinable
  @inline(__always)
  func takeBody<Value>(of type: Value.Type) throws -> ErasedBody.Typed<Value> {
    pointee.hasBody = false
    let body = pointee.body.take(Value.self)
    try begin()
    return body
  }

  @usableFromInline
  func begin() throws {
    if pointee.isAbandoned || pointee.mustCancel {
      pointee.mustCancel = false
      throw Asyncio.cancellation
    }
  }

  /// Throws what is to be thrown at the end of a wait for `future`, or for a turn.
  @inline(__always)
  func throwIfInterrupted(_ future: @autoclosure () -> Asyncio.AnyFuture?) throws {
    if pointee.mustCancel || pointee.isAbandoned || pointee.hasPendingError { try interrupt(future()) }
  }

  /// A wait for `future`, or for a turn, is over after a suspension.
  @usableFromInline
  func endWait(for future: Asyncio.AnyFuture?) throws { try throwIfInterrupted(future) }

  @inline(never)
  private func interrupt(_ future: Asyncio.AnyFuture?) throws {
    let error = pointee.pendingError
    pointee.pendingError = nil
    if pointee.mustCancel || pointee.isAbandoned {
      pointee.mustCancel = false
      // The wakeup has read the future, whatever the body is told.
      future?.hasUnretrievedError = false
      // That cancellation is the first to reach the body.
      if let future, future.state == .cancelled { task?.cancelMessage = future.cancelMessage }
      throw Asyncio.cancellation
    }
    if let error { throw error }
  }

  /// The body has returned, and the host lets go.
  @inlinable
  @inline(__always)
  func end<Value>(with value: Value) {
    endWithValue()?._withUnsafeGuaranteedRef { unsafeDowncast($0, to: Asyncio.Future<Value>.self).complete(value) }
    release()
  }

  /// Returns the task if that is to be given the value; whoever runs the step keeps it.
  @usableFromInline
  func endWithValue() -> Unmanaged<Asyncio.AnyFuture>? {
    guard let task = end() else { return nil }
    if pointee.mustCancel {
      // Cancelled right before the body returned.
      pointee.mustCancel = false
      task._withUnsafeGuaranteedRef { _ = $0.cancelFuture(message: $0.cancelMessage) }
      return nil
    }
    return task
  }

  /// The body has thrown, and the host lets go.
  @usableFromInline
  func end(throwing error: any Error) {
    end()?._withUnsafeGuaranteedRef { task in
      // Not a cast, which takes the runtime long.
      if type(of: error) == CancellationError.self {
        _ = task.cancelFuture(message: task.cancelMessage)
      } else {
        task.fail(error)
        if let error = error as? any Asyncio.BaseError { task.loop.state.escapingError = error }
      }
    }
    release()
  }

  /// The body has ended. Returns the task if that is to be told.
  @inline(__always)
  private func end() -> Unmanaged<Asyncio.AnyFuture>? {
    pointee.hasEnded = true
    // So that the runtime lets go of the Swift task as soon as that has ended, while it is in the cache.
    pointee.swiftTask = nil
    onLoop { $0.bodyDidEnd(self) }
    guard let task = pointee.task, task._withUnsafeGuaranteedRef({ $0.state == .pending }) else { return nil }
    onLoop { $0.state.pending.remove(self) }
    return task
  }
}
