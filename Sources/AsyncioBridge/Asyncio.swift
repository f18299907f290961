/// Python's asyncio for Swift: a single-threaded event loop that hosts Swift `async` closures as tasks.
///
/// Everything lives in this namespace, so that the names read as in asyncio and shadow none of Swift's own:
///
/// - running: ``run(debug:clock:semantics:fileID:line:_:)``, ``Runner``, ``EventLoop``, ``LoopHandle``, ``LoopClock``,
///   ``Semantics``
/// - tasks: ``createTask(name:context:eagerStart:isolation:fileID:line:_:)``, ``Task``, ``currentTask(_:isolation:)``,
///   ``allTasks(_:isolation:)``, ``Coroutine``
/// - futures: ``Future``, ``AnyFuture``, ``ConcurrentFuture``, ``Promise``
/// - waiting: `sleep`, ``waitUntilIdle()``, `wait`, `waitFor`, `asCompleted`, `gather`, `shield`, `ensureFuture`
/// - scopes: `timeout`, `timeoutAt`, ``withTaskGroup(_:)``, ``TaskGroup``, ``ErrorGroup``
/// - synchronization: ``Lock``, ``Event``, ``Condition``, ``Semaphore``, ``BoundedSemaphore``,
///   ``Barrier``, ``Queue``, ``LifoQueue``, ``PriorityQueue``
/// - threads: ``toThread(_:)``, ``Executor``, ``ThreadPoolExecutor``
/// - with Swift's own concurrency: ``ensureFuture(isolation:operation:)``, ``wrapFuture(_:loop:isolation:)``,
///   ``Future/concurrentFuture()``, ``Queue/elements``
/// - context: ``Context``, ``ContextVar``
/// - introspection: ``captureCallGraph(_:)``, ``captureCallGraph(loop:)``, ``CallGraph``, ``DeadlockError``
///
/// ```swift
/// import AsyncioBridge
///
/// let answer = try Asyncio.run {
///   let slow = Asyncio.createTask { try await Asyncio.sleep(.seconds(1)); return 40 }
///   let fast = Asyncio.createTask { 2 }
///   let (a, b) = try await Asyncio.gather(slow, fast).value
///   return a + b
/// }
/// ```
public enum Asyncio {}
