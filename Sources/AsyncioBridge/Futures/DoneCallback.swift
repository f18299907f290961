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
class FutureObserver: CustomStringConvertible {
  /// Whether code that is not the library's may run in it.
  var mayRunUserCode: Bool { false }

  func futureDidComplete(_ future: Asyncio.AnyFuture) throws {}

  /// What it means for who waits for whom.
  var callGraphRole: CallGraphRole { .none }

  /// What descriptions and reports call it.
  var description: String { "<\(type(of: self))>" }
}

/// An entry of a future's callback list.
enum FutureCallback {
  /// Resumes a task that awaits the future.
  case wakeup(Asyncio.AnyFuture)
  case observer(FutureObserver)
}

/// The callbacks of a future, in the order of their registration. Nearly all futures have one at most, which is kept in
/// place.
struct CallbackList {
  // Invariant: `rest` is empty if `first` is nil.
  private var first: FutureCallback?
  private var rest: [FutureCallback] = []

  @inline(__always) var isEmpty: Bool { first == nil }
  var count: Int { first == nil ? 0 : 1 + rest.count }

  @inline(__always)
  mutating func append(_ callback: FutureCallback) {
    if first == nil { first = callback } else { rest.append(callback) }
  }

  @inline(__always)
  mutating func takeAll() -> CallbackList {
    let all = self
    self = CallbackList()
    return all
  }

  @inline(__always)
  func forEach(_ body: (FutureCallback) -> Void) {
    if let first { body(first) }
    for callback in rest { body(callback) }
  }

  /// Removes the observers for which `condition` holds and returns how many those were.
  mutating func removeAll(where condition: (FutureObserver) -> Bool) -> Int {
    let before = count
    remove { callback in
      if case .observer(let observer) = callback { condition(observer) } else { false }
    }
    return before - count
  }

  mutating func removeWakeup(of task: Asyncio.AnyFuture) {
    remove { callback in
      if case .wakeup(task) = callback { true } else { false }
    }
  }

  private mutating func remove(where condition: (FutureCallback) -> Bool) {
    guard let first else { return }
    rest.removeAll(where: condition)
    if condition(first) { self.first = rest.isEmpty ? nil : rest.removeFirst() }
  }

  var description: String {
    var labels: [String] = []
    forEach { callback in
      switch callback {
      case .wakeup(let task): labels.append("<wakeup of '\(task.core?.name ?? "?")'>")
      case .observer(let observer): labels.append("\(observer)")
      }
    }
    if labels.count > 2 { labels = [labels[0], "<\(labels.count - 2) more>", labels[labels.count - 1]] }
    return "cb=[\(labels.joined(separator: ", "))]"
  }
}
