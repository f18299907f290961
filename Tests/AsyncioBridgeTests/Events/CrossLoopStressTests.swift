import Synchronization
import Testing

@testable import AsyncioBridge

// Several loops, each on a thread of its own, and several threads besides, submit work to each other, cancel it and
// complete it. However the threads interleave, every operation ends exactly once, in a way that it may end in, and
// nothing is left.

@Suite struct CrossLoopStressTests {
  @Test("operations that loops and threads start on each other end exactly once each", arguments: [UInt64(1), 2])
  func everyOperationEndsOnce(seed: UInt64) async throws {
    let (loopCount, threadCount, perSource) = (3, 3, 1200)
    let ledger = Ledger(operations: (loopCount + threadCount) * perSource)
    let debugCounters = Journal<DebugCounters>()
    try await withThrowingTaskGroup(of: Void.self) { group in
      let loops = await startLoops(loopCount, in: &group, debugCounters)
      let handles = loops.map(\.handle)
      let sources = (0..<threadCount).map { number in
        let operations = Array(number * perSource..<(number + 1) * perSource)
        return spawn { try submit(operations, to: handles, ledger, Random(seed: seed &+ UInt64(number))) }
      }
      let tasks = (0..<loopCount).map { number in
        let first = (threadCount + number) * perSource
        let random = Random(seed: seed &+ 100 &+ UInt64(number))
        return handles[number].runCoroutineThreadsafe {
          try await submitFromTheLoop(Array(first..<first + perSource), to: handles, ledger, random)
        }
      }
      for source in sources { try await source.value }
      for task in tasks { try await task.value }
      for loop in loops { loop.stop.resolve(.success(())) }
      try await group.waitForAll()
    }
    #expect(ledger.problems == [])
    // All kinds of end there were.
    let outcomes = ledger.outcomes
    #expect(outcomes.own > 1000 && outcomes.cancelled > 100)
    for counters in debugCounters.entries { expectNoObjects(counters) }
  }

  @Test(
    "loops that are closed while others work with them end what was started; nobody waits for ever",
    arguments: 0..<5
  )
  func closingUnderLoad(_ round: Int) async throws {
    let ledger = Ledger(operations: 3 * 300)
    let debugCounters = Journal<DebugCounters>()
    try await withThrowingTaskGroup(of: Void.self) { group in
      let loops = await startLoops(3, in: &group, debugCounters)
      let handles = loops.map(\.handle)
      let sources = (0..<3).map { number in
        spawn {
          try submit(
            Array(number * 300..<(number + 1) * 300),
            to: handles,
            ledger,
            Random(seed: UInt64(round * 3 + number)),
            afterEach: { if $0 == number * 300 + 100 { loops[number].stop.resolve(.success(())) } }
          )
        }
      }
      for source in sources { try await source.value }
      try await group.waitForAll()
    }
    #expect(ledger.problems == [])
    for counters in debugCounters.entries { expectNoObjects(counters) }
  }

  /// Starts loops that run until they are told to stop.
  private func startLoops(
    _ count: Int,
    in group: inout ThrowingTaskGroup<Void, any Error>,
    _ debugCounters: Journal<DebugCounters>
  ) async -> [RunningLoop] {
    var loops: [RunningLoop] = []
    for _ in 0..<count {
      let started = Asyncio.ConcurrentFuture<Asyncio.LoopHandle>()
      let stop = Asyncio.ConcurrentFuture<Void>()
      group.addTask {
        try await Asyncio.run {
          let loop = EventLoop.current(nil)
          // What is cancelled at the end, and errors that nobody waited for, are no problem here.
          loop.exceptionHandler = { _, _ in }
          debugCounters.append(loop.debugCounters)
          started.resolve(.success(loop.threadsafe))
          try await Asyncio.wrapFuture(stop).value
        }
      }
      if let handle = try? await started.value { loops.append(RunningLoop(handle: handle, stop: stop)) }
    }
    return loops
  }
}

private struct RunningLoop: Sendable {
  let handle: Asyncio.LoopHandle
  let stop: Asyncio.ConcurrentFuture<Void>
}

/// Runs `body` on a thread of its own.
private func spawn(_ body: @escaping @Sendable () throws -> Void) -> Asyncio.ConcurrentFuture<Void> {
  let result = Asyncio.ConcurrentFuture<Void>()
  startThread { result.resolve(Result(catching: body)) }
  return result
}

// MARK: - Operations

/// From a thread without a loop: a few are under way at a time.
@Sendable
private func submit(
  _ operations: [Int],
  to loops: [Asyncio.LoopHandle],
  _ ledger: Ledger,
  _ random: consuming Random,
  afterEach: (Int) -> Void = { _ in }
) throws {
  var underWay: [(Int, Asyncio.ConcurrentFuture<Int>)] = []
  func settle(downTo count: Int) throws {
    while underWay.count > count {
      let (operation, future) = underWay.removeFirst()
      ledger.settle(operation, Result { try future.result(timeout: .patience) })
    }
  }
  for operation in operations {
    let future = start(operation, on: loops, ledger, &random)
    underWay.append((operation, future))
    if random.next(4) == 0, let (_, other) = underWay.randomElement(using: &random) { other.cancel() }
    try settle(downTo: 16)
    afterEach(operation)
  }
  try settle(downTo: 0)
}

