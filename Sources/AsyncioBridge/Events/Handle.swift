extension Asyncio {
  /// A callback that is scheduled on a loop. `asyncio.Handle`.
  public class Handle {
    enum Action {
      case callback(() throws -> Void)
      /// Interrupts the body of a timeout.
      case expiry(of: Timeout)
      case none
    }

    @safe @exclusivity(unchecked) final var action: Action
    /// Nil stands for an empty one.
    let context: Context?
    let site: SourceSite
    // Internal rather than public with a private setter: then the compiler sees all accesses and need not check them.
    @safe @exclusivity(unchecked) final var wasCancelled = false
    /// Whether ``cancel()`` was called, before or after the callback would have run. `Handle.cancelled()`.
    public final var isCancelled: Bool { wasCancelled }

    fileprivate let isDebug: Bool

    init(_ action: Action, isDebug: Bool, context: Context?, site: SourceSite) {
      self.action = action
      self.isDebug = isDebug
      self.context = context
      self.site = site
    }

    /// Keeps the callback from running, and releases it. `Handle.cancel()`.
    ///
    /// If the callback has already run, the only effect is that ``isCancelled`` is true from then on, as in asyncio.
    public func cancel() {
      wasCancelled = true
      action = .none
    }

    /// Whether running the handle runs user code.
    final var mayRunUserCode: Bool {
      switch action {
      case .callback, .expiry: !isCancelled
      case .none: false
      }
    }

    /// - Parameter thread: the state of the calling thread.
    func run(on thread: RecordRef<ThreadState>) throws {
      // Moved out, not copied.
      var action = Action.none
      swap(&action, &self.action)
      switch action {
      case .callback(let callback): try Context.with(context, on: thread, callback)
      case .expiry(let timeout): Context.with(context, on: thread) { timeout.expire() }
      case .none: break
      }
    }

    /// Releases the callback, which will not run any more and may well refer to the handle.
    final func dropAction() { action = .none }

    var kindDescription: String { "Handle" }
    var detailsDescription: String { "" }
  }

  /// A callback that is scheduled for a time. `asyncio.TimerHandle`.
  ///
  /// Timers are ordered by deadline, and timers with equal deadlines by the order in which they were set. Two timers
  /// are equal only if they are the same object.
  public final class TimerHandle: Handle {
    /// Valid as long as the timer is in its queue.
    private let unownedLoop: Unretained<EventLoop>
    let deadline: Int64
    /// Numbers the loop's timers that have handles.
    fileprivate let number: Int
    /// Whether the timer is in the loop's queue of timers.
    @safe @exclusivity(unchecked) var isScheduled = false

    init(_ action: Action, deadline: Int64, loop: EventLoop, context: Context?, site: SourceSite) {
      self.deadline = deadline
      unownedLoop = Unretained(loop)
      number = loop.state.createdTimers
      loop.state.createdTimers &+= 1
      super.init(action, isDebug: loop.isDebug, context: context, site: site)
    }

    /// When the callback is due. `TimerHandle.when()`.
    public var when: LoopClock.Instant { LoopClock.Instant(nanoseconds: deadline) }

    /// Keeps the callback from running, and releases it. `TimerHandle.cancel()`.
    public override func cancel() {
      if isScheduled, !isCancelled {
        unownedLoop.with { loop in
          loop.checkThread()
          loop.state.timers.didCancel()
        }
      }
      super.cancel()
    }

    override var kindDescription: String { "TimerHandle" }
    override var detailsDescription: String { " when=\(when)" }
  }
}

/// A call that another thread has handed in.
final class PostedHandle: Asyncio.Handle {
  private let number: Int

  init(_ call: consuming PostedCall, number: Int, isDebug: Bool) {
    self.number = number
    super.init(.callback(call.callback), isDebug: isDebug, context: call.context, site: call.site)
  }

  /// Other threads leave their cancellations in the mailbox.
  override func run(on thread: RecordRef<ThreadState>) throws {
    let wasCancelled = thread.record.runningLoop?.with { $0.mailbox.isCancelled(number) }
    if wasCancelled != true { try super.run(on: thread) }
  }
}

extension Asyncio.Handle: CustomStringConvertible {
  /// Where the callback was scheduled, `<Handle at FILE:LINE>`, or `<Handle cancelled>`. Debug mode shows the place
  /// in both cases, as `created at FILE:LINE`.
  public var description: String {
    let state = isCancelled ? " cancelled" : ""
    let place = isDebug ? " created at \(site)" : isCancelled ? "" : " at \(site)"
    return "<\(kindDescription)\(state)\(detailsDescription)\(place)>"
  }
}

extension Asyncio.TimerHandle: Comparable, Hashable {
  /// Whether `a` is due earlier than `b`, or at the same time and was set earlier.
  public static func < (a: Asyncio.TimerHandle, b: Asyncio.TimerHandle) -> Bool {
    (a.deadline, a.number) < (b.deadline, b.number)
  }
  /// Timers are equal if they are the same object.
  public static func == (a: Asyncio.TimerHandle, b: Asyncio.TimerHandle) -> Bool { a === b }
  /// Hashes the deadline.
  public func hash(into hasher: inout Hasher) { hasher.combine(deadline) }
}
