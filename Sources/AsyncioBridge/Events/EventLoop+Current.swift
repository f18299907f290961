extension Asyncio.EventLoop {
  /// The loop that runs the calling code; nil outside of any loop. `asyncio.get_running_loop()`.
  /// - Parameter isolation: leave it out. The parameter tells the compiler that the loop belongs to the caller's
  ///   domain, and so must not be sent to another thread.
  @inline(__always)
  public static func running(isolation: isolated (any Actor)? = #isolation) -> Asyncio.EventLoop? {
    ThreadState.current.record.runningLoop?.object
  }

  @usableFromInline
  static func runningOrThrow() throws -> Asyncio.EventLoop {
    guard let running = running() else { throw Asyncio.RuntimeError.noRunningLoop }
    return running
  }

  /// The running loop, which its run method keeps.
  @usableFromInline
  static func currentUnretained(_ caller: StaticString = #function) -> Unretained<Asyncio.EventLoop> {
    ThreadState.current.record.runningLoop ?? Unretained(current(nil, caller))
  }

  /// `loop`, or the running one.
  @usableFromInline
  static func current(_ loop: Asyncio.EventLoop?, _ caller: StaticString = #function) -> Asyncio.EventLoop {
    guard let loop = loop ?? running() else {
      fatalError(
        "\(caller): no running event loop. Call this from a task or callback of a loop, as within Asyncio.run, or pass a loop"
      )
    }
    return loop
  }
}

extension Asyncio.RuntimeError {
  static var loopIsClosed: Self {
    Self("Event loop is closed: make a new one, or close it later", code: .loopIsClosed)
  }
  static var noRunningLoop: Self {
    Self(
      "no running event loop: call this from a task or callback of an Asyncio.EventLoop, as within Asyncio.run",
      code: .noRunningLoop
    )
  }
}
