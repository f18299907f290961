// Known concurrency bugs in plain Swift: nothing here knows of the library. Each function throws, or hangs, under some schedules,
// and passes under others.
import Synchronization
import Testing

struct Violation: Error, CustomStringConvertible {
  let description: String
  init(_ text: String) { description = text }
}
func check(_ condition: Bool, _ text: String) throws { if !condition { throw Violation(text) } }

// MARK: 1. Lost update across an await

actor Counter {
  var value = 0
  func load() async -> Int { await Task.yield(); return 0 }
  func increment() async {
    let old = value
    await Task.yield()  // "writes to disk"
    value = old + 1
  }
}
@Sendable func lostUpdate() async throws {
  let counter = Counter()
  async let a: Void = counter.increment()
  async let b: Void = counter.increment()
  _ = await (a, b)
  try check(await counter.value == 2, "an update was lost")
}

// MARK: 2. Check-then-act on an actor (reentrancy)

actor Bank {
  var approvals = 0
  @inline(never) func approve() { approvals += 1 }
}
actor Account {
  var balance = 100
  let bank = Bank()
  func withdraw(_ amount: Int) async -> Bool {
    guard balance >= amount else { return false }
    await bank.approve()
    balance -= amount
    return true
  }
}
@Sendable func checkThenAct() async throws {
  let account = Account()
  async let a = account.withdraw(80)
  async let b = account.withdraw(80)
  _ = await (a, b)
  try check(await account.balance >= 0, "overdrawn")
}

// MARK: 3. Check-then-act from outside, in unstructured tasks

actor Seats {
  var free = 1
  func take() { free -= 1 }
}
@concurrent func isFree(_ seats: Seats) async -> Bool {
  let free = await seats.free
  await nothing()
  return free > 0
}
@inline(never) @concurrent func nothing() async { notes.add(1, ordering: .relaxed) }
let notes = Atomic(0)
@Sendable func checkThenActOutside() async throws {
  let seats = Seats()
  let clerks = (0..<2).map { _ in
    Task { if await isFree(seats) { await seats.take() } }
  }
  for clerk in clerks { await clerk.value }
  try check(await seats.free >= 0, "a seat was sold twice")
}

// MARK: 4. Double resume of a cached continuation

actor Login {
  var waiting: [CheckedContinuation<Int, Never>] = []
  var resumed = 0
  var token: Int?
  var isFetching = false
  let server = Bank()
  func tokenOrWait() async -> Int {
    if let token { return token }
    if isFetching { return await withCheckedContinuation { waiting.append($0) } }
    isFetching = true
    await server.approve()
    token = 7
    await finish()
    return 7
  }
  func finish() async {
    // Resumes all, and forgets them only after an await: whoever comes in meanwhile resumes them again.
    resumed += waiting.count
    await server.approve()
    waitingCount = waiting.count
    for continuation in waiting { continuation.resume(returning: 7) }
    waiting = []
  }
  var waitingCount = 0
  func refresh() async { if isFetching { await finish() } }
}
@Sendable func doubleResume() async throws {
  let login = Login()
  async let a = login.tokenOrWait()
  async let b = login.tokenOrWait()
  async let c: Void = login.refresh()
  _ = await (a, b, c)
  try check(await login.resumed <= 1, "a continuation would be resumed twice")
}

// MARK: 5. Missed signal on a hand-made condition

actor Mailroom {
  var item: Int?
  var waiter: CheckedContinuation<Void, Never>?
  func put(_ new: Int) {
    item = new
    waiter?.resume()
    waiter = nil
  }
  func isEmpty() -> Bool { item == nil }
  func wait() async { await withCheckedContinuation { waiter = $0 } }
}
@Sendable func missedSignal() async throws {
  let room = Mailroom()
  let reader = Task {
    if await room.isEmpty() {
      await nothing()  // "logs"
      await room.wait()
    }
  }
  let writer = Task { await room.put(1) }
  await writer.value
  await reader.value
}

// MARK: 6. Cancellation between acquire and use

actor Pool {
  var free = 1
  var waiting: [CheckedContinuation<Void, Never>] = []
  func acquire() async {
    if free > 0 { free -= 1 } else { await withCheckedContinuation { waiting.append($0) } }
  }
  func release() { if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() } }
}
@Sendable func cancelledBetween() async throws {
  let pool = Pool()
  let user = Task {
    await pool.acquire()
    try Task.checkCancellation()  // leaves without a release
    await pool.release()
  }
  user.cancelSoon()
  _ = await user.result
  try check(await pool.free == 1, "a connection leaked")
}
extension Task { func cancelSoon() { Task<Void, Never> { self.cancel() } } }

