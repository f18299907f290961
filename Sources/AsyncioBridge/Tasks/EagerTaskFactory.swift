extension Asyncio {
  /// Makes tasks that start eagerly: while the loop runs, the first step of each is taken before `createTask` returns.
  /// `asyncio.eager_task_factory`, from Python 3.12 on.
  ///
  /// ```swift
  /// loop.taskFactory = Asyncio.EagerTaskFactory()
  /// ```
  /// A body that does not suspend, since what it asks for is there already, then costs no turn of the loop: its task is
  /// done as soon as it is made. In return the order of steps is another, and a body that never suspends keeps its
  /// creator waiting. To start single tasks eagerly, use
  /// ``createTask(name:context:eagerStart:isolation:fileID:line:_:)``.
  public struct EagerTaskFactory: TaskFactory {
    /// Creates the factory.
    public init() {}

    /// Makes a task that starts eagerly.
    public func makeTask<Value>(on loop: EventLoop, _ coroutine: Coroutine<Value>) throws -> Task<Value> {
      try coroutine.makeEagerTask(on: loop)
    }
  }
}
