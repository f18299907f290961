/// A small program of tasks, futures, timers, combinators and synchronization objects. See `Interpreter`.
struct Scenario {
  let id: String
  /// How many plain futures there are; they are in the slots `f0`, `f1`, ….
  let futureCount: Int
  let objects: [ObjectDefinition]
  let callbacks: [CallbackDefinition]
  /// All other slots, in the order in which the trace tells of them at the end.
  let slots: [String]
  /// Whether the loop goes on until it is idle when main is done.
  let drains: Bool
  /// What tasks run; the first is main's.
  let bodies: [[Op]]

  struct CallbackDefinition {
    let id: String
    let ops: [SyncOp]
  }

  struct ObjectDefinition {
    let name: String
    let kind: Kind

    enum Kind {
      case queue(maxsize: Int)
      case lifoQueue(maxsize: Int)
      case priorityQueue(maxsize: Int)
      case lock
      case event
      /// With the name of the lock that it shares, if it does.
      case condition(lock: String?)
      case semaphore(value: Int)
      case boundedSemaphore(value: Int)
      case barrier(parties: Int)
    }
  }

  /// What an op passes on to be waited for.
  enum Argument {
    case slot(String)
    /// A body that is yet to be started; its task, if it gets one, is bound to the slot.
    case body(Int, slot: String)

    var name: String {
      switch self {
      case .slot(let name), .body(_, let name): name
      }
    }
  }

  enum ErrorName: String, CaseIterable {
    case e1 = "E1"
    case e2 = "E2"
    case e3 = "E3"
    case cancelled = "CancelledError"
    case timeout = "TimeoutError"
  }

  /// What does not suspend: all that a callback can do.
  enum SyncOp {
    case log(String)
    case raise(ErrorName)

    case spawn(slot: String, body: Int, isEager: Bool)
    case groupSpawn(group: String, slot: String, body: Int)
    case ensure(slot: String, Argument)
    case gather(slot: String, [Argument], returnsErrors: Bool)
    case shield(slot: String, Argument)
    case cancel(String, message: String?)
    case uncancel(String)
    case cancelling(String)
    case setResult(String, Value)
    case setException(String, ErrorName)
    case result(String)
    case exception(String)
    case query(String)
    case callbackCount(String)
    case addCallback(String, callback: String)
    case removeCallback(String, callback: String)

    case callSoon([SyncOp], handle: String?)
    case callLater(milliseconds: Int, [SyncOp], handle: String?)
    case callAt(milliseconds: Int, [SyncOp], handle: String?)
    case cancelHandle(String)
    case current
    case allTasks
    case reschedule(timeout: String, at: Int?)
    case timeoutInfo(timeout: String)

    case putNowait(queue: String, Int)
    case getNowait(queue: String)
    case taskDone(queue: String)
    case queueInfo(queue: String)
    case shutdown(queue: String, immediate: Bool)
    case barrierInfo(barrier: String)
    case release(lock: String)
    case isLocked(lock: String)
    case eventSet(event: String)
    case eventClear(event: String)
    case eventIsSet(event: String)
    case notify(condition: String, Int)
    case notifyAll(condition: String)
    case add(variable: String, Int)
  }

  /// What a body can do.
  indirect enum Op {
    case sync(SyncOp)

    case `return`(Value)
    case reraise
    case `repeat`(Int, [Op])
    case `try`([Op], clauses: [ExceptClause], finally: [Op])
    case call(body: Int)
    /// What the task has been told about its cancellation, in an `except` clause.
    case told
    case timeout(name: String, Deadline, [Op])
    case taskGroup(name: String, [Op])

    case sleep(milliseconds: Int, Value)
    case await(slot: String)
    case awaitSelf
    case cancelSelf(message: String?)
    case wait([String], timeout: Int?, ReturnWhen)
    case waitFor(Argument, timeout: Int?)
    case asCompleted([String], timeout: Int?, OnError)
    /// The form that starts at once, with ops between its call and the iteration.
    case completed([String], timeout: Int?, first: [Op])

    case put(queue: String, Int)
    case get(queue: String)
    case join(queue: String)
    case acquire(lock: String)
    case with(lock: String, [Op])
    case eventWait(event: String)
    case barrierWait(barrier: String)
    case barrierReset(barrier: String)
    case barrierAbort(barrier: String)
    case conditionWait(condition: String)
    case conditionWaitFor(condition: String, variable: String, atLeast: Int)
  }

  struct ExceptClause {
    let kind: Kind
    let ops: [Op]

    enum Kind: String, CaseIterable {
      case cancelled, timeout, group, error, any
      case e1 = "E1"
      case e2 = "E2"
      case e3 = "E3"
    }
  }

  enum ReturnWhen: String, CaseIterable {
    case firstCompleted = "FIRST_COMPLETED"
    case firstException = "FIRST_EXCEPTION"
    case allCompleted = "ALL_COMPLETED"
  }

  /// In milliseconds; nil: none.
  enum Deadline {
    case after(Int?)
    case at(Int?)
  }

  enum OnError: String, CaseIterable {
    case stop, `continue`
  }
}
