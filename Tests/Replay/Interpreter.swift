import AsyncioBridge

/// Runs a scenario on a loop in virtual time, and notes in a trace all that it could observe.
///
/// It decides nothing: every op is one call of the library, and the order of events is the order in which the library
/// runs them.
final class Interpreter {
  typealias Value = Scenario.Value
  typealias Future = Asyncio.Future<Value>

  let scenario: Scenario
  let loop: Asyncio.EventLoop
  /// The trace is complete: what still runs is only being unwound.
  private(set) var isOver = false
  private var trace: Trace

  var slots: [String: Future] = [:]
  var handles: [String: Asyncio.Handle] = [:]
  var variables: [String: Int] = [:]
  private(set) var callbacks: [String: Asyncio.DoneCallback] = [:]

  // Every name that an op gives is in its dictionary, which decoding has checked.
  private(set) var queues: [String: Asyncio.Queue<Int>] = [:]
  private(set) var events: [String: Asyncio.Event] = [:]
  private(set) var conditions: [String: Asyncio.Condition] = [:]
  /// All that can be acquired, conditions included.
  private(set) var locks: [String: any Asyncio.LockProtocol] = [:]
  private var plainLocks: [String: Asyncio.Lock] = [:]
  private(set) var barriers: [String: Asyncio.Barrier] = [:]

  // The scopes that have been entered, by the names that their ops give them.
  var timeouts: [String: Asyncio.Timeout] = [:]
  var groups: [String: Asyncio.TaskGroup] = [:]

  /// What has been iterated over, also if it was left early: in Python the callbacks of the futures keep it, and show.
  var completions: [AnyObject] = []

  /// The tasks that have got a name, so that they stay alive even if no slot refers to them any more.
  private var namedTasks: [ObjectIdentifier: Future] = [:]
  /// How many tasks have been bound to a slot.
  private var bindings: [String: Int] = [:]

  private init(_ scenario: Scenario, _ settings: LoopSettings) throws {
    self.scenario = scenario
    loop = settings.makeLoop()
    trace = Trace(id: scenario.id)
    loop.turnLimit = 5000
    loop.exceptionHandler = { [weak self] _, context in
      guard let self, context.message.hasPrefix("Exception in callback"), let error = context.error else { return }
      log("unhandled \(errorName(error))")
    }
    for index in 0..<scenario.futureCount { slots["f\(index)"] = loop.createFuture() }
    for object in scenario.objects { try create(object) }
    for callback in scenario.callbacks {
      callbacks[callback.id] = Asyncio.DoneCallback { [unowned self] future in
        guard let future = future as? Future else { return }
        log("cb \(callback.id) \(future.stateText)")
        try run(callback.ops)
      }
    }
  }

  private func create(_ object: Scenario.ObjectDefinition) throws {
    let name = object.name
    switch object.kind {
    case .queue(let maxsize): queues[name] = Asyncio.Queue(maxsize: maxsize, loop: loop)
    case .lifoQueue(let maxsize): queues[name] = Asyncio.LifoQueue(maxsize: maxsize, loop: loop)
    case .priorityQueue(let maxsize): queues[name] = Asyncio.PriorityQueue(maxsize: maxsize, loop: loop)
    case .event: events[name] = Asyncio.Event(loop: loop)
    case .barrier(let parties): barriers[name] = Asyncio.Barrier(parties, loop: loop)
    case .semaphore(let value): locks[name] = Asyncio.Semaphore(value, loop: loop)
    case .boundedSemaphore(let value): locks[name] = Asyncio.BoundedSemaphore(value, loop: loop)
    case .lock:
      let lock = Asyncio.Lock(loop: loop)
      plainLocks[name] = lock
      locks[name] = lock
    case .condition(let lock):
      let shared = lock.flatMap { plainLocks[$0] }
      let condition = try shared.map { try Asyncio.Condition(lock: $0) } ?? Asyncio.Condition(loop: loop)
      conditions[name] = condition
      locks[name] = condition
    }
  }

  // MARK: Running

  static func trace(of scenario: Scenario, _ settings: LoopSettings) throws -> Trace {
    let interpreter = try Interpreter(scenario, settings)
    try interpreter.run()
    return interpreter.trace
  }

  private func run() throws {
    let main = try loop.createTask { try await self.runBody(0) }
    bind(main, to: "main")
    do {
      try runMain(main)
      if scenario.drains {
        try loop.runUntilIdle()
        log("idle")
      }
    } catch is Asyncio.DeadlockError {
      log("deadlock")
    } catch is Asyncio.TurnLimitError {
      log("limit")
    }
    for slot in ["main"] + (0..<scenario.futureCount).map({ "f\($0)" }) + scenario.slots {
      log("final \(slot) \(slots[slot]?.stateText ?? "unbound")")
    }
    isOver = true
    try loop.close()
  }

  /// Runs the loop until main is done. What main itself throws is an event, all else is thrown.
  private func runMain(_ main: Asyncio.Task<Value>) throws {
    do {
      let value = try loop.runUntilComplete(main)
      log("main = \(value)")
    } catch {
      if !main.isDone { throw error }
      log("main ! \(errorName(error))")
    }
  }

  // MARK: Tasks and their names

  var currentTask: Asyncio.Task<Value>? { Asyncio.currentTask(loop) as? Asyncio.Task<Value> }

  /// Binds a task to a slot, and names it after it.
  func bind(_ task: Asyncio.Task<Value>, to slot: String) {
    let count = bindings[slot, default: 0] + 1
    bindings[slot] = count
    task.name = count == 1 ? slot : "\(slot).\(count)"
    namedTasks[ObjectIdentifier(task)] = task
    slots[slot] = task
  }

  /// Binds the current task to a slot unless it has a name already.
  func bindCurrentTask(to slot: String) {
    guard let task = currentTask, namedTasks[ObjectIdentifier(task)] == nil else { return }
    bind(task, to: slot)
  }

  // MARK: Events

  /// Adds an event to the trace.
  func log(_ text: String) {
    if isOver { return }
    let (seconds, attoseconds) = loop.time.offset.components
    let milliseconds = Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
    let task = Asyncio.currentTask(loop)?.name ?? "-"
    trace.events.append(Trace.Event(milliseconds: milliseconds, task: task, text: text))
  }

  /// Does something that does not suspend, and logs its value or its error, which goes no further.
  func logOutcome(_ description: String, of operation: () throws -> Value) {
    do { log("\(description) = \(try operation())") } catch { log("\(description) ! \(errorName(error))") }
  }

  /// Waits for something, and logs its value or its error, which is passed on.
  func logOutcome(_ description: String, of operation: () async throws -> Value) async throws {
    do {
      let value = try await operation()
      log("\(description) = \(value)")
    } catch {
      log("\(description) ! \(errorName(error))")
      throw error
    }
  }

  /// The same for what has no value.
  func logOutcome(_ description: String, of operation: () throws -> Void) {
    logOutcome(description) { () -> Value in
      try operation()
      return .null
    }
  }

  /// The same for what has no value.
  func logOutcome(_ description: String, of operation: () async throws -> Void) async throws {
    try await logOutcome(description) { () -> Value in
      try await operation()
      return .null
    }
  }

  /// The same for what has no value, and returns true in Python.
  func logSuccess(_ description: String, of operation: () async throws -> Void) async throws {
    try await logOutcome(description) { () -> Value in
      try await operation()
      return .bool(true)
    }
  }
}
