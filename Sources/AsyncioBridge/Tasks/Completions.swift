extension Asyncio {
  /// Futures one after the other, as they are done, counting from now on. `async for … in asyncio.as_completed()`, from
  /// Python 3.13 on.
  ///
  /// ```swift
  /// for try await finished in try Asyncio.asCompleted(starting: [fast, slow], timeout: .seconds(5)) {
  ///   if finished === fast { print("the fast one first") }
  /// }
  /// ```
  /// In contrast to ``asCompleted(_:timeout:)->Asyncio.CompletedFutures<F>`` the timeout counts from this call, and
  /// what is done in between is in its place when the iteration begins.
  /// - Parameters:
  ///   - futures: what to wait for; one that is given twice counts once.
  ///   - timeout: how long to wait for all of them at most; nil: as long as it takes.
  /// - Returns: a sequence of the very futures that were passed in, to be iterated once.
  /// - Throws: ``RuntimeError`` if there is no running loop, ``ValueError`` for futures of another one.
  public static func asCompleted<F: AnyFuture>(
    starting futures: some Sequence<F>,
    timeout: Duration? = nil
  ) throws -> Completions<F> {
    let loop = try EventLoop.runningOrThrow()
    return Completions(try unique(futures, on: loop), timeout: timeout, on: loop)
  }

  /// Starts bodies as tasks, and gives the tasks one after the other, as they are done. `asyncio.as_completed()`, from
  /// Python 3.13 on.
  ///
  /// The tasks are there when this returns. See ``asCompleted(starting:timeout:)->Asyncio.Completions<F>``.
  /// - Throws: ``RuntimeError`` if there is no running loop; what a task factory throws.
  public static func asCompleted<Value>(
    starting coroutines: some Sequence<Coroutine<Value>>,
    timeout: Duration? = nil
  ) throws -> Completions<Task<Value>> {
    let loop = try EventLoop.runningOrThrow()
    return Completions(try coroutines.map { try $0.makeTask(on: loop) }, timeout: timeout, on: loop)
  }

  /// What several things stand for that can be waited for, one after the other, as it is done, counting from now on.
  /// `async for … in asyncio.as_completed()`, from Python 3.13 on. See
  /// ``asCompleted(starting:timeout:)->Asyncio.Completions<F>``.
  /// - Returns: a sequence of the futures that stand for them: for a coroutine the task that runs it.
  @_disfavoredOverload
  public static func asCompleted<A: Awaitable>(
    starting awaitables: some Sequence<A>,
    timeout: Duration? = nil
  ) throws -> Completions<Future<A.Value>> {
    let loop = try EventLoop.runningOrThrow()
    return try asCompleted(starting: awaitables.map { try $0.ensureFuture(on: loop) }, timeout: timeout)
  }

  /// What several things stand for of which each is a future or a ``Coroutine``, one after the other, as it is done,
  /// counting from now on. `async for … in asyncio.as_completed()`, from Python 3.13 on. See
  /// ``asCompleted(starting:timeout:)->Asyncio.Completions<F>``.
  /// - Returns: a sequence of the futures that stand for them: for a coroutine the task that runs it.
  public static func asCompleted<Value>(
    starting awaitables: some Sequence<any Awaitable<Value>>,
    timeout: Duration? = nil
  ) throws -> Completions<Future<Value>> {
    let loop = try EventLoop.runningOrThrow()
    return try asCompleted(starting: awaitables.map { try $0.ensureFuture(on: loop) }, timeout: timeout)
  }

  /// What ``asCompleted(starting:timeout:)->Asyncio.Completions<F>`` returns.
  ///
  /// It is its own iterator: who iterates over it again goes on where the iteration before ended. As
  /// ``CompletedFutures`` it may be asked again after it has thrown, and observes the futures no longer when nobody has
  /// it any more.
  public final class Completions<F: AnyFuture>: AsyncSequence, AsyncIteratorProtocol {
    private let wait: AsCompletedWait
    private var left: Int

    fileprivate init(_ futures: [AnyFuture], timeout: Duration?, on loop: EventLoop) {
      wait = AsCompletedWait(futures, timeout: timeout, loop: loop)
      left = futures.count
    }

    /// The next future that is done; nil when there have been as many as were passed in.
    /// - Throws: ``TimeoutError`` when the time is up; `CancellationError` when the caller is cancelled.
    @inline(__always)
    public func next() async throws -> F? {
      if left == 0 { return nil }
      left -= 1
      // What waits goes with this.
      defer { withExtendedLifetime(self) {} }
      guard let future = try await wait.done.get() else { throw wait.timeoutError }
      return future.known(as: F.self)
    }

    /// The next future, for `for try await`: without this the code of an actor would leave the actor for it.
    @inline(__always)
    public func next(isolation actor: (any Actor)?) async throws -> F? { try await next() }

    /// The sequence itself.
    public func makeAsyncIterator() -> Completions { self }
  }
}
