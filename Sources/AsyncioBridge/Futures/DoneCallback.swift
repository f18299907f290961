extension Asyncio {
  /// A function that is called when a future is done; its identity is what removes it again.
  ///
  /// ```swift
  /// let report = Asyncio.DoneCallback { print("done:", $0) }
  /// future.addDoneCallback(report)
  /// future.removeDoneCallback(report)    // 1
  /// ```
  public final class DoneCallback {
    let body: (AnyFuture) throws -> Void
    let site: SourceSite

    /// Creates a callback.
    public init(
      fileID: StaticString = #fileID,
      line: UInt = #line,
      _ body: @escaping (AnyFuture) throws -> Void
    ) {
      self.body = body
      site = SourceSite(fileID, line)
    }
  }
}

/// A registration of a user's callback, with the context to call it in.
final class DoneCallbackRegistration: KeepingObserver {
  /// Nil when the loop has been closed.
  private(set) var callback: Asyncio.DoneCallback?
  private let context: Asyncio.Context?

  init(_ callback: Asyncio.DoneCallback, context: Asyncio.Context?) {
    self.callback = callback
    self.context = context
  }

  override var mayRunUserCode: Bool { true }

  override func futureDidComplete(_ future: Asyncio.AnyFuture) throws {
    guard let callback else { return }
    try Asyncio.Context.with(context) { try callback.body(future) }
  }

  override func letGo() { callback = nil }

  override var description: String { callback.map { "<callback at \($0.site)>" } ?? super.description }
}

/// What the library registers on a future: the loop calls it on a turn of its own when the future is done.
@usableFromInline
class FutureObserver: LoopHeld, CustomStringConvertible {
  @exclusivity(unchecked) final var holdCount: UInt32 = 0

  /// Whether code that is not the library's may run in it.
  var mayRunUserCode: Bool { false }

  func futureDidComplete(_ future: Asyncio.AnyFuture) throws {}

  /// What it means for who waits for whom.
  var callGraphRole: CallGraphRole { .none }

  /// What descriptions and reports call it.
  @usableFromInline
  var description: String { "<\(type(of: self))>" }
}

/// An entry of a future's callback list. It owns what it refers to, which nobody counts when it is copied: so it is
/// either handed on to the ready queue or released.
enum FutureCallback {
  /// Schedules the next step of a task that awaits the future.
  case step(Unmanaged<Asyncio.AnyFuture>)
  case notify(Unmanaged<FutureObserver>)
  /// Completes what an operation of the library's waits for.
  case complete(Unmanaged<WaiterFuture>)

  @inline(__always)
  static func wakeup(_ task: Unmanaged<Asyncio.AnyFuture>) -> FutureCallback { .step(task.hold()) }

  @inline(__always)
  static func observer(_ observer: FutureObserver) -> FutureCallback { .notify(.passUnretained(observer).hold()) }

  @inline(__always)
  static func completing(_ waiter: WaiterFuture) -> FutureCallback { .complete(.passUnretained(waiter).hold()) }

  func release() {
    switch self {
    case .step(let task): task.drop()
    case .notify(let observer): observer.drop()
    case .complete(let waiter): waiter.drop()
    }
  }
}

/// The callbacks of a future, in the order of their registration. Nearly all futures have one at most, which is kept in
/// place.
struct CallbackList: ~Copyable {
  // Invariant: `rest` is empty if `first` is nil.
  private var first: FutureCallback?
  private var rest: [FutureCallback] = []

  deinit { forEach { $0.release() } }

  @inline(__always) var isEmpty: Bool { first == nil }
  var count: Int { first == nil ? 0 : 1 + rest.count }

  @inline(__always)
  mutating func append(_ callback: FutureCallback) {
    if first == nil { first = callback } else { rest.append(callback) }
  }

  /// Takes out all callbacks: the first, and those after it.
  @inline(__always)
  mutating func takeAll() -> (first: FutureCallback, rest: [FutureCallback])? {
    guard let first else { return nil }
    self.first = nil
    if rest.isEmpty { return (first, []) }
    defer { rest = [] }
    return (first, rest)
  }

  func forEach(_ body: (FutureCallback) -> Void) {
    if let first { body(first) }
    for callback in rest { body(callback) }
  }

  /// Removes the observers for which `condition` holds and returns how many those were.
  mutating func removeAll(where condition: (FutureObserver) -> Bool) -> Int {
    remove { callback in
      if case .notify(let observer) = callback { observer._withUnsafeGuaranteedRef(condition) } else { false }
    }
  }

  mutating func removeWakeup(of task: Unmanaged<Asyncio.AnyFuture>) {
    _ = remove { callback in
      if case .step(let other) = callback { other.toOpaque() == task.toOpaque() } else { false }
    }
  }

  mutating func remove(completing waiter: WaiterFuture) {
    _ = remove { callback in
      if case .complete(let other) = callback {
        other.toOpaque() == Unmanaged.passUnretained(waiter).toOpaque()
      } else {
        false
      }
    }
  }

  private mutating func remove(where condition: (FutureCallback) -> Bool) -> Int {
    guard let first else { return 0 }
    var removed = rest.filter(condition)
    rest.removeAll(where: condition)
    if condition(first) {
      removed.append(first)
      self.first = rest.isEmpty ? nil : rest.removeFirst()
    }
    // Only now: what goes may have a deinitialiser that looks at the future.
    for callback in removed { callback.release() }
    return removed.count
  }

  var description: String {
    var labels: [String] = []
    forEach { callback in
      switch callback {
      case .step(let task):
        labels.append("<wakeup of '\(task.takeUnretainedValue().core?.pointee.name ?? "?")'>")
      case .notify(let observer): labels.append("\(observer.takeUnretainedValue())")
      case .complete: labels.append("<release of a waiter>")
      }
    }
    if labels.count > 2 { labels = [labels[0], "<\(labels.count - 2) more>", labels[labels.count - 1]] }
    return "cb=[\(labels.joined(separator: ", "))]"
  }
}