// MARK: 7. Deadlock by lock order

actor AsyncLock {
  var isLocked = false
  var waiting: [CheckedContinuation<Void, Never>] = []
  func lock() async {
    if !isLocked { isLocked = true } else { await withCheckedContinuation { waiting.append($0) } }
  }
  func unlock() { if waiting.isEmpty { isLocked = false } else { waiting.removeFirst().resume() } }
}
@Sendable func lockOrder() async throws {
  let (a, b) = (AsyncLock(), AsyncLock())
  async let x: Void = {
    await a.lock(); await b.lock(); await b.unlock(); await a.unlock()
  }()
  async let y: Void = {
    await b.lock(); await a.lock(); await a.unlock(); await b.unlock()
  }()
  _ = await (x, y)
}

// MARK: 8. Leaked waiter: a waiter that is cancelled stays in line, and is handed the turn

actor CancellableSemaphore {
  var value = 1
  var waiting: [(id: Int, continuation: CheckedContinuation<Bool, Never>)] = []
  var cancelled: Set<Int> = []
  var nextID = 0
  func acquire() async throws {
    if value > 0 { value -= 1; return }
    nextID += 1
    let id = nextID
    let got = await withTaskCancellationHandler {
      await withCheckedContinuation { waiting.append((id, $0)) }
    } onCancel: {
      Task { await self.cancel(id) }
    }
    if Task.isCancelled || !got { throw CancellationError() }  // got it, and throws it away
  }
  func cancel(_ id: Int) {
    guard let index = waiting.firstIndex(where: { $0.id == id }) else { return }
    waiting.remove(at: index).continuation.resume(returning: false)
  }
  func release() {
    if waiting.isEmpty { value += 1 } else { waiting.removeFirst().continuation.resume(returning: true) }
  }
}
@Sendable func semaphoreHandover() async throws {
  let semaphore = CancellableSemaphore()
  try await semaphore.acquire()
  let waiter = Task {
    try await semaphore.acquire(); await semaphore.release()
  }
  let canceller = Task { waiter.cancel() }
  let holder = Task { await semaphore.release() }
  _ = await (waiter.result, canceller.value, holder.value)
  try check(await semaphore.value == 1, "the semaphore has lost a unit")
}

// MARK: 9. Race of result and timeout

actor Race {
  var outcome: String?
  var finished = 0
  func finish(_ text: String) { outcome = text; finished += 1 }
}
@Sendable func timeoutRace() async throws {
  let race = Race()
  async let work: Void = {
    try? await Task.sleep(for: .seconds(1)); await race.finish("result")
  }()
  async let timeout: Void = {
    try? await Task.sleep(for: .seconds(1))
    if await race.outcome == nil { await race.finish("timeout") }
  }()
  _ = await (work, timeout)
  try check(await race.finished == 1, "both result and timeout")
}

// MARK: 10. Cache stampede

actor Cache {
  var values: [Int: String] = [:]
  var computations = 0
  func get(_ key: Int, _ compute: @Sendable () async -> String) async -> String {
    if let value = values[key] { return value }
    computations += 1
    let value = await compute()
    values[key] = value
    return value
  }
}
@Sendable func stampede() async throws {
  let cache = Cache()
  let bank = Bank()
  async let a = cache.get(0) {
    await bank.approve(); return "zero"
  }
  async let b = cache.get(0) {
    await bank.approve(); return "zero"
  }
  _ = await (a, b)
  try check(await cache.computations == 1, "computed twice")
}

// MARK: 11. Order-dependent consumer of a stream

@Sendable func streamOrder() async throws {
  let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
  let producers = (1...3).map { number in Task { _ = continuation.yield(number) } }
  for producer in producers { await producer.value }
  continuation.finish()
  var last = 0
  for await number in stream {
    try check(number > last, "events out of order")
    last = number
  }
}

// MARK: 12. A flag that the main actor sets

@MainActor final class Model {
  var isLoaded = false
  var shown: String?
  func load() async { isLoaded = true }
  func show() { shown = isLoaded ? "content" : "empty" }
}
@Sendable func mainActorOrder() async throws {
  let model = await MainActor.run { Model() }
  let load = Task { await model.load() }
  let show = Task { @MainActor in model.show() }
  _ = await (load.value, show.value)
  try check(await model.shown == "content", "shown before it was loaded")
}

