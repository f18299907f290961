import Synchronization

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
  static func currentUnretained(
    _ caller: StaticString = #function,
    _ fileID: StaticString = #fileID,
    _ line: UInt = #line
  ) -> Unretained<Asyncio.EventLoop> {
    ThreadState.current.record.runningLoop ?? Unretained(current(nil, caller, fileID, line))
  }

  /// `loop`, or the running one.
  /// - Parameter caller: what to say that has been called; the other two say where.
  @usableFromInline
  static func current(
    _ loop: Asyncio.EventLoop?,
    _ caller: StaticString = #function,
    _ fileID: StaticString = #fileID,
    _ line: UInt = #line
  ) -> Asyncio.EventLoop {
    guard let loop = loop ?? running() else {
      fatalError("\(caller): \(Asyncio.RuntimeError.noRunningLoop.message), or pass a loop", file: fileID, line: line)
    }
    return loop
  }

  /// How many loops run in the process.
  static let runningCount = Atomic(0)
}

extension Asyncio.RuntimeError {
  static var loopIsClosed: Self {
    Self("Event loop is closed: make a new one, or close it later", code: .loopIsClosed)
  }

  /// Says, too, on which thread this is, if there is a loop that runs on another.
  static var noRunningLoop: Self {
    let here = isMainThread() ? "the main thread, where the main actor's code runs" : "another thread"
    let place =
      switch Asyncio.EventLoop.runningCount.load(ordering: .relaxed) {
      case 0: ""
      case 1: " here: the one that runs has a thread of its own, and this is \(here)"
      default: " here: those that run have threads of their own, and this is \(here)"
      }
    return Self(
      "no running event loop\(place): call this from a task or callback of an Asyncio.EventLoop, as within Asyncio.run",
      code: .noRunningLoop
    )
  }
}
