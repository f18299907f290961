import Synchronization

extension Asyncio {
  /// The part of an event loop that other threads may use: `Sendable`, unlike the loop itself.
  ///
  /// ```swift
  /// let loop = Asyncio.EventLoop.running()!.threadsafe
  /// Thread.detachNewThread {
  ///   let future = loop.runCoroutineThreadsafe { try await Asyncio.sleep(.seconds(1)); return 42 }
  ///   print(try! future.result(timeout: .seconds(2)))
  /// }
  /// ```
  ///
  /// An actor that keeps a handle can be pinned to the loop. Calls between the loop's tasks and the actor then stay on
  /// the loop's thread:
  ///
  /// ```swift
  /// actor Store {
  ///   let loop: Asyncio.LoopHandle
  ///   nonisolated var unownedExecutor: UnownedSerialExecutor { loop.unownedExecutor }
  ///   …
  /// }
  /// ```
  ///
  /// While a handle exists, somebody may use it, so a loop in real time never considers itself stuck; see
  /// ``DeadlockError``. Keep a handle only where it is needed.
  public final class LoopHandle: Sendable {
    @usableFromInline let mailbox: Mailbox
    private let executor: LoopSerialExecutor

    init(mailbox: Mailbox, executor: LoopSerialExecutor) {
      self.mailbox = mailbox
      self.executor = executor
      mailbox.addHandle()
    }

    deinit { mailbox.removeHandle() }

    /// The executor of actors pinned to the loop. Such an actor must keep the handle.
    ///
    /// After the loop is closed, calls to its actors still run, on a thread of their own.
    public var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// Whether the loop has been closed.
    public var isClosed: Bool { mailbox.isClosed }

    /// Schedules a callback on the loop and wakes the loop. `loop.call_soon_threadsafe()`.
    ///
    /// Returns at once. Within the callback ``EventLoop/running(isolation:)`` is the loop. The callback runs in a copy
    /// of the calling thread's context.
    /// - Parameters:
    ///   - fileID: leave it out; the file that reports and messages name.
    ///   - line: leave it out; the line in that file.
    ///   - callback: called on the loop's thread. An error it throws goes to the exception handler.
    /// - Returns: a handle to cancel the callback with, from any thread.
    /// - Throws: ``RuntimeError`` if the loop is closed.
    @discardableResult
    @inlinable
    public func callSoonThreadsafe(
      fileID: StaticString = #fileID,
      line: UInt = #line,
      _ callback: consuming sending @escaping () throws -> Void
    ) throws -> ThreadsafeHandle {
      try mailbox.callSoon(SourceSite(fileID, line), consume callback)
    }

    /// Makes the loop's run method return at the end of the turn in which the request arrives.
    /// - Throws: ``RuntimeError`` if the loop is closed.
    public func stop() throws {
      try callSoonThreadsafe { EventLoop.running()?.stop() }
    }
  }

  /// A callback that was scheduled from another thread.
  public struct ThreadsafeHandle: Sendable {
    /// Made by inlined code where the callback is scheduled, so that an unused handle is never made at all.
    @usableFromInline
    final class State: Sendable {
      @usableFromInline let mailbox: Mailbox
      @usableFromInline let number: Int
      @usableFromInline let site: SourceSite
      @usableFromInline let cancelledFlag = Atomic(false)

      @inlinable
      init(_ mailbox: Mailbox, _ number: Int, _ site: SourceSite) {
        self.mailbox = mailbox
        self.number = number
        self.site = site
      }
    }

    @usableFromInline let state: State

    @inlinable
    init(_ state: State) { self.state = state }

    /// Keeps the callback from running, unless it has begun. `Handle.cancel()`.
    public func cancel() {
      state.cancelledFlag.store(true, ordering: .relaxed)
      state.mailbox.cancelCall(state.number)
    }

    /// Whether the callback was cancelled. `Handle.cancelled()`.
    public var isCancelled: Bool { state.cancelledFlag.load(ordering: .relaxed) }
  }
}

extension Asyncio.LoopHandle: Hashable {
  /// Handles are equal if they are handles on the same loop.
  public static func == (a: Asyncio.LoopHandle, b: Asyncio.LoopHandle) -> Bool { a.mailbox === b.mailbox }
  /// Hashes the loop's identity.
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(mailbox)) }
}

extension Asyncio.ThreadsafeHandle: CustomStringConvertible {
  /// Where the callback was scheduled, `<ThreadsafeHandle at FILE:LINE>`, or `<ThreadsafeHandle cancelled>`.
  public var description: String { "<ThreadsafeHandle \(isCancelled ? "cancelled" : "at \(state.site)")>" }
}

extension Mailbox {
  @inlinable
  @inline(__always)
  func callSoon(
    _ site: SourceSite,
    _ callback: consuming sending @escaping () throws -> Void
  ) throws -> Asyncio.ThreadsafeHandle {
    Asyncio.ThreadsafeHandle(.init(self, try postCall(site, consume callback), site))
  }

  /// - Returns: the call's number.
  @usableFromInline
  func postCall(_ site: SourceSite, _ callback: consuming sending @escaping () throws -> Void) throws -> Int {
    guard let number = post(PostedCall(consume callback, context: Asyncio.Context.inherited(), site: site)) else {
      throw Asyncio.RuntimeError.loopIsClosed
    }
    return number
  }
}

extension Asyncio.EventLoop {
  /// Schedules a callback behind everything that is ready, and wakes the loop if need be.
  /// `loop.call_soon_threadsafe()`.
  ///
  /// This is the form for code that has the loop; other threads use ``threadsafe``.
  /// - Throws: ``Asyncio/RuntimeError`` if the loop is closed.
  @discardableResult
  @inlinable
  public func callSoonThreadsafe(
    fileID: StaticString = #fileID,
    line: UInt = #line,
    _ callback: consuming sending @escaping () throws -> Void
  ) throws -> Asyncio.ThreadsafeHandle {
    try mailbox.callSoon(SourceSite(fileID, line), consume callback)
  }
}
