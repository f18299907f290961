extension Asyncio {
  /// The future of several results, in the order of the arguments, each with its type. `asyncio.gather()`.
  ///
  /// ```swift
  /// let (name, age) = try await Asyncio.gather(nameTask, ageTask).value     // (String, Int)
  /// ```
  /// The first error ends it at once, and the others go on; a child that was cancelled counts as one that failed with
  /// `CancellationError`. Cancelling it cancels all children that are not done; it then ends when they have.
  /// - Parameters:
  ///   - awaitables: futures, and ``Coroutine``s to run as tasks. One that is given twice is waited for once.
  ///   - isolation: leave it out; it keeps what is returned in the caller's domain.
  /// - Throws: ``ValueError`` for futures of different loops; ``RuntimeError`` if the loop is closed.
  public static func gather<each A: Awaitable>(
    _ awaitables: repeat each A,
    isolation: isolated (any Actor)? = #isolation
  ) throws -> Future<(repeat (each A).Value)> {
    let gathering = Gathering(returnsErrors: false)
    let children = (repeat try gathering.add(each awaitables))
    return try gathering.start { _ in (repeat try (each children).result()) }
  }

  /// The same, but errors are results like others: it ends when all children have. `gather(return_exceptions=True)`.
  ///
  /// Cancelling it still ends it with `CancellationError`.
  public static func gather<each A: Awaitable>(
    returningErrors awaitables: repeat each A,
    isolation: isolated (any Actor)? = #isolation
  ) throws -> Future<(repeat Result<(each A).Value, any Error>)> {
    let gathering = Gathering(returnsErrors: true)
    let children = (repeat try gathering.add(each awaitables))
    return try gathering.start { _ in (repeat outcome(of: each children)) }
  }

  /// The future of any number of results, in the order of the arguments. `asyncio.gather()`.
  ///
  /// For no arguments it is done at once. Otherwise as for arguments one by one.
  @inlinable
  public static func gather<Value>(
    _ awaitables: some Sequence<any Awaitable<Value>>,
    isolation: isolated (any Actor)? = #isolation
  ) throws -> Future<[Value]> {
    try Gathering(of: awaitables, returnsErrors: false).start { try results(of: &$0) }
  }

  /// The future of any number of results, in the order of the arguments. `asyncio.gather()`.
  ///
  /// For no arguments it is done at once. Otherwise as for arguments one by one.
  @inlinable
  public static func gather<A: Awaitable>(
    _ awaitables: some Sequence<A>,
    isolation: isolated (any Actor)? = #isolation
  ) throws -> Future<[A.Value]> {
    try Gathering(of: awaitables, returnsErrors: false).start { try results(of: &$0) }
  }

  /// The same, but errors are results like others: it ends when all children have. `gather(return_exceptions=True)`.
  @inlinable
  public static func gather<Value>(
    returningErrors awaitables: some Sequence<any Awaitable<Value>>,
    isolation: isolated (any Actor)? = #isolation
  ) throws -> Future<[Result<Value, any Error>]> {
    try Gathering(of: awaitables, returnsErrors: true).start { outcomes(of: &$0) }
  }

  /// The same, but errors are results like others: it ends when all children have. `gather(return_exceptions=True)`.
  @inlinable
  public static func gather<A: Awaitable>(
    returningErrors awaitables: some Sequence<A>,
    isolation: isolated (any Actor)? = #isolation
  ) throws -> Future<[Result<A.Value, any Error>]> {
    try Gathering(of: awaitables, returnsErrors: true).start { outcomes(of: &$0) }
  }

  /// The future of the values of any number of futures of different types, in the order of the arguments.
  /// `asyncio.gather()`.
  ///
  /// As for futures of one type: the first error ends it at once, and the others go on.
  @_disfavoredOverload
  public static func gather<F: AnyFuture>(
    _ futures: some Sequence<F>,
    isolation: isolated (any Actor)? = #isolation
  ) throws -> Future<[Any]> {
    let gathering = Gathering(returnsErrors: false)
    for future in futures { try gathering.add(future) }
    return try gathering.start { try anyOutcomes(of: &$0).map { try $0.get() } }
  }

  /// The same, but errors are results like others: it ends when all children have. `gather(return_exceptions=True)`.
  @_disfavoredOverload
  public static func gather<F: AnyFuture>(
    returningErrors futures: some Sequence<F>,
    isolation: isolated (any Actor)? = #isolation
  ) throws -> Future<[Result<Any, any Error>]> {
    let gathering = Gathering(returnsErrors: true)
    for future in futures { try gathering.add(future) }
    return try gathering.start { anyOutcomes(of: &$0) }
  }

  /// The future of what `combine` makes of the outcomes, for programs all of whose futures have one type of value.
  package static func gather<Value, Combined>(
    _ awaitables: [any Awaitable<Value>],
    returnsErrors: Bool,
    combine: @escaping ([Result<Value, any Error>]) -> Combined
  ) throws -> Future<Combined> {
    try Gathering(of: awaitables, returnsErrors: returnsErrors).start { combine(outcomes(of: &$0)) }
  }

  private static func anyOutcomes(of children: inout [AnyFuture?]) -> [Result<Any, any Error>] {
    children.indices.map { index in
      let child = takeChild(index, of: &children, AnyFuture.self)
      return Result {
        try child.checkResult()
        return child.anyValue as Any
      }
    }
  }

  @inlinable
  static func outcome<Value>(of future: Future<Value>) -> Result<Value, any Error> {
    Result { try future.result() }
  }

  /// The results of children that are futures of this type of value. Lets go of each child while it is in the cache.
  @inlinable
  static func results<Value>(of children: inout [AnyFuture?]) throws -> [Value] {
    try children.indices.map { index in try takeChild(index, of: &children, Future<Value>.self).result() }
  }

  @inlinable
  static func outcomes<Value>(of children: inout [AnyFuture?]) -> [Result<Value, any Error>] {
    children.indices.map { index in outcome(of: takeChild(index, of: &children, Future<Value>.self)) }
  }

  @inlinable
  @inline(__always)
  static func takeChild<F: AnyFuture>(_ index: Int, of children: inout [AnyFuture?], _ type: F.Type) -> F {
    guard let child = children[index].take() else { preconditionFailure("AsyncioBridge: a child is taken twice") }
    return child.known(as: type)
  }
}

