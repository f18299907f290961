extension Asyncio.EventLoop {
  /// Schedules a callback behind everything that is ready. `loop.call_soon()`.
  /// - Parameters:
  ///   - context: the context to call the callback in; by default a copy of the current one.
  ///   - fileID: leave it out; the file that reports and messages name.
  ///   - line: leave it out; the line in that file.
  ///   - callback: called on the next turn. An error it throws goes to the exception handler.
  /// - Throws: ``Asyncio/RuntimeError`` if the loop is closed.
  @discardableResult
  public func callSoon(
    context: Asyncio.Context? = nil,
    fileID: StaticString = #fileID,
    line: UInt = #line,
    _ callback: @escaping () throws -> Void
  ) throws -> Asyncio.Handle {
    assertOnLoop()
    try checkNotClosed()
    let handle = Asyncio.Handle(
      .callback(callback),
      isDebug: isDebug,
      context: context ?? Asyncio.Context.inherited(on: self),
      site: SourceSite(fileID, line)
    )
    makeReady(.handle(handle))
    return handle
  }

  /// Schedules a callback for `delay` from now. `loop.call_later()`.
  ///
  /// A delay of zero or less still waits for the next turn. Callbacks that are due at the same time are called in the
  /// order in which they were scheduled.
  /// - Parameters:
  ///   - delay: how long from now, by the loop's clock.
  ///   - context: the context to call the callback in; by default a copy of the current one.
  ///   - fileID: leave it out; the file that reports and messages name.
  ///   - line: leave it out; the line in that file.
  ///   - callback: called when due. An error it throws goes to the exception handler.
  /// - Throws: ``Asyncio/RuntimeError`` if the loop is closed.
  @discardableResult
  public func callLater(
    _ delay: Duration,
    context: Asyncio.Context? = nil,
    fileID: StaticString = #fileID,
    line: UInt = #line,
    _ callback: @escaping () throws -> Void
  ) throws -> Asyncio.TimerHandle {
    try callAt(time.advanced(by: delay), context: context, fileID: fileID, line: line, callback)
  }

  /// Schedules a callback for a time of the loop's clock. `loop.call_at()`. See
  /// ``callLater(_:context:fileID:line:_:)``.
  /// - Throws: ``Asyncio/RuntimeError`` if the loop is closed.
  @discardableResult
  public func callAt(
    _ when: Asyncio.LoopClock.Instant,
    context: Asyncio.Context? = nil,
    fileID: StaticString = #fileID,
    line: UInt = #line,
    _ callback: @escaping () throws -> Void
  ) throws -> Asyncio.TimerHandle {
    assertOnLoop()
    try checkNotClosed()
    return addTimer(
      when.nanoseconds,
      .callback(callback),
      context: context ?? Asyncio.Context.inherited(on: self),
      site: SourceSite(fileID, line)
    )
  }

  func addTimer(
    _ deadline: Int64,
    _ action: Asyncio.Handle.Action,
    context: Asyncio.Context? = nil,
    site: SourceSite
  ) -> Asyncio.TimerHandle {
    let handle = Asyncio.TimerHandle(action, deadline: deadline, loop: self, context: context, site: site)
    setTimer(.handle(handle), at: deadline)
    return handle
  }

  /// Sets a timer, unless the loop is closed: a closed loop's timer would never fire, and would forever keep objects
  /// that refer to the loop.
  @inline(__always)
  func setTimer(_ timer: consuming LoopTimer, at deadline: Int64) {
    if !isClosed { state.timers.insert(timer, deadline: deadline) }
  }

  /// Sets a timer for the library itself.
  func addTimer(after delay: Duration, _ action: Asyncio.Handle.Action) -> Asyncio.TimerHandle {
    addTimer(clock.deadline(after: delay), action, site: .library)
  }
}
