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
    let gathering = Gathering<(repeat (each A).Value)>(returnsErrors: false)
    let children = (repeat try gathering.add(each awaitables))
    return gathering.start { (repeat try (each children).result()) }
  }

  /// The same, but errors are results like others: it ends when all children have. `gather(return_exceptions=True)`.
  ///
  /// Cancelling it still ends it with `CancellationError`.
  public static func gather<each A: Awaitable>(
    returningErrors awaitables: repeat each A
  ) throws -> Future<(repeat Result<(each A).Value, any Error>)> {
    let gathering = Gathering<(repeat Result<(each A).Value, any Error>)>(returnsErrors: true)
    let children = (repeat try gathering.add(each awaitables))
    return gathering.start { (repeat outcome(of: each children)) }
  }

  /// The future of any number of results, in the order of the arguments. `asyncio.gather()`.
  ///
  /// For no arguments it is done at once. Otherwise as for arguments one by one.
  public static func gather<Value>(_ awaitables: some Sequence<any Awaitable<Value>>) throws -> Future<[Value]> {
    let gathering = Gathering<[Value]>(returnsErrors: false)
    let children = try awaitables.map { try gathering.add($0) }
    return gathering.start { try children.map { try $0.result() } }
  }

  /// The future of what `combine` makes of any number of results. `asyncio.gather()`.
  ///
  /// A future of a type of your choice, so that it can be an argument among others, of another gather too.
  /// - Parameters:
  ///   - awaitables: futures, and ``Coroutine``s to run as tasks. One that is given twice is waited for once.
  ///   - combine: called in the same step in which the future is completed.
  public static func gather<Value, Combined>(
    _ awaitables: some Sequence<any Awaitable<Value>>,
    combine: @escaping ([Value]) -> Combined
  ) throws -> Future<Combined> {
    let gathering = Gathering<Combined>(returnsErrors: false, runsUserCode: true)
    let children = try awaitables.map { try gathering.add($0) }
    return gathering.start { combine(try children.map { try $0.result() }) }
  }

  /// The future of any number of results, in the order of the arguments. `asyncio.gather()`.
  ///
  /// For no arguments it is done at once. Otherwise as for arguments one by one.
  public static func gather<A: Awaitable>(_ awaitables: some Sequence<A>) throws -> Future<[A.Value]> {
    let gathering = Gathering<[A.Value]>(returnsErrors: false)
    let children = try awaitables.map { try gathering.add($0) }
    return gathering.start { try children.map { try $0.result() } }
  }

  /// The future of what `combine` makes of any number of results. See ``gather(_:combine:)``.
  public static func gather<A: Awaitable, Combined>(
    _ awaitables: some Sequence<A>,
    combine: @escaping ([A.Value]) -> Combined
  ) throws -> Future<Combined> {
    let gathering = Gathering<Combined>(returnsErrors: false, runsUserCode: true)
    let children = try awaitables.map { try gathering.add($0) }
    return gathering.start { combine(try children.map { try $0.result() }) }
  }

  /// The same, but errors are results like others: it ends when all children have. `gather(return_exceptions=True)`.
  public static func gather<Value>(
    returningErrors awaitables: some Sequence<any Awaitable<Value>>
  ) throws -> Future<[Result<Value, any Error>]> {
    let gathering = Gathering<[Result<Value, any Error>]>(returnsErrors: true)
    let children = try awaitables.map { try gathering.add($0) }
    return gathering.start { children.map(outcome(of:)) }
  }

  /// The same, but errors are results like others: it ends when all children have. `gather(return_exceptions=True)`.
  public static func gather<Value, Combined>(
    returningErrors awaitables: some Sequence<any Awaitable<Value>>,
    combine: @escaping ([Result<Value, any Error>]) -> Combined
  ) throws -> Future<Combined> {
    let gathering = Gathering<Combined>(returnsErrors: true, runsUserCode: true)
    let children = try awaitables.map { try gathering.add($0) }
    return gathering.start { combine(children.map(outcome(of:))) }
  }

  /// The same, but errors are results like others: it ends when all children have. `gather(return_exceptions=True)`.
  public static func gather<A: Awaitable>(
    returningErrors awaitables: some Sequence<A>
  ) throws -> Future<[Result<A.Value, any Error>]> {
    let gathering = Gathering<[Result<A.Value, any Error>]>(returnsErrors: true)
    let children = try awaitables.map { try gathering.add($0) }
    return gathering.start { children.map(outcome(of:)) }
  }

  /// The same, but errors are results like others: it ends when all children have. `gather(return_exceptions=True)`.
  public static func gather<A: Awaitable, Combined>(
    returningErrors awaitables: some Sequence<A>,
    combine: @escaping ([Result<A.Value, any Error>]) -> Combined
  ) throws -> Future<Combined> {
    let gathering = Gathering<Combined>(returnsErrors: true, runsUserCode: true)
    let children = try awaitables.map { try gathering.add($0) }
    return gathering.start { combine(children.map(outcome(of:))) }
  }

  private static func outcome<Value>(of future: Future<Value>) -> Result<Value, any Error> {
    Result { try future.result() }
  }
}

