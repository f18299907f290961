extension Asyncio {
  /// The future of several results, in the order of the arguments, each with its type. `asyncio.gather()`.
  ///
  /// ```swift
  /// let (name, age) = try await Asyncio.gather(nameTask, ageTask).value     // (String, Int)
  /// ```
  /// The first error ends it at once, and the others go on; a child that was cancelled counts as one that failed with
  /// `CancellationError`. Cancelling it cancels all children that are not done; it then ends when they have.
  /// - Parameter awaitables: futures, and ``Coroutine``s to run as tasks. One that is given twice is waited for once.
  /// - Throws: ``ValueError`` for futures of different loops; ``RuntimeError`` if the loop is closed.
  public static func gather<each A: Awaitable>(_ awaitables: repeat each A) throws -> Future<(repeat (each A).Value)> {
    var loop: EventLoop?
    let children = (repeat try child(each awaitables, &loop))
    var list: [AnyFuture] = []
    for future in repeat each children { list.append(future) }
    return try GatheringFuture(list, loop: EventLoop.current(loop), returnsErrors: false) {
      (repeat try (each children).result())
    }
  }

  /// The same, but errors are results like others: it ends when all children have. `gather(return_exceptions=True)`.
  ///
  /// Cancelling it still ends it with `CancellationError`.
  public static func gather<each A: Awaitable>(
    returningErrors awaitables: repeat each A
  ) throws -> Future<(repeat Result<(each A).Value, any Error>)> {
    var loop: EventLoop?
    let children = (repeat try child(each awaitables, &loop))
    var list: [AnyFuture] = []
    for future in repeat each children { list.append(future) }
    return try GatheringFuture(list, loop: EventLoop.current(loop), returnsErrors: true) {
      (repeat outcome(of: each children))
    }
  }

  /// The future of any number of results, in the order of the arguments. `asyncio.gather()`.
  ///
  /// For no arguments it is done at once. See ``gather(_:)-(each_A)``.
  public static func gather<Value>(_ awaitables: some Sequence<any Awaitable<Value>>) throws -> Future<[Value]> {
    var loop: EventLoop?
    return try gather(awaitables.map { try child($0, &loop) })
  }

  /// The future of any number of results, in the order of the arguments. `asyncio.gather()`.
  ///
  /// For no arguments it is done at once. See ``gather(_:)-(each_A)``.
  public static func gather<A: Awaitable>(_ awaitables: some Sequence<A>) throws -> Future<[A.Value]> {
    var loop: EventLoop?
    let children = try awaitables.map { try child($0, &loop) }
    return try GatheringFuture(children, returnsErrors: false) { try children.map { try $0.result() } }
  }

  /// The same, but errors are results like others: it ends when all children have. `gather(return_exceptions=True)`.
  public static func gather<Value>(
    returningErrors awaitables: some Sequence<any Awaitable<Value>>
  ) throws -> Future<[Result<Value, any Error>]> {
    var loop: EventLoop?
    return try gather(returningErrors: awaitables.map { try child($0, &loop) })
  }

  /// The same, but errors are results like others: it ends when all children have. `gather(return_exceptions=True)`.
  public static func gather<A: Awaitable>(
    returningErrors awaitables: some Sequence<A>
  ) throws -> Future<[Result<A.Value, any Error>]> {
    var loop: EventLoop?
    let children = try awaitables.map { try child($0, &loop) }
    return try GatheringFuture(children, returnsErrors: true) { children.map(outcome(of:)) }
  }

  /// The future for an argument, which must belong to the loop of those before it.
  private static func child<A: Awaitable>(_ awaitable: A, _ loop: inout EventLoop?) throws -> Future<A.Value> {
    let future = try awaitable.ensureFuture(on: loop)
    loop = future.loop
    // Nobody but the gather can keep a task that was made for it.
    if !(A.self is AnyFuture.Type) { future.core?.reportsDestruction = false }
    return future
  }

  private static func outcome<Value>(of future: Future<Value>) -> Result<Value, any Error> {
    Result { try future.result() }
  }
}

/// The future that `gather` returns: cancelling it cancels the children, and it ends when they have.
final class GatheringFuture<Value>: Asyncio.Future<Value> {
  private let children: [Asyncio.AnyFuture]
  fileprivate var isCancellationRequested = false

  /// - Parameter collect: makes the result when all children are done.
  init(
    _ children: [Asyncio.AnyFuture],
    loop: Asyncio.EventLoop? = nil,
    returnsErrors: Bool,
    collect: @escaping () throws -> Value
  ) throws {
    let loop = loop ?? children.first?.loop ?? Asyncio.EventLoop.current(nil)
    for child in children { try Asyncio.checkLoop(of: child, is: loop) }
    self.children = children
    super.init(loop: loop, core: nil, site: .library)
    if children.isEmpty {
      complete(try collect())
      return
    }
    let distinct = Asyncio.unique(children)
    let observer = GatherObserver(self, count: distinct.count, returnsErrors: returnsErrors, collect: collect)
    for child in distinct { child.add(.observer(observer)) }
  }

  override func cancel(message: String?) -> Bool {
    if isDone { return false }
    var anyAccepted = false
    for child in children where child.cancel(message: message) { anyAccepted = true }
    // Remembered, so that it comes through whatever is to be done with errors.
    if anyAccepted {
      isCancellationRequested = true
      cancelMessage = message
    }
    return anyAccepted
  }
}

/// Counts the children of a gather that are done.
private final class GatherObserver<Value>: FutureObserver {
  private let outer: GatheringFuture<Value>
  private var left: Int
  private let returnsErrors: Bool
  private let collect: () throws -> Value

  init(_ outer: GatheringFuture<Value>, count: Int, returnsErrors: Bool, collect: @escaping () throws -> Value) {
    self.outer = outer
    left = count
    self.returnsErrors = returnsErrors
    self.collect = collect
  }

  override func futureDidComplete(_ child: Asyncio.AnyFuture) throws {
    left -= 1
    if outer.isDone {
      child.hasUnretrievedError = false
      return
    }
    if !returnsErrors {
      if child.isCancelled {
        outer.cancelMessage = child.cancelMessage
        return outer.fail(CancellationError())
      }
      if let error = child.error {
        child.hasUnretrievedError = false
        return outer.fail(error)
      }
    }
    if left > 0 { return }
    // Reads the errors of the children, even if nobody will be told of them.
    let results = try collect()
    if outer.isCancellationRequested {
      outer.fail(CancellationError())
    } else {
      outer.complete(results)
    }
  }
}
