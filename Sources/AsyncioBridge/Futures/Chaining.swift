import Synchronization

/// Names a future of a loop to other threads, which must not hold the future itself.
struct ExchangeID: Hashable, Sendable {
  private let number: Int
  private static let last = Atomic(0)
  init() { number = Self.last.add(1, ordering: .relaxed).newValue }
}

extension Asyncio {
  /// A loop's future that ends as `future` does. `asyncio.wrap_future()`.
  ///
  /// The result travels to the loop by ``LoopHandle/callSoonThreadsafe(fileID:line:_:)``, so whoever awaits the wrapper
  /// resumes on the loop's thread. Cancelling the wrapper cancels `future`.
  /// - Parameters:
  ///   - future: the future of work elsewhere.
  ///   - loop: the loop of the wrapper; by default the running one, which there must be. If it is closed the wrapper
  ///     stays pending.
  ///   - isolation: leave it out; it keeps what is returned in the caller's domain.
  public static func wrapFuture<Value>(
    _ future: ConcurrentFuture<Value>,
    loop: EventLoop? = nil,
    isolation: isolated (any Actor)? = #isolation
  ) -> Future<Value> {
    let loop = EventLoop.current(loop, "Asyncio.wrapFuture()")
    let wrapper = Future<Value>(unownedLoop: Unretained(loop), core: nil, site: .library)
    // A closed loop takes no result any more, and would keep the wrapper for ever.
    if loop.isClosed { return wrapper }
    let id = ExchangeID()
    loop.futuresCompletedElsewhere[id] = wrapper
    wrapper.add(.observer(CancellationForwarder(future, id)))
    let mailbox = loop.mailbox
    future.addDoneCallback { future in
      guard let end = future.end else { return }
      let call = PostedCall(
        {
          guard let wrapper = EventLoop.running()?.futuresCompletedElsewhere.removeValue(forKey: id), !wrapper.isDone
          else { return }
          let typed = wrapper.known(as: Future<Value>.self)
          switch end {
          case .cancelled: _ = typed.cancelFuture(message: nil)
          case .finished(.success(let value)): typed.complete(value)
          case .finished(.failure(let error)): typed.fail(error)
          }
        },
        site: .library
      )
      // A closed loop has no use for the result.
      mailbox.post(call)
    }
    return wrapper
  }

  /// The same future: what belongs to a loop needs no wrapper. `asyncio.wrap_future()`.
  public static func wrapFuture<Value>(_ future: Future<Value>) -> Future<Value> { future }
}

/// Passes the cancellation of a wrapper on to the future that it wraps.
private final class CancellationForwarder<Value: Sendable>: FutureObserver {
  override class var purpose: String { "wrapFuture" }

  private let source: Asyncio.ConcurrentFuture<Value>
  private let id: ExchangeID

  init(_ source: Asyncio.ConcurrentFuture<Value>, _ id: ExchangeID) {
    self.source = source
    self.id = id
  }

  /// The callbacks of the future elsewhere are called at once.
  override func mayRunUserCode(on future: Asyncio.AnyFuture) -> Bool { true }

  override func futureDidComplete(_ future: Asyncio.AnyFuture) {
    future.loop.futuresCompletedElsewhere[id] = nil
    if future.isCancelled { source.cancel() }
  }

  override var callGraphRole: CallGraphRole { .fromElsewhere }
}

/// What a loop's future has for a thread-side one.
class Export: FutureObserver {
  override class var purpose: String { "concurrentFuture" }

  fileprivate let id = ExchangeID()

  /// The callbacks of the future elsewhere are called at once.
  override func mayRunUserCode(on future: Asyncio.AnyFuture) -> Bool { true }
}

/// Ends a thread-side future as a loop's future ends; and cancels it if that never happens, so that nobody waits for
/// ever for a loop that was closed.
final class ExportObserver<Value: Sendable>: Export {
  /// Gone if nobody has it any more, and it has no callbacks.
  private(set) weak var destination: Asyncio.ConcurrentFuture<Value>?

  init(_ destination: Asyncio.ConcurrentFuture<Value>) { self.destination = destination }

  deinit { destination?.cancel() }

  /// Ties the two futures together: results go one way, a cancellation the other.
  func fulfil(from source: Asyncio.Future<Value>) {
    guard let destination else { return source.isErrorReadInAdvance = true }
    let loop = source.loop
    loop.futuresAwaitedElsewhere[id] = source
    source.add(.observer(self))
    destination.tie(
      to: .init(
        cancel: { [id, mailbox = loop.mailbox] in
          mailbox.post(
            PostedCall({ Asyncio.EventLoop.running()?.futuresAwaitedElsewhere[id]?.cancel() }, site: .library)
          )
        },
        drop: { [id, mailbox = loop.mailbox] in
          mailbox.post(PostedCall({ Asyncio.EventLoop.running()?.dropExport(id) }, site: .library))
        }
      )
    )
  }

  override func futureDidComplete(_ future: Asyncio.AnyFuture) {
    future.loop.futuresAwaitedElsewhere[id] = nil
    fulfil(fromDone: future.known(as: Asyncio.Future<Value>.self))
  }

  func fulfil(fromDone source: Asyncio.Future<Value>) {
    if source.isCancelled {
      destination?.cancel()
    } else {
      let result = Result { try source.result() }
      destination?.resolve(result)
    }
  }
}

extension Asyncio.EventLoop {
  /// Nobody waits elsewhere for that future any more, which may never be done.
  fileprivate func dropExport(_ id: ExchangeID) {
    guard let source = futuresAwaitedElsewhere.removeValue(forKey: id), !source.isDone else { return }
    source.isErrorReadInAdvance = true
    _ = source.callbacks.removeAll { ($0 as? Export)?.id == id }
  }
}

extension Asyncio.Future where Value: Sendable {
  /// The future's result for other threads, which must not have the future itself.
  ///
  /// It ends as this future ends: that is then counted as having retrieved the error. Cancelling it cancels this
  /// future, or asks it to if it is a task. The loop keeps this future until it is done, as long as somebody has the
  /// result, or that has callbacks; if the loop is closed before, the result is cancelled. The other direction is
  /// ``Asyncio/wrapFuture(_:loop:isolation:)``.
  ///
  /// ```swift
  /// let result = future.concurrentFuture()
  /// Task.detached { print(try await result.value) }
  /// ```
  public final func concurrentFuture() -> Asyncio.ConcurrentFuture<Value> {
    let result = Asyncio.ConcurrentFuture<Value>()
    let promise = ExportObserver(result)
    if isDone {
      promise.fulfil(fromDone: self)
    } else if !loop.isClosed {
      promise.fulfil(from: self)
    }
    return result
  }
}
