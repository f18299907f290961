/// An entry of a future's callback list.
enum FutureCallback: ~Copyable {
  /// Schedules the next step of a task that awaits the future.
  case step(Owned<Asyncio.AnyFuture>)
  case notify(Owned<FutureObserver>)
  /// Completes what an operation of the library's waits for.
  case completeWaiter(Owned<WaiterFuture>)

  @inline(__always)
  static func observer(_ observer: FutureObserver) -> FutureCallback { .notify(Owned(observer)) }

  @inline(__always)
  static func completing(_ waiter: WaiterFuture) -> FutureCallback { .completeWaiter(Owned(waiter)) }
}

/// The callbacks of a future, in the order of their registration. Nearly all futures have one at most, which is kept in
/// place.
struct CallbackList: ~Copyable {
  // Invariant: there are no `others` if `first` is nil.
  private var first: FutureCallback?
  private var others: CompactList<FutureCallback>?

  @inline(__always) var isEmpty: Bool { first == nil }
  var count: Int {
    if first == nil { return 0 }
    switch others {
    case .some(let others): return 1 + others.count
    case nil: return 1
    }
  }

  @inline(__always)
  mutating func append(_ callback: consuming FutureCallback) {
    if first == nil { first = consume callback } else { append(other: callback) }
  }

  private mutating func append(other callback: consuming FutureCallback) {
    if others == nil { others = CompactList() }
    others?.append(callback)
  }

  /// Takes out the callbacks, first to last; `body` must not touch the list.
  @inline(__always)
  mutating func takeAll(_ body: (consuming FutureCallback) -> Void) {
    guard let first = first.take() else { return }
    guard let others = others.take() else { return body(first) }
    body(first)
    others.takeAll(body)
  }

  func forEach(_ body: (borrowing FutureCallback) -> Void) {
    switch first {
    case .some(let callback): body(callback)
    case nil: return
    }
    switch others {
    case .some(let others): others.forEach(body)
    case nil: return
    }
  }

  /// Removes the observers for which `condition` holds and returns how many those were.
  mutating func removeAll(where condition: (FutureObserver) -> Bool) -> Int {
    remove { callback in
      switch callback {
      case .notify(let observer): observer.with(condition)
      default: false
      }
    }
  }

  mutating func removeWakeup(of task: Unretained<Asyncio.AnyFuture>) {
    _ = remove { callback in
      switch callback {
      case .step(let other): other.refers(to: task)
      default: false
      }
    }
  }

  mutating func remove(completing waiter: WaiterFuture) {
    _ = remove { callback in
      switch callback {
      case .completeWaiter(let other): other.refers(to: waiter)
      default: false
      }
    }
  }

  private mutating func remove(where condition: (borrowing FutureCallback) -> Bool) -> Int {
    guard let first = first.take() else { return 0 }
    guard var others = others.take() else {
      if condition(first) { return 1 }
      self.first = consume first
      return 0
    }
    // What goes may have a deinitialiser that looks at the future: so it goes last.
    var removed = CompactList<FutureCallback>()
    others.removeAll(where: condition, to: &removed)
    if condition(first) {
      removed.append(first)
      if others.count > 0 { self.first = others.removeFirst() }
    } else {
      self.first = consume first
    }
    if others.count > 0 { self.others = consume others }
    return removed.count
  }

  /// What descriptions show of the list.
  var summary: Summary? {
    guard let first = Self.label(of: first) else { return nil }
    return Summary(count: count, first: first, last: Self.label(of: others))
  }

  private static func label(of callback: borrowing FutureCallback?) -> Label? {
    switch callback {
    case .some(let callback): callback.label
    case nil: nil
    }
  }

  /// The label of the last one.
  private static func label(of others: borrowing CompactList<FutureCallback>?) -> Label? {
    switch others {
    case .some(let others): others.withLast { $0.label }
    case nil: nil
    }
  }
}

extension CallbackList {
  /// What descriptions call a callback.
  enum Label: Sendable {
    case wakeup(taskName: String?)
    case callback(SourceSite)
    case observer(String)
    case release
  }

  /// The first and the last of the callbacks, and how many there are.
  struct Summary: Sendable, CustomStringConvertible {
    let count: Int
    let first: Label
    /// Nil if there is only one.
    let last: Label?

    var description: String {
      var labels = ["\(first)"]
      if count > 2 { labels.append("<\(count - 2) more>") }
      if let last { labels.append("\(last)") }
      return "cb=[\(labels.joined(separator: ", "))]"
    }
  }
}

extension CallbackList.Label: CustomStringConvertible {
  var description: String {
    switch self {
    case .wakeup(let name): "<wakeup of '\(name ?? "?")'>"
    case .callback(let site): "<callback at \(site)>"
    case .observer(let purpose): "<\(purpose)>"
    case .release: "<release of a waiter>"
    }
  }
}

extension FutureCallback {
  fileprivate var label: CallbackList.Label {
    switch self {
    case .step(let task): task.with { .wakeup(taskName: $0.core?.record.name) }
    case .notify(let observer): observer.with { $0.label }
    case .completeWaiter: .release
    }
  }
}
