extension Asyncio {
  /// Which Python a loop follows where versions of asyncio differ. What belongs to a loop does as the loop's version
  /// does.
  ///
  /// ```swift
  /// try Asyncio.run(semantics: .python3_13) { try await serve() }
  /// ```
  /// Choose ``python3_13`` if you come from Python 3.11 or later. What only later versions have, as
  /// ``Asyncio/timeout(_:_:)-(_,(Asyncio.Timeout)->Value)`` and ``TaskGroup``, is the same in both.
  public struct Semantics: Hashable, Sendable, CustomStringConvertible {
    private let minorVersion: Int

    // The rules: what the later version does otherwise. Each is asked where the thing is done, and nowhere else.

    /// `waitFor` awaits in the calling task, under a `timeout`: so who is waited for decides how the wait ends.
    /// Otherwise a body has a task of its own, and the caller waits for a future of the library's.
    var waitForStaysInTask = false
    /// `asCompleted` begins with the call, and not with the first element.
    var asCompletedBeginsWithCall = false
    /// `gather` looks at once at what is done already, and not a turn later.
    var gatherSeesDoneChildren = false
    /// A semaphore's unit that is released belongs to the first that waits. Otherwise it is anybody's.
    var semaphoreReservesUnits = false
    /// A task whose wait for a condition fails wakes another in its place, since it may have been notified.
    var conditionPassesNotificationOn = false
    /// A task is described as `cancelling` until it is done or takes the requests back, and not only until it is told.
    var descriptionCountsCancelRequests = false
    /// The exception handler runs in the context of the task or callback that it is told of.
    var handlerRunsInSubjectsContext = false
    /// A run on the main thread handles interrupts, unless it is told not to.
    var runHandlesInterrupt = false
    /// How long a run waits for the default executor in the end; nil: not at all.
    var executorShutdownTimeout: Duration?

    private init(minorVersion: Int) { self.minorVersion = minorVersion }

    /// As CPython 3.8 does. A loop's default.
    public static let python3_8 = Semantics(minorVersion: 8)

    /// As CPython 3.13 does.
    public static let python3_13 = {
      var semantics = Semantics(minorVersion: 13)
      semantics.waitForStaysInTask = true
      semantics.asCompletedBeginsWithCall = true
      semantics.gatherSeesDoneChildren = true
      semantics.semaphoreReservesUnits = true
      semantics.conditionPassesNotificationOn = true
      semantics.descriptionCountsCancelRequests = true
      semantics.handlerRunsInSubjectsContext = true
      semantics.runHandlesInterrupt = true
      semantics.executorShutdownTimeout = .seconds(300)
      return semantics
    }()

    /// The version's number, as in `3.8`.
    public var description: String { "3.\(minorVersion)" }
  }
}