// MARK: 13. A worker that stops although there is work (depth 3)

actor Jobs {
  var queue: [Int] = []
  var isRunning = false
  var done: [Int] = []
  let bank = Bank()
  func add(_ job: Int) { queue.append(job); if !isRunning { isRunning = true; Task { await self.work() } } }
  func work() async {
    while !queue.isEmpty {
      let job = queue.removeFirst()
      await bank.approve()
      done.append(job)
    }
    await bank.approve()  // what is added during this is never worked on
    isRunning = false
  }
}
@Sendable func stoppedWorker() async throws {
  let jobs = Jobs()
  let a = Task { await jobs.add(1) }
  let b = Task { await jobs.add(2) }
  _ = await (a.value, b.value)
  try await Task.sleep(for: .seconds(1))
  try check(await jobs.done.count == 2, "a job was never done")
}

// MARK: 14. Three must meet (depth 3): two writers overtake a reader in the midst of it

actor Cell {
  var value = 0
  func set(_ new: Int) { value = new }
}
@Sendable func tornRead() async throws {
  let (x, y) = (Cell(), Cell())
  let writer = Task { for i in 1...3 { await x.set(i); await y.set(i) } }
  let reader = Task { () -> Bool in
    let first = await x.value
    await nothing()
    let second = await y.value
    return second - first <= 1
  }
  await writer.value
  try check(await reader.value, "torn read")
}

// MARK: 15, 16. The same among eight busy tasks that have nothing to do with it

@Sendable func withNoise(_ body: @Sendable @escaping () async throws -> Void) async throws {
  let cells = (0..<8).map { _ in Cell() }
  let noise = cells.map { cell in Task { for n in 0..<10 { await cell.set(n); await nothing() } } }
  let outcome = await Task { try await body() }.result
  for task in noise { await task.value }
  try outcome.get()
}
@Sendable func noisyTornRead() async throws { try await withNoise(tornRead) }
@Sendable func noisyWorker() async throws { try await withNoise(stoppedWorker) }

// MARK: 17. A chain: only if A is behind B, and C between two steps of A

actor Door {
  var opened = 0, closed = 0, seen = 0
  func open() { opened += 1 }
  func close() { closed += 1 }
  func look() { if opened == 2, closed == 1 { seen += 1 } }
}
@Sendable func chain() async throws {
  let door = Door()
  let a = Task {
    await door.open(); await nothing(); await door.close(); await nothing(); await door.close()
  }
  let b = Task {
    await nothing(); await nothing(); await door.open()
  }
  let c = Task {
    await nothing(); await door.look()
  }
  _ = await (a.value, b.value, c.value)
  try check(await door.seen == 0, "seen in between")
}

struct KnownBug: Sendable, CustomTestStringConvertible {
  let testDescription: String
  /// How many schedules the search may take to find it.
  let schedules: Int
  let body: @Sendable () async throws -> Void

  init(_ name: String, within schedules: Int, _ body: @escaping @Sendable () async throws -> Void) {
    (testDescription, self.schedules, self.body) = (name, schedules, body)
  }

  static let all: [KnownBug] = [
    KnownBug("lost update", within: 2, lostUpdate),
    KnownBug("check, then act, in an actor", within: 2, checkThenAct),
    KnownBug("check, then act, from outside", within: 2, checkThenActOutside),
    KnownBug("continuation resumed twice", within: 2, doubleResume),
    KnownBug("missed signal", within: 2, missedSignal),
    KnownBug("cancelled between acquire and use", within: 2, cancelledBetween),
    KnownBug("deadlock by the order of locks", within: 2, lockOrder),
    KnownBug("unit handed to a cancelled waiter", within: 2, semaphoreHandover),
    KnownBug("result and timeout", within: 4, timeoutRace),
    KnownBug("cache stampede", within: 2, stampede),
    KnownBug("order of a stream", within: 4, streamOrder),
    KnownBug("shown before it is loaded", within: 2, mainActorOrder),
    KnownBug("worker stops with work left", within: 14, stoppedWorker),
    KnownBug("torn read", within: 10, tornRead),
    KnownBug("torn read beside busy tasks", within: 78, noisyTornRead),
    KnownBug("worker beside busy tasks", within: 3000, noisyWorker),
    KnownBug("chain of three tasks", within: 28, chain),
  ]
}