/// What becomes of the children of a gather: registers with each as it is passed, and completes the future that `gather`
/// returns.
final class Gathering<Value>: KeepingObserver {
  private var loop: Asyncio.EventLoop?
  /// In the order of the arguments, one that is given twice twice.
  private var children: [Asyncio.AnyFuture] = []
  private let visit = Visit()
  /// How many children are not done.
  private var left = 0
  private let returnsErrors: Bool
  private let runsUserCode: Bool
  /// Nil until all children are known, and for ever if one of them was refused; and again when it is done.
  private var outer: GatheringFuture<Value>?
  private var isOver = false
  /// Makes the result when all children are done.
  private var collect: (() throws -> Value)?

  /// - Parameters:
  ///   - loop: the loop that children must belong to; nil: that of the first.
  ///   - runsUserCode: whether making the result runs code that is not the library's.
  init(loop: Asyncio.EventLoop? = nil, returnsErrors: Bool, runsUserCode: Bool = false) {
    self.loop = loop
    self.returnsErrors = returnsErrors
    self.runsUserCode = runsUserCode
  }

  override var mayRunUserCode: Bool { runsUserCode }

  /// Adds the future for an argument. If that is done its callback is scheduled here, and so comes before the first step
  /// of a task that is made for a later argument.
  func add<A: Asyncio.Awaitable>(_ awaitable: A) throws -> Asyncio.Future<A.Value> {
    let future = try awaitable.ensureFuture(on: loop)
    // Nobody but the gather can keep a task that was made for it.
    if !(A.self is Asyncio.AnyFuture.Type) { future.core?.pointee.reportsDestruction = false }
    try add(future as Asyncio.AnyFuture)
    return future
  }

  func add(_ future: Asyncio.AnyFuture) throws {
    if let loop { try Asyncio.checkLoop(of: future, is: loop) } else { loop = future.loop }
    if children.isEmpty { join(future.loop) }
    children.append(future)
    if visit.isFirst(to: future) {
      left += 1
      future.add(.observer(self))
    }
  }

  /// The future of the result that `collect` makes when all children are done.
  func start(_ collect: @escaping () throws -> Value) -> Asyncio.Future<Value> {
    let outer = GatheringFuture<Value>(children, loop: Asyncio.EventLoop.current(loop))
    if children.isEmpty {
      outer.complete(with: collect)
    } else {
      self.outer = outer
      self.collect = collect
      children = []
    }
    return outer
  }

  override func futureDidComplete(_ child: Asyncio.AnyFuture) {
    left -= 1
    if outer?.isDone == true { letGo() }
    guard let outer, let collect else {
      // Nobody will be told of it any more.
      if isOver { child.hasUnretrievedError = false }
      return
    }
    if !returnsErrors, child.isCancelled {
      outer.cancelMessage = child.cancelMessage
      outer.fail(CancellationError())
    } else if !returnsErrors, let error = child.error {
      child.hasUnretrievedError = false
      outer.fail(error)
    } else if left == 0 {
      outer.complete(with: collect)
    } else {
      return
    }
    letGo()
  }

  override var callGraphRole: CallGraphRole {
    if let outer, !outer.isDone { .awaiting(outer) } else { .none }
  }

  /// Nothing is to come any more: breaks the circle of the future, its children and this, lest a child that is never done
  /// keeps all of them.
  override func letGo() {
    isOver = true
    children = []
    outer?.letGoOfChildren()
    outer = nil
    collect = nil
  }
}

/// The future that `gather` returns: cancelling it cancels the children, and it ends when they have.
private final class GatheringFuture<Value>: Asyncio.Future<Value> {
  private var children: [Asyncio.AnyFuture]
  private var isCancellationRequested = false

  init(_ children: [Asyncio.AnyFuture], loop: Asyncio.EventLoop) {
    self.children = children
    super.init(loop: loop, core: nil, site: .library)
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

  func letGoOfChildren() { children = [] }

  override func callGraphFacts(for capture: CallGraphCapture) -> CallGraphFacts {
    var facts = CallGraphFacts(.gather, children)
    facts.state = callGraphState
    if isDone { facts.details = [] }
    return facts
  }

  /// All children are done.
  func complete(with collect: () throws -> Value) {
    // Reads the errors of the children, even if nobody will be told of them.
    let results = Result(catching: collect)
    if isCancellationRequested { return fail(CancellationError()) }
    switch results {
    case .success(let value): complete(value)
    case .failure(let error): fail(error)
    }
  }
}
