extension Asyncio {
  /// Who waits for a task or future, and what it waits for, by any number of steps. `asyncio.capture_call_graph()`, from
  /// Python 3.14 on.
  ///
  /// Python shows who waits for the future; this shows the other direction too. A graph is made on request from what
  /// the loop stores anyway: until then it costs nothing.
  /// - Parameter future: what the graph is about; by default the current task. It must belong to the running loop, or its
  ///   loop must not be running.
  /// - Returns: nil if no future is given and there is no current task.
  public static func captureCallGraph(_ future: AnyFuture? = nil) -> CallGraph? {
    guard let future = future ?? EventLoop.running().flatMap({ currentTask($0) }) else { return nil }
    return CallGraphCapture(of: future.loop).capture(about: future)
  }

  /// Who waits for whom on a loop: all its tasks, and what they wait for.
  ///
  /// For a look from another thread see ``LoopHandle/captureCallGraph()``.
  /// - Parameter loop: the loop to look at.
  public static func captureCallGraph(loop: EventLoop) -> CallGraph {
    CallGraphCapture(of: loop).capture()
  }

  /// The text of the graph that ``captureCallGraph(_:)`` returns, empty if that returns nil. `asyncio.format_call_graph()`.
  public static func formatCallGraph(_ future: AnyFuture? = nil) -> String {
    captureCallGraph(future)?.description ?? ""
  }

  /// Prints the graph that ``captureCallGraph(_:)`` returns. `asyncio.print_call_graph()`.
  ///
  /// Python's `file=` is `print(graph, to: &stream)`.
  public static func printCallGraph(_ future: AnyFuture? = nil) {
    print(formatCallGraph(future))
  }

  /// Prints the graph of a whole loop, see ``captureCallGraph(loop:)``.
  public static func printCallGraph(loop: EventLoop) {
    print(captureCallGraph(loop: loop))
  }
}

extension Asyncio.LoopHandle {
  /// Who waits for whom on the loop, captured from any thread: for a look into a program that seems stuck.
  ///
  /// Wakes the loop, which makes the graph as soon as the step that runs, and what is ready, has run. A loop that is stuck
  /// *in* a step can't do that, nor one that does not run: use a timeout. If the loop is closed the result is cancelled.
  ///
  /// ```swift
  /// print(try handle.captureCallGraph().result(timeout: .seconds(1)))
  /// ```
  public func captureCallGraph() -> Asyncio.ConcurrentFuture<Asyncio.CallGraph> {
    let promise = Asyncio.Promise<Asyncio.CallGraph>()
    let call = PostedCall(
      {
        guard let loop = Asyncio.EventLoop.running() else { return }
        promise.resolve(.success(Asyncio.captureCallGraph(loop: loop)))
      },
      site: .library
    )
    mailbox.post(call)
    return promise.future
  }
}
