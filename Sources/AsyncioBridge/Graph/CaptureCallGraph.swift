extension Asyncio {
  /// Captures who waits for a task or future, and what it waits for in turn, directly or by way of others.
  /// `asyncio.capture_call_graph()`, from Python 3.14 on.
  ///
  /// Python shows who waits for the future; this graph shows the other direction too. A graph is made on request, from
  /// what the loop stores anyway, and costs nothing until then.
  /// - Parameter future: the subject of the graph; by default the current task. The future must belong to the running
  ///   loop, or its loop must not be running.
  /// - Returns: the graph; nil if no future is given and there is no current task.
  public static func captureCallGraph(_ future: AnyFuture? = nil) -> CallGraph? {
    guard let future = future ?? EventLoop.running().flatMap({ currentTask($0) }) else { return nil }
    return CallGraphCapture(of: future.loop).capture(about: future)
  }

  /// Captures who waits for whom on a loop: all its tasks, and what they wait for.
  ///
  /// To look from another thread, see ``LoopHandle/captureCallGraph()``.
  /// - Parameter loop: the loop to look at.
  public static func captureCallGraph(loop: EventLoop) -> CallGraph {
    CallGraphCapture(of: loop).capture()
  }

  /// The text of the graph that ``captureCallGraph(_:)`` returns; empty if there is no graph.
  /// `asyncio.format_call_graph()`.
  public static func formatCallGraph(_ future: AnyFuture? = nil) -> String {
    captureCallGraph(future)?.description ?? ""
  }

  /// Prints the graph that ``captureCallGraph(_:)`` returns. `asyncio.print_call_graph()`.
  ///
  /// For Python's `file=` write `print(graph, to: &stream)`.
  public static func printCallGraph(_ future: AnyFuture? = nil) {
    print(formatCallGraph(future))
  }

  /// Prints the graph of a whole loop; see ``captureCallGraph(loop:)``.
  public static func printCallGraph(loop: EventLoop) {
    print(captureCallGraph(loop: loop))
  }
}

extension Asyncio.LoopHandle {
  /// Captures who waits for whom on the loop, from any thread, to look into a program that seems stuck.
  ///
  /// Wakes the loop, which makes the graph after the current step and everything that is ready. A loop that does not
  /// run, or is stuck *in* a step, can't do that: use a timeout. If the loop is closed, the result is cancelled.
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
