import Testing

@testable import AsyncioBridge

typealias EventLoop = Asyncio.EventLoop

extension Asyncio.LoopClock.Kind {
  /// Both kinds of loop, for suites in which time matters.
  static let both: [Self] = [.virtual, .monotonic]
}

extension Asyncio.Semantics {
  /// The versions that a loop may follow, for what is the same in all.
  static let all: [Self] = [.python3_8, .python3_13]
}

extension Duration {
  /// How long a test waits at most for what is done elsewhere: under a sanitizer on a busy machine, Swift's pool may
  /// take a minute to come to it.
  static let patience = Duration.seconds(600)
}

/// Makes a loop, runs `body` with it, and closes it.
@discardableResult
func withLoop<Result>(
  _ clock: Asyncio.LoopClock.Kind = .virtual,
  debug: Bool = false,
  semantics: Asyncio.Semantics = .python3_8,
  _ body: (EventLoop) throws -> Result
) throws -> Result {
  let loop = EventLoop(clock: clock, debug: debug, semantics: semantics)
  loop.policy = Shuffle.current
  defer { try? loop.close() }
  return try body(loop)
}

/// Makes a loop, runs `body` as its main task, and closes it.
@discardableResult
func runOnLoop<Result>(
  _ clock: Asyncio.LoopClock.Kind = .virtual,
  semantics: Asyncio.Semantics = .python3_8,
  _ body: @escaping (EventLoop) async throws -> Result
) throws -> Result {
  try withLoop(clock, semantics: semantics) { loop in try loop.runUntilComplete { try await body(loop) } }
}

/// Runs blocking code on a thread of its own, so that it keeps no thread of Swift's pool from the work it waits for.
func onOwnThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
  let isOff = Shuffle.isOff
  return try await withCheckedThrowingContinuation { continuation in
    startThread { continuation.resume(with: Result { try Shuffle.$isOff.withValue(isOff, operation: body) }) }
  }
}

/// Runs `body` on a new thread, and blocks until it has returned.
func joinThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value {
  let result = Asyncio.ConcurrentFuture<Value>()
  let ended = ThreadEvent()
  let isOff = Shuffle.isOff
  startThread {
    result.resolve(Result { try Shuffle.$isOff.withValue(isOff, operation: body) })
    ended.set()
  }
  _ = ended.wait()
  return try #require(result.outcome).get()
}

extension EventLoop {
  /// Runs an empty new task: exactly two turns.
  func runBriefly() throws { try runUntilComplete {} }

  /// Runs what is ready now, and the timers that are due.
  func runOneTurn() throws {
    stop()
    try runForever()
  }

  /// The timers that are set.
  var timers: TimersSet { TimersSet(state.timers) }

  /// Whether the run method is about to return.
  var isStopping: Bool { state.isStopping }

  /// The callbacks that are ready.
  var readyHandles: [Asyncio.Handle] {
    var handles: [Asyncio.Handle] = []
    state.ready.forEach { entry in
      switch entry {
      case .handle(let handle): handles.append(handle)
      default: break
      }
    }
    return handles
  }

  /// The loop's time since its clock's origin.
  var elapsed: Duration { time.offset }

  /// How many timers are set that have neither fired nor been cancelled.
  var pendingTimerCount: Int { timers.entries.count { !$0.isCancelled } }
}

/// Checks the loop's time exactly if it is virtual; in real time there is nothing to be exact about.
func expectTime(_ loop: EventLoop, _ time: Duration, sourceLocation: SourceLocation = #_sourceLocation) {
  if loop.clock.kind == .virtual { #expect(loop.elapsed == time, sourceLocation: sourceLocation) }
}

/// Collects what a loop reports to its exception handler, and what it logs.
final class Reports {
  private(set) var contexts: [Asyncio.ExceptionContext] = []
  private(set) var logged: [String] = []

  /// - Parameter handlesErrors: false leaves errors to the default handler, so that they are logged.
  init(_ loop: EventLoop, handlesErrors: Bool = true) {
    if handlesErrors { loop.exceptionHandler = { [weak self] _, context in self?.contexts.append(context) } }
    loop.logger = { [weak self] in self?.logged.append($0) }
  }

  var messages: [String] { contexts.map(\.message) }
}

/// An error with an identity, to tell "the same error object".
final class ObjectError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String = "ObjectError") { self.description = description }
}

/// An ordinary error.
struct TestError: Error, Equatable {
  var name = "TestError"
}

/// Shared mutable state for the tasks of a test.
final class Box<Value> {
  var value: Value
  init(_ value: Value) { self.value = value }
}

/// Mutable state that the threads of a test share, and the children of its tasks.
final class Shared<Value: Sendable>: Sendable {
  private let state: Locked<Value>
  init(_ value: Value) { state = Locked(value) }

  var value: Value {
    get { state.withLock { $0 } }
    set { state.withLock { $0 = newValue } }
  }

  func update(_ change: (inout Value) -> Void) { state.withLock { change(&$0) } }
}

/// A task that sleeps for so many milliseconds and returns their number.
func sleeper(_ milliseconds: Int) -> Asyncio.Task<Int> {
  Asyncio.createTask {
    try await Asyncio.sleep(.milliseconds(milliseconds))
    return milliseconds
  }
}

/// The error that `body` throws, nil if it throws none: for what is awaited within a task, where `#expect(throws:)`
/// would leave the loop's isolation.
func errorThrown<Result>(by body: () async throws -> Result) async -> (any Error)? {
  do { _ = try await body() } catch { return error }
  return nil
}

/// What several threads write down, in the order in which they did.
final class Journal<Element: Sendable>: Sendable {
  private let storage = Locked<[Element]>([])
  var entries: [Element] { storage.withLock { $0 } }
  func append(_ element: Element) { storage.withLock { $0.append(element) } }
}

/// Checks that a process that trapped said what it is about on its standard error.
func expectExplanation(_ result: ExitTest.Result?, _ text: String, sourceLocation: SourceLocation = #_sourceLocation) {
  let output = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
  #expect(output.contains(text), sourceLocation: sourceLocation)
}

extension Asyncio.LockProtocol {
  /// Takes it from outside the loop; it must be free.
  func acquire(on loop: EventLoop) throws {
    try loop.runUntilComplete { try await self.acquire() }
  }
}

/// What is in a loop's queue of timers: the queue itself can't be copied, and so not be looked at within an
/// expectation.
struct TimersSet {
  struct Entry {
    let deadline: Int64
    let isCancelled: Bool
    var handle: Asyncio.TimerHandle?
    var waiter: WaiterFuture?
  }

  /// In their order.
  let entries: [Entry]
  let cancelledCount: Int
  var isEmpty: Bool { entries.isEmpty }
  /// The handle of the first timer, if the user has one for it.
  var firstHandle: Asyncio.TimerHandle? { entries.first?.handle }

  init(_ queue: borrowing TimerQueue) {
    cancelledCount = queue.cancelledCount
    entries = queue.entries.map { entry in
      var copy = Entry(deadline: entry.deadline, isCancelled: entry.isCancelled)
      entry.with { timer in
        switch timer {
        case .handle(let handle): copy.handle = handle
        case .waiter(let waiter): copy.waiter = waiter.object
        case .sleep: break
        }
      }
      return copy
    }
  }
}

/// A source of numbers that look random, and are the same every time.
struct Random: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }

  mutating func next(_ bound: Int) -> Int { Int(next() >> 33) % bound }
}
