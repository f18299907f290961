extension Asyncio {
  /// The error of a cancelled task or future: Swift's own `CancellationError`, so that every
  /// `catch is CancellationError` in other libraries recognises it. `asyncio.CancelledError`.
  ///
  /// In Python this error is not an `Exception`, so `except Exception` lets it pass. A bare Swift `catch`
  /// does swallow it: rethrow it, or match it first.
  public typealias CancelledError = CancellationError

  /// The error that the library throws. Made once, since making an error allocates memory.
  @usableFromInline static let cancellation: any Error = CancelledError()

  /// A deadline passed before the awaited work was done. `asyncio.TimeoutError`.
  public struct TimeoutError: Error, CustomStringConvertible {
    /// What took too long, as the library's functions are called: `waitFor`, `timeout`, `asCompleted`, `result`.
    public let operation: String?
    /// The name of the task that was given up, or of the one in whose body the time was up.
    public let taskName: String?
    /// How long there was. For a deadline: from the beginning of the scope on.
    public let timeout: Duration?
    /// The error that the interrupted work ended with, where asyncio chains one.
    public let underlying: (any Error)?

    /// Creates the error.
    /// - Parameters:
    ///   - operation: what took too long.
    ///   - taskName: the name of the task that it happened to.
    ///   - timeout: how long there was.
    ///   - underlying: the error that led to this one, if any.
    public init(
      _ operation: String? = nil,
      taskName: String? = nil,
      timeout: Duration? = nil,
      underlying: (any Error)? = nil
    ) {
      self.operation = operation
      self.taskName = taskName
      self.timeout = timeout
      self.underlying = underlying
    }

    /// What is known: `TimeoutError: waitFor of task 'fetch' took more than 5.0 seconds`.
    public var description: String {
      guard let operation else { return "TimeoutError" }
      let task = taskName.map { " of task '\($0)'" } ?? ""
      let limit = timeout.map { " more than \($0)" } ?? " too long"
      return "TimeoutError: \(operation)\(task) took\(limit)"
    }
  }

  /// The operation does not fit the state of a future: reading a result that is not there yet, or
  /// setting one twice. `asyncio.InvalidStateError`.
  public struct InvalidStateError: Error, Equatable, CustomStringConvertible {
    /// What was attempted, and on what.
    public let message: String

    /// Creates the error.
    public init(_ message: String) { self.message = message }

    /// The message.
    public var description: String { "InvalidStateError: \(message)" }
  }

  /// A loop, task, lock or condition was used in a way that its state does not allow. Thrown where asyncio raises
  /// `RuntimeError`.
  ///
  /// ```swift
  /// } catch let error as Asyncio.RuntimeError where error.code == .loopIsClosed {
  /// ```
  public struct RuntimeError: Error, Equatable, CustomStringConvertible {
    /// Why a ``RuntimeError`` is thrown. Add your own as static constants.
    public struct Code: RawRepresentable, Hashable, Sendable {
      /// Its name.
      public let rawValue: String
      /// Creates a code of that name.
      public init(rawValue: String) { self.rawValue = rawValue }

      /// No loop runs the calling code.
      public static let noRunningLoop = Code(rawValue: "noRunningLoop")
      /// The caller is in no task of the loop.
      public static let noCurrentTask = Code(rawValue: "noCurrentTask")
      /// A loop runs, and none may.
      public static let loopIsRunning = Code(rawValue: "loopIsRunning")
      /// The loop is closed.
      public static let loopIsClosed = Code(rawValue: "loopIsClosed")
      /// The loop was stopped before what it ran for was done.
      public static let loopWasStopped = Code(rawValue: "loopWasStopped")
      /// Something belongs to another loop.
      public static let wrongLoop = Code(rawValue: "wrongLoop")
      /// A lock is not held that has to be.
      public static let notAcquired = Code(rawValue: "notAcquired")
      /// A task group or timeout takes no changes any more.
      public static let scopeHasEnded = Code(rawValue: "scopeHasEnded")
      /// A runner is closed, or an executor shut down.
      public static let isShutDown = Code(rawValue: "isShutDown")
      /// Whatever else.
      public static let other = Code(rawValue: "other")
    }

    /// What happened and what to do instead.
    public let message: String
    /// Why, to be compared.
    public let code: Code

    /// Creates the error.
    /// - Parameters:
    ///   - message: what happened.
    ///   - code: why.
    public init(_ message: String, code: Code = .other) {
      self.message = message
      self.code = code
    }

    /// The message.
    public var description: String { "RuntimeError: \(message)" }
  }

  /// An argument has a value that the operation can't work with. Thrown where asyncio raises `ValueError`.
  public struct ValueError: Error, Equatable, CustomStringConvertible {
    /// Why a ``ValueError`` is thrown. Add your own as static constants.
    public struct Code: RawRepresentable, Hashable, Sendable {
      /// Its name.
      public let rawValue: String
      /// Creates a code of that name.
      public init(rawValue: String) { self.rawValue = rawValue }

      /// A future or a lock belongs to another loop.
      public static let wrongLoop = Code(rawValue: "wrongLoop")
      /// There is no future to wait for.
      public static let noFutures = Code(rawValue: "noFutures")
      /// Something was given back, or reported done, more often than it was taken.
      public static let tooManyReleases = Code(rawValue: "tooManyReleases")
      /// Whatever else.
      public static let other = Code(rawValue: "other")
    }

    /// What is wrong with which argument.
    public let message: String
    /// Why, to be compared.
    public let code: Code

    /// Creates the error.
    /// - Parameters:
    ///   - message: what is wrong with which argument.
    ///   - code: why.
    public init(_ message: String, code: Code = .other) {
      self.message = message
      self.code = code
    }

    /// The message.
    public var description: String { "ValueError: \(message)" }
  }

  /// ``Queue/getNowait()`` found no item. `asyncio.QueueEmpty`.
  public struct QueueEmpty: Error, Equatable, CustomStringConvertible {
    /// Creates the error.
    public init() {}

    /// `QueueEmpty`.
    public var description: String { "QueueEmpty" }
  }

  /// ``Queue/putNowait(_:)`` found no free place. `asyncio.QueueFull`.
  public struct QueueFull: Error, Equatable, CustomStringConvertible {
    /// Creates the error.
    public init() {}

    /// `QueueFull`.
    public var description: String { "QueueFull" }
  }

  /// The queue was shut down: it takes no more items, and has none left. `asyncio.QueueShutDown`.
  public struct QueueShutDown: Error, Equatable, CustomStringConvertible {
    /// Creates the error.
    public init() {}

    /// `QueueShutDown`.
    public var description: String { "QueueShutDown" }
  }

  /// A ``Barrier`` was aborted, or was reset while the task waited at the barrier. `asyncio.BrokenBarrierError`.
  public struct BrokenBarrierError: Error, Equatable, CustomStringConvertible {
    /// What happened to the barrier.
    public let message: String

    /// Creates the error.
    public init(_ message: String) { self.message = message }

    /// The message.
    public var description: String { "BrokenBarrierError: \(message)" }
  }

  /// An error that also leaves the running loop: when a task's body or a callback throws one, the loop's run method
  /// throws it at once. A task stores the error as well, like any other.
  ///
  /// Corresponds to the errors that Python derives from `BaseException` to end a program: ``KeyboardInterrupt`` and
  /// ``SystemExit``. Conform an error of your own to get the same effect.
  public protocol BaseError: Error {}

  /// Ends the program that runs on a loop: thrown anywhere in the program, the error leaves the loop's run method.
  /// `SystemExit`.
  public struct SystemExit: BaseError, Equatable, CustomStringConvertible {
    /// The exit status to end the process with.
    public let code: Int32

    /// Creates the error.
    /// - Parameter code: the exit status to end the process with.
    public init(_ code: Int32 = 0) { self.code = code }

    /// `SystemExit: ` and the code.
    public var description: String { "SystemExit: \(code)" }
  }

  /// The process was interrupted, for example by Control-C, during a run that handles interrupts. `KeyboardInterrupt`.
  ///
  /// See ``Runner``. A program with nothing else to do about an interrupt exits with status 130.
  public struct KeyboardInterrupt: BaseError, Equatable, CustomStringConvertible {
    /// Creates the error.
    public init() {}

    /// `KeyboardInterrupt`.
    public var description: String { "KeyboardInterrupt" }
  }

  /// A loop can make no progress: nothing is ready, no timer is set, nothing outside the loop will wake it, and the run
  /// has not ended.
  ///
  /// asyncio would block forever here. The run methods throw this error and leave the tasks as they are;
  /// ``run(debug:clock:semantics:fileID:line:_:)`` then cancels the tasks.
  ///
  /// On a virtual clock the error is always thrown, except while the loop expects something back that the loop itself
  /// has sent away: work in an executor, a foreign operation or await, a Swift child task.
  ///
  /// In real time the error is never thrown by mistake, so the loop must know that nobody is left to wake it. Three
  /// more conditions apply:
  ///
  /// - The loop runs until a task or future is done. A loop that runs forever may well be idle.
  /// - No ``LoopHandle`` exists, whoever holds it, tasks of the loop included. (The asynchronous
  ///   ``run(debug:clock:semantics:fileID:line:_:)`` holds one, for its caller's cancellation.)
  /// - No result of ``LoopHandle/runCoroutineThreadsafe(fileID:line:_:)`` is outstanding.
  ///
  /// Otherwise the loop waits, as asyncio's does. (The loop can't know of a Swift child task that began by
  /// `addImmediateTask` and went straight into a foreign await.)
  public struct DeadlockError: Error, CustomStringConvertible {
    /// Who waits for whom, with the cycle, if there is one.
    public let callGraph: CallGraph
    /// How many of the graph's nodes are pending tasks of the loop. These nodes come first.
    private let taskCount: Int

    init(callGraph: CallGraph, taskCount: Int) {
      self.callGraph = callGraph
      self.taskCount = taskCount
    }

    /// The tasks that were waiting, each with its name, its place of creation, and what the task waits for.
    public var waitingTasks: [String] {
      callGraph.nodes.prefix(taskCount).map { task in
        let awaited = callGraph.awaited(by: task).map(\.description)
        return awaited.isEmpty ? "\(task)" : "\(task), for: \(awaited.joined(separator: "; "))"
      }
    }

    /// The call graph.
    public var description: String {
      let graph = callGraph.nodes.isEmpty ? "no task is pending" : callGraph.description
      let lines = graph.split(separator: "\n").map { "\n  \($0)" }.joined()
      return "DeadlockError: nothing is ready, no timer is set, and the run has not ended:\(lines)"
    }
  }

  /// The loop made more turns than ``EventLoop/turnLimit`` allows.
  public struct TurnLimitError: Error, Equatable, CustomStringConvertible {
    /// The limit that was exceeded.
    public let limit: Int

    /// The limit and what it means.
    public var description: String { "TurnLimitError: the loop made more than \(limit) turns" }
  }
}
