import Synchronization

extension Asyncio {
  /// The clock of an event loop: monotonic, or virtual.
  ///
  /// A Swift `Clock`: code written against `any Clock<Duration>` follows the loop's time, and runs in virtual time on a
  /// virtual loop.
  ///
  /// ```swift
  /// try Asyncio.run(clock: .virtual) {
  ///   let clock = Asyncio.EventLoop.running()!.clock
  ///   let start = clock.now
  ///   try await Asyncio.sleep(.seconds(3600))          // takes no time
  ///   assert(clock.now - start == .seconds(3600))
  /// }
  /// ```
  public struct LoopClock: Clock, Sendable {
    /// A point in the time of a loop's clock. Instants of different loops do not compare.
    public struct Instant: InstantProtocol, Sendable, CustomStringConvertible {
      let nanoseconds: Int64

      /// The instant `offset` after the clock's origin. Fractions of a nanosecond are rounded up.
      public init(offset: Duration) { nanoseconds = offset.nanosecondsRoundedUp }
      init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

      /// How long after the clock's origin this instant lies.
      public var offset: Duration { .nanoseconds(nanoseconds) }
      /// The instant `duration` later.
      public func advanced(by duration: Duration) -> Instant {
        Instant(nanoseconds: nanoseconds.addingClamped(duration.nanosecondsRoundedUp))
      }
      /// How long after this instant `other` lies.
      public func duration(to other: Instant) -> Duration { other.offset - offset }
      /// Whether `a` is earlier than `b`.
      public static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }
      /// The offset from the clock's origin.
      public var description: String { "\(offset)" }
    }

    /// The kind of time that a new loop's clock tells.
    public enum Kind: Sendable {
      /// The system's monotonic time.
      case monotonic
      /// A time that starts at zero, stands still while anything is ready, and otherwise jumps to the next timer.
      case virtual
    }

    /// The virtual time, boxed since any thread may ask for it.
    final class VirtualTime: Sendable {
      let nanoseconds = Atomic<Int64>(0)
      /// The time of Swift's clocks at the beginning, so that instants from outside of the loop mean something in it.
      let origin = monotonicNanoseconds()
    }

    /// Nil for a monotonic clock.
    let virtualTime: VirtualTime?
    let mailbox: Mailbox

    init(_ kind: Kind, mailbox: Mailbox) {
      virtualTime = kind == .virtual ? VirtualTime() : nil
      self.mailbox = mailbox
    }

    /// The kind of time that the clock tells.
    public var kind: Kind { virtualTime == nil ? .monotonic : .virtual }

    /// The loop's current time. `loop.time()`.
    public var now: Instant { Instant(nanoseconds: nowNanoseconds) }

    @inline(__always)
    var nowNanoseconds: Int64 {
      if let virtualTime { virtualTime.nanoseconds.load(ordering: .relaxed) } else { monotonicNanoseconds() }
    }

    /// The deadline of a timer set now.
    @inline(__always)
    func deadline(after delay: Duration) -> Int64 { nowNanoseconds.addingClamped(delay.nanosecondsRoundedUp) }

    /// The clock's resolution: a nanosecond.
    public var minimumResolution: Duration { .nanoseconds(1) }

    /// Suspends until `deadline`.
    ///
    /// On the clock's own loop this is ``Asyncio/sleep(_:)``, with its order of steps and its cancellation. Elsewhere,
    /// the loop sets a timer and the caller waits for it; cancelling the calling task ends the wait.
    /// - Throws: `CancellationError` when cancelled, ``Asyncio/RuntimeError`` when the loop is closed.
    public func sleep(until deadline: Instant, tolerance: Duration? = nil) async throws {
      if let loop = EventLoop.running(), loop.mailbox === mailbox {
        let waiter = loop.startTimer(until: deadline.nanoseconds)
        defer { waiter.cancelTimer() }
        return try await waiter.value
      }
      do {
        try await startTimer(until: deadline).value
      } catch is CancelledError where !_Concurrency.Task.isCancelled {
        // The promise has gone with the loop.
        throw RuntimeError.loopIsClosed
      }
    }

    /// Makes the loop set a timer that another thread can wait for.
    private func startTimer(until deadline: Instant) throws -> ConcurrentFuture<Void> {
      let timer = ConcurrentFuture<Void>()
      let promise = ExportObserver(timer)
      let call = PostedCall(
        {
          guard let loop = EventLoop.running() else { return }
          let waiter = loop.createWaiter()
          waiter.setTimer(at: deadline.nanoseconds)
          waiter.addDoneCallback { [unowned waiter] _ in waiter.cancelTimer() }
          promise.fulfil(from: waiter)
        },
        site: .library
      )
      guard mailbox.post(call) != nil else { throw RuntimeError.loopIsClosed }
      return timer
    }
  }
}

extension Duration {
  /// The duration in nanoseconds, with fractions rounded up, clamped to 64 bits.
  @inline(__always)
  package var nanosecondsRoundedUp: Int64 {
    // Most durations are short, and the general computation is slow.
    if let attoseconds = UInt64(exactly: attoseconds) {
      return Int64(attoseconds / 1_000_000_000) + (attoseconds % 1_000_000_000 > 0 ? 1 : 0)
    }
    let (seconds, attoseconds) = components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    if overflow { return seconds < 0 ? .min : .max }
    let part = attoseconds > 0 ? (attoseconds + 999_999_999) / 1_000_000_000 : attoseconds / 1_000_000_000
    return whole.addingClamped(part)
  }
}

extension Int64 {
  /// The sum, clamped to 64 bits.
  @inline(__always)
  func addingClamped(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other < 0 ? .min : .max) : sum
  }
}
