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
    var count = 0
    forEach { _ in count += 1 }
    return count
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

  var description: String {
    var labels: [String] = []
    forEach { callback in
      switch callback {
      case .step(let task): labels.append("<wakeup of '\(task.object.core?.record.name ?? "?")'>")
      case .notify(let observer): labels.append("\(observer.object)")
      case .completeWaiter: labels.append("<release of a waiter>")
      }
    }
    if labels.count > 2 { labels = [labels[0], "<\(labels.count - 2) more>", labels[labels.count - 1]] }
    return "cb=[\(labels.joined(separator: ", "))]"
  }
}
