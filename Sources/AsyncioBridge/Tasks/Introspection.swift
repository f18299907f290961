extension Asyncio {
  /// The task whose step runs, nil in a callback. `asyncio.current_task()`.
  /// - Parameters:
  ///   - loop: the loop to ask; by default the running one, which there must be.
  ///   - isolation: leave it out; it keeps what is returned in the caller's domain.
  public static func currentTask(
    _ loop: EventLoop? = nil,
    isolation: isolated (any Actor)? = #isolation
  ) -> (any TaskProtocol)? {
    let loop = EventLoop.current(loop, "Asyncio.currentTask()")
    return loop.currentCustomTask ?? loop.callingBody()?.task?.asTask
  }

  /// The tasks of a loop that are not done, in the order of their creation. `asyncio.all_tasks()`.
  /// - Parameters:
  ///   - loop: the loop to ask; by default the running one, which there must be.
  ///   - isolation: leave it out; it keeps what is returned in the caller's domain.
  public static func allTasks(
    _ loop: EventLoop? = nil,
    isolation: isolated (any Actor)? = #isolation
  ) -> [any TaskProtocol] {
    let loop = EventLoop.current(loop, "Asyncio.allTasks()")
    return loop.pendingTasks.compactMap(\.asTask) + loop.customTasks.pending
  }

  /// Makes ``allTasks(_:isolation:)`` list a task of your own type, as long as somebody else keeps it.
  /// `asyncio._register_task()`.
  public static func registerTask(_ task: any TaskProtocol) { task.loop.customTasks.insert(task) }

  /// Takes a task of your own type off the list; does nothing if it isn't there. `asyncio._unregister_task()`.
  public static func unregisterTask(_ task: any TaskProtocol) {
    task.loop.customTasks.remove(task)
  }

  /// Makes a task of your own type the current one of its loop. `asyncio._enter_task()`.
  /// - Throws: ``RuntimeError`` if another task is current; that stays so.
  public static func enterTask(_ task: any TaskProtocol) throws {
    if let current = currentTask(task.loop) {
      throw RuntimeError("Cannot enter into task \(task) while another task \(current) is being executed.")
    }
    task.loop.currentCustomTask = task
  }

  /// Makes the current task of a loop no longer so. `asyncio._leave_task()`.
  /// - Throws: ``RuntimeError`` if it is not the current one; that stays so.
  public static func leaveTask(_ task: any TaskProtocol) throws {
    guard task.loop.currentCustomTask === task else {
      let current = currentTask(task.loop).map { "\($0)" } ?? "none"
      throw RuntimeError("Leaving task \(task) does not match the current task \(current).")
    }
    task.loop.currentCustomTask = nil
  }
}