/// From a task of a loop, which waits without blocking that.
private nonisolated(nonsending) func submitFromTheLoop(
  _ operations: [Int],
  to loops: [Asyncio.LoopHandle],
  _ ledger: Ledger,
  _ random: consuming Random
) async throws {
  var underWay: [(Int, Asyncio.Future<Int>)] = []
  func settle(_ operation: Int, _ future: Asyncio.Future<Int>) async {
    do { ledger.settle(operation, .success(try await future.value)) } catch {
      ledger.settle(operation, .failure(error))
    }
  }
  for operation in operations {
    let future = Asyncio.wrapFuture(start(operation, on: loops, ledger, &random))
    underWay.append((operation, future))
    if random.next(4) == 0, let (_, other) = underWay.randomElement(using: &random) { other.cancel() }
    if underWay.count > 16 {
      let (operation, future) = underWay.removeFirst()
      await settle(operation, future)
    }
  }
  for (operation, future) in underWay { await settle(operation, future) }
}

/// Starts an operation that ends with its number, or fails with it if that is a multiple of seven.
private func start(
  _ number: Int,
  on loops: [Asyncio.LoopHandle],
  _ ledger: Ledger,
  _ random: inout Random
) -> Asyncio.ConcurrentFuture<Int> {
  let loop = loops[random.next(loops.count)]
  let other = loops[random.next(loops.count)]
  let delay = Duration.microseconds(random.next(200))
  let kind = random.next(7)

  @Sendable func finish() throws -> Int {
    ledger.update(number) { $0.finished += 1 }
    if number % 7 == 0 { throw TestError(name: "\(number)") }
    return number
  }
  let future = loop.runCoroutineThreadsafe {
    ledger.update(number) { $0.begun += 1 }
    defer { ledger.update(number) { $0.ended += 1 } }
    switch kind {
    case 0:
      return try finish()
    case 1:
      try await Asyncio.sleep(delay)
      return try finish()
    case 2:
      // One loop waits for another.
      let result = other.runCoroutineThreadsafe {
        try await Asyncio.sleep(.zero)
        return try finish()
      }
      return try await Asyncio.wrapFuture(result).value
    case 3:
      // An operation of Swift's, which calls another loop.
      return try await Asyncio.ensureFuture(operation: {
        await Task.yield()
        return try await other.runCoroutineThreadsafe { try finish() }.value
      }).value
    case 4:
      // A future of the one loop that ends with a result of the other, and whose result a Swift task waits for.
      let future = EventLoop.current(nil).createFuture(of: Int.self)
      let result = future.concurrentFuture()
      let source = Asyncio.wrapFuture(other.runCoroutineThreadsafe { try finish() })
      source.addDoneCallback { source in
        guard !future.isDone else { return }
        switch Result(catching: source.result) {
        case .success(let value): try future.setResult(value)
        case .failure(let error): try future.setException(error)
        }
      }
      return try await Asyncio.ensureFuture(operation: { try await result.value }).value
    case 5:
      // Children, and a foreign await.
      async let child = { () async throws -> Int in
        try await Asyncio.sleep(delay)
        return try finish()
      }()
      try await Task.sleep(for: delay)
      return try await child
    default:
      return try await Asyncio.toThread { try finish() }
    }
  }
  future.addDoneCallback { _ in ledger.update(number) { $0.notified += 1 } }
  return future
}

// MARK: - Bookkeeping

/// Keeps account of what happens to operations.
private final class Ledger: Sendable {
  struct Entry: CustomStringConvertible {
    /// How often the body began, and ended.
    var begun = 0
    var ended = 0
    /// How often the work itself was done.
    var finished = 0
    /// How often callbacks were told, and who waits got an outcome.
    var notified = 0
    var settled = 0
    var hasOutcome = false

    /// A body may be cancelled before it begins, and while the work is done.
    var isRight: Bool {
      begun <= 1 && ended == begun && finished <= begun && notified == 1 && settled == 1
        && (!hasOutcome || finished == 1)
    }

    var description: String {
      "begun \(begun), ended \(ended), finished \(finished), notified \(notified), settled \(settled), outcome \(hasOutcome)"
    }
  }

  private let entries: Locked<[Entry]>
  private let wrong = Journal<String>()

  init(operations: Int) { entries = Locked(Array(repeating: Entry(), count: operations)) }

  func update(_ operation: Int, _ change: (inout Entry) -> Void) { entries.withLock { change(&$0[operation]) } }

  func settle(_ operation: Int, _ outcome: Result<Int, any Error>) {
    var hasOutcome = true
    switch outcome {
    case .success(operation) where operation % 7 != 0: break
    case .failure(let error as TestError) where operation % 7 == 0 && error.name == "\(operation)": break
    case .failure(is CancellationError): hasOutcome = false
    default: wrong.append("operation \(operation) ended as \(outcome)")
    }
    update(operation) {
      $0.settled += 1
      $0.hasOutcome = hasOutcome
    }
  }

  /// What is not as it must be when all loops are closed.
  var problems: [String] {
    let entries = entries.withLock { $0 }
    return wrong.entries + entries.indices.filter { !entries[$0].isRight }.map { "operation \($0): \(entries[$0])" }
  }

  /// How many operations ended by themselves, and how many were cancelled.
  var outcomes: (own: Int, cancelled: Int) {
    let entries = entries.withLock { $0 }
    return (entries.count { $0.hasOutcome }, entries.count { !$0.hasOutcome })
  }
}
