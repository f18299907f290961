/// How many references there are to an object.
func referenceCount(_ object: some AnyObject) -> Int {
  unsafe Int(referenceCount(Unmanaged.passUnretained(object).toOpaque()))
}

/// How many references there are to what lies at an address, which must be an object of Swift's.
@unsafe
@_silgen_name("swift_retainCount")
package func referenceCount(_ object: UnsafeRawPointer) -> UInt

/// What code that stands in for functions of Swift's runtime has to know about the thread that it is called on.
@safe
package struct ExploredThread {
  private let loop: Unretained<Asyncio.EventLoop>

  /// Nil on a thread that runs no loop that explores and keeps strays, and in code that is not that loop's.
  package static var current: ExploredThread? {
    guard let running = ThreadState.current.record.runningLoop,
      running.with({ $0.policy?.adoptsStrays == true && $0.runsOwnCode })
    else { return nil }
    return ExploredThread(loop: running)
  }

  /// A task is being handed to Swift's pool.
  package func taskDidLeave() { loop.with { ($0.policy as? Schedule)?.taskDidLeave() } }

  /// Code is about to go on to the main actor.
  package func willUseMainActor() { loop.with { ($0.policy as? Schedule)?.willUseMainActor?() } }

  /// The executor of the loop's pinned actors.
  package var serialExecutor: UnownedSerialExecutor { unsafe loop.with { unsafe $0.state.runner.serialExecutor } }

  /// The executor of the loop's tasks, with a reference that whoever gets it must give back: a Swift task that owns it.
  package func retainedTaskExecutor() -> UnownedTaskExecutor {
    unsafe loop.with { loop in
      unsafe _ = Unmanaged.passUnretained(loop.taskExecutor).retain()
      return unsafe loop.state.runner.taskExecutor
    }
  }
}

extension Asyncio.EventLoop {
  /// Whether the code that the loop's thread runs is that of the loop's tasks or callbacks. A task from elsewhere may
  /// run there too: whoever serves a plain actor serves all that wait for it.
  var runsOwnCode: Bool {
    unsafe withUnsafeCurrentTask { task in
      guard let task = unsafe task else { return true }
      return unsafe task.unownedTaskExecutor == state.runner.taskExecutor
    }
  }
}