/// What becomes of the children of a gather: registers with each as it is passed, and completes the future that
/// `gather` returns.
@usableFromInline
final class Gathering: KeepingObserver {
  override class var purpose: String { "gather" }

  @safe @exclusivity(unchecked) @usableFromInline var loop: Asyncio.EventLoop?
  /// In the order of the arguments, one that is given twice twice. Empty again when it is over; nil are those whose
  /// results have been taken then.
  @safe @exclusivity(unchecked) private(set) var children: [Asyncio.AnyFuture?] = []
  private let visit = TraversalMark()
  /// How many children are not done.
  @safe @exclusivity(unchecked) private var left = 0
  private let returnsErrors: Bool
  /// Those that were done when they were passed, if the loop's version looks at them at once.
  @safe @exclusivity(unchecked) private var doneBefore: [Asyncio.AnyFuture] = []
  /// Nil until all children are known, and for ever if one of them was refused; and again when it is done.
  @safe @exclusivity(unchecked) private var outer: Asyncio.AnyFuture?
  private var isOver = false
  @usableFromInline private(set) var isCancellationRequested = false
  /// Completes the future with what the children came to.
  private var complete: ((_ outer: Asyncio.AnyFuture, _ children: inout [Asyncio.AnyFuture?]) throws -> Void)?

  /// - Parameter loop: the loop that children must belong to; nil: that of the first.
  @usableFromInline
  init(loop: Asyncio.EventLoop? = nil, returnsErrors: Bool) {
    self.loop = loop
    self.returnsErrors = returnsErrors
  }

  @inlinable
  convenience init<A: Asyncio.Awaitable>(of awaitables: some Sequence<A>, returnsErrors: Bool) throws {
    self.init(returnsErrors: returnsErrors)
    for awaitable in awaitables {
      // Futures as they are: to ask one for its future would count it once more.
      if let future = awaitable as? Asyncio.AnyFuture { try add(future) } else { try add(awaitable) }
    }
  }

  @inlinable
  convenience init<Value>(of awaitables: some Sequence<any Asyncio.Awaitable<Value>>, returnsErrors: Bool) throws {
    self.init(returnsErrors: returnsErrors)
    for awaitable in awaitables { try add(awaitable) }
  }

  override func mayRunUserCode(on future: Asyncio.AnyFuture) -> Bool { false }

  /// Adds the future for an argument. If that is done its callback is scheduled here, and so comes before the first
  /// step of a task that is made for a later argument; or, as from Python 3.12 on, what would be called is called when
  /// all arguments are known.
  @discardableResult
  @inlinable
  func add<A: Asyncio.Awaitable>(_ awaitable: A) throws -> Asyncio.Future<A.Value> {
    let future: Asyncio.Future<A.Value>
    do { future = try awaitable.ensureFuture(on: loop) } catch { throw withdraw(because: error) }
    try add(future, ownedByGather: !(A.self is Asyncio.AnyFuture.Type))
    return future
  }

  /// - Parameter ownedByGather: nobody but the gather can keep it.
  @usableFromInline
  func add(_ future: Asyncio.AnyFuture, ownedByGather: Bool = false) throws {
    if ownedByGather { future.core?.record.reportsDestruction = false }
    if let loop {
      do { try Asyncio.checkLoop(of: future, is: loop) } catch { throw withdraw(because: error) }
    } else {
      loop = future.loop
    }
    if children.isEmpty { join(future.loop) }
    children.append(future)
    if visit.isFirst(to: future) {
      left += 1
      if future.isDone, future.onLoop(\.semantics.gatherSeesDoneChildren) {
        doneBefore.append(future)
      } else {
        future.add(.observer(self))
      }
    }
  }

