import Synchronization

/// Lets a guest wait for a future of the loop. A guest is a Swift task that runs on the loop's thread without being a
/// task of the loop, such as an `async let` child. Cancelling the guest cancels the future, as cancelling a task does.
final class ChildWaiter: FutureObserver, Hashable {
  override class var purpose: String { "await of a child task" }

  let future: Asyncio.AnyFuture
  private let loop: Asyncio.EventLoop
  private var continuation: ParkedContinuation?
  private var isAbandoned = false

  private init(_ future: Asyncio.AnyFuture, _ loop: Asyncio.EventLoop) {
    self.future = future
    self.loop = loop
  }

  /// - Throws: `CancellationError` if the loop is closed in the meantime, `RuntimeError` for a future of another loop.
  static nonisolated(nonsending) func wait(for future: Asyncio.AnyFuture, on loop: Asyncio.EventLoop) async throws {
    try await wait(for: future, on: loop, isolation: #isolation)
  }

  /// A guest need not be the child of a hosted task: code of a pinned actor is a guest too, whoever called the actor.
  /// Then only the actor isolation keeps the guest on the loop's thread, and the closure of
  /// `withTaskCancellationHandler` has no isolation unless one is passed in.
  private static func wait(
    for future: Asyncio.AnyFuture,
    on loop: Asyncio.EventLoop,
    isolation: isolated (any Actor)?
  ) async throws {
    if !future.belongs(to: loop) {
      throw Asyncio.RuntimeError(
        "A child task on \(loop) got Future \(future) attached to a different loop",
        code: .wrongLoop
      )
    }
    if loop.isClosed { throw Asyncio.cancellation }
    let waiter = ChildWaiter(future, loop)
    // The handler only posts. The waiter is used and released on the loop's thread.
    let boxed = UncheckedBox(waiter)
    let mailbox = loop.mailbox
    await withTaskCancellationHandler {
      _ = isolation
      unsafe await withUnsafeContinuation { waiter.start(unsafe ParkedContinuation($0)) }
    } onCancel: {
      mailbox.post(PostedCall({ boxed.value.future.cancel() }, site: .library))
    }
    if waiter.isAbandoned { throw Asyncio.cancellation }
  }

  private func start(_ continuation: ParkedContinuation) {
    self.continuation = continuation
    loop.waitingChildren.insert(self)
    future.add(.observer(self))
  }

  override func mayRunUserCode(on future: Asyncio.AnyFuture) -> Bool { true }

  override func futureDidComplete(_ future: Asyncio.AnyFuture) { resume() }

  override var callGraphRole: CallGraphRole { .awaiting(self) }

  /// The loop is closed: the future will never complete.
  func abandon() {
    isAbandoned = true
    future.remove(self)
    resume()
  }

  private func resume() {
    guard let continuation else { return }
    self.continuation = nil
    loop.waitingChildren.remove(self)
    loop.resume(child: continuation)
  }

  static func == (a: ChildWaiter, b: ChildWaiter) -> Bool { a === b }
  func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

extension Asyncio.EventLoop {
  /// Makes a child task wait until `future` is done, or for one turn if `future` is nil.
  nonisolated(nonsending) func waitAsChild(for future: Asyncio.AnyFuture?) async throws {
    try checkChildPrefersLoop()
    if let future { return try await ChildWaiter.wait(for: future, on: self) }
    // The child resumes on the turn after the one in which `done` completes.
    let done = createWaiter()
    done.completeIfPending()
    try await ChildWaiter.wait(for: done, on: self)
    try _Concurrency.Task.checkCancellation()
  }

  /// Resumes a child task and runs it at once.
  fileprivate func resume(child continuation: ParkedContinuation) {
    whileRunning {
      if let next = capture({ continuation.resume() }) { runChildJob(next) }
    }
  }
}