  /// The future of the result that `collect` makes of the children when all are done.
  @inlinable
  func start<Value>(
    _ collect: @escaping (inout [Asyncio.AnyFuture?]) throws -> Value
  ) throws -> Asyncio.Future<Value> {
    let outer = GatheringFuture<Value>(self, on: try loop ?? Asyncio.EventLoop.runningOrThrow())
    try start(outer) { outer, children in
      let outer = outer.known(as: Asyncio.Future<Value>.self)
      // Reads the errors of the children, even if nobody will be told of them.
      let result = Result { try collect(&children) }
      // What made the result may have completed the future itself.
      try outer.checkPending(for: "set_result")
      switch self.isCancellationRequested ? .failure(Asyncio.cancellation) : result {
      case .success(let value): outer.complete(value)
      case .failure(let error): outer.fail(error)
      }
    }
    return outer
  }

  @usableFromInline
  func start(
    _ outer: Asyncio.AnyFuture,
    complete: @escaping (_ outer: Asyncio.AnyFuture, _ children: inout [Asyncio.AnyFuture?]) throws -> Void
  ) throws {
    if children.isEmpty { return try complete(outer, &children) }
    self.outer = outer
    self.complete = complete
    for child in doneBefore { try futureDidComplete(child) }
    doneBefore = []
  }

  override func futureDidComplete(_ child: Asyncio.AnyFuture) throws {
    left -= 1
    if left > 0, outer?.state == .pending, returnsErrors || child.hasValue { return }
    if let outer, outer.isDone { leaveChildren() }
    guard let outer else {
      // Nobody will be told of it any more.
      if isOver { child.hasUnretrievedError = false }
      return
    }
    if !returnsErrors, child.state == .cancelled {
      outer.cancelMessage = child.cancelMessage
      outer.fail(Asyncio.cancellation)
    } else if !returnsErrors, let error = child.error {
      child.hasUnretrievedError = false
      outer.fail(error)
    } else if left == 0 {
      // Moved out, since making the result lets go of them.
      var children: [Asyncio.AnyFuture?] = []
      swap(&children, &self.children)
      defer { letGo() }
      try complete?(outer, &children)
    } else {
      return
    }
    leaveChildren()
  }

  /// Nobody is to be told how those end that are not done: their errors count as read. In Python the callbacks stay,
  /// and do nothing but that; here a future that lives long does not collect them.
  private func leaveChildren() {
    for case let child? in children where child.state == .pending {
      child.isErrorReadInAdvance = true
      child.leave { $0 === self }
    }
    letGo()
  }

  /// Leaves the children that came before one that was refused. Their errors are not for `gather` to read.
  @usableFromInline
  func withdraw(because refusal: any Error) -> any Error {
    for case let child? in children { child.leave { $0 === self } }
    children = []
    return refusal
  }

  override var callGraphRole: CallGraphRole {
    if let outer, !outer.isDone { .awaiting(outer) } else { .none }
  }

  /// Children have accepted a cancellation of the future that `gather` returned. Remembered, so that it comes through
  /// whatever is to be done with errors.
  func didRequestCancellation(message: String?) {
    isCancellationRequested = true
    outer?.cancelMessage = message
  }

  /// Nothing is to come any more: breaks the circle of the future, its children and this, lest a child that is never
  /// done keeps all of them.
  override func letGo() {
    isOver = true
    children = []
    outer = nil
    complete = nil
  }
}

/// The future that `gather` returns: cancelling it cancels the children, and it ends when they have.
@usableFromInline
final class GatheringFuture<Value>: Asyncio.Future<Value> {
  private let gathering: Gathering

  @usableFromInline
  init(_ gathering: Gathering, on loop: Asyncio.EventLoop) {
    self.gathering = gathering
    super.init(unownedLoop: Unretained(loop), core: nil, site: .library)
  }

  /// What is told of the children leaves the circle of the loop's observers when it goes.
  deinit {
    if onLoop({ $0.isEndingElsewhere }) {
      onLoop { [gathering] in $0.settle { _ in withExtendedLifetime(gathering) {} } }
    }
  }

  override func cancel(message: String?) -> Bool {
    isDone ? false : CancellationPass.cancel(self, cancellationRoute, message: message)
  }

  /// To the children: it ends when they have.
  override var cancellationRoute: CancellationRoute { .gather(gathering) }

  override func callGraphFacts(for capture: CallGraphCapture) -> CallGraphFacts {
    var facts = CallGraphFacts(.gather, gathering.children.compactMap(\.self))
    facts.state = callGraphState
    if isDone { facts.details = [] }
    return facts
  }
}
