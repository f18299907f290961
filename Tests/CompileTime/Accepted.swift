// What the compiler accepts, whatever settings the client has. See `CompileTimeTests`.

import AsyncioBridge

/// An ordinary object. Nothing says that it may be shared.
nonisolated final class Account {
  var balance = 0

  nonisolated(nonsending) func depositLater(_ amount: Int) async throws {
    try await Asyncio.sleep(.milliseconds(1))
    balance += amount
  }
}

/// Tasks, callbacks and helpers of one loop share an object, and futures of each other.
func sharedState() throws {
  try Asyncio.run {
    let loop = Asyncio.EventLoop.running()!
    let account = Account()
    let future = loop.createFuture(of: Account.self)
    let first = Asyncio.createTask { account.balance += 1 }
    let second = Asyncio.createTask {
      account.balance += try await future.value.balance
      try await first.value
    }
    let third = Asyncio.createTask { try await account.depositLater(3) }
    try loop.callSoon {
      account.balance += 1
      try future.setResult(account)
    }
    future.addDoneCallback { _ in account.balance += 1 }
    try await deposit(account, after: future)
    _ = try await Asyncio.gather(first, second, third).value
    _ = try await Asyncio.wait([first, second], returnWhen: .firstCompleted)
    try await Asyncio.waitFor(timeout: .seconds(1)) { account.balance += 1 }
    try await Asyncio.shield { account.balance += 1 }.value
    for try await finished in Asyncio.asCompleted([first, second]) { _ = try finished.result() }
    account.balance += 1
  }
}

nonisolated(nonsending) func deposit(_ account: Account, after future: Asyncio.Future<Account>) async throws {
  account.balance += try await future.value.balance
}

/// A queue, its elements and a lock between tasks.
func primitives() throws {
  try Asyncio.run {
    let queue = Asyncio.Queue<Account>()
    let lock = Asyncio.Lock()
    let consumer = Asyncio.createTask {
      for try await account in queue.elements {
        try await lock.withLock { account.balance += 1 }
        try queue.taskDone()
      }
    }
    let account = Account()
    try await queue.put(account)
    account.balance += 1
    try await queue.join()
    queue.shutdown()
    try await consumer.value
  }
}

/// Children of a task may use the loop; what is not `Sendable` they make themselves.
func children() throws {
  try Asyncio.run {
    async let one = { () async throws -> Int in
      let account = Account()
      let task = Asyncio.createTask { account.balance += 1 }
      try await task.value
      return account.balance
    }()
    let two = try await withThrowingTaskGroup(of: Int.self) { group in
      group.addTask { try await Asyncio.sleep(.milliseconds(1), result: 1) }
      return try await group.reduce(0, +)
    }
    _ = try await one + two
  }
}

/// An actor that lives on the loop.
actor Pinned {
  let loop: Asyncio.LoopHandle
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.unownedExecutor }
  private var count = 0
  init(_ loop: Asyncio.LoopHandle) { self.loop = loop }
  func add() { count += 1 }
  nonisolated func addAtOnce() { assumeIsolated { $0.count += 1 } }
}

func pinnedActor() throws {
  try Asyncio.run {
    let account = Account()
    let pinned = Pinned(Asyncio.EventLoop.running()!.threadsafe)
    let task = Asyncio.createTask {
      await pinned.add()
      account.balance += 1
    }
    pinned.addAtOnce()
    await pinned.add()
    try await task.value
    account.balance += 1
  }
}

/// What is handed over, and not used any more by who did so, need not be `Sendable`.
func handingOver(_ loop: Asyncio.LoopHandle) throws {
  let account = Account()
  account.balance = 1
  _ = loop.runCoroutineThreadsafe { account.balance += 1 }
  let another = Account()
  try loop.callSoonThreadsafe { another.balance += 1 }
}

/// Results for other threads, and from them.
func results() throws {
  try Asyncio.run {
    let loop = Asyncio.EventLoop.running()!
    let future = loop.createFuture(of: Int.self)
    let result = future.concurrentFuture()
    let handle = loop.threadsafe
    let reader = Task.detached {
      try handle.callSoonThreadsafe {}
      return try await result.value
    }
    try future.setResult(1)
    _ = try await reader.value
    _ = try await Asyncio.ensureFuture(operation: { try await result.value }).value
    _ = try await loop.runInExecutor { 1 }.value
  }
}

/// Loops in asynchronous code, isolated or not.
func inAsyncCode() async throws -> Int {
  try await Asyncio.run {
    let account = Account()
    let task = Asyncio.createTask { account.balance += 1 }
    try await task.value
    return account.balance
  }
}

@MainActor
func onTheMainActor() async throws -> Int {
  try await Asyncio.run {
    let account = Account()
    let task = Asyncio.createTask { account.balance += 1 }
    try await task.value
    return account.balance
  }
}

actor Server {
  var served = 0

  func serve() async throws {
    served += try await Asyncio.run {
      let account = Account()
      let task = Asyncio.createTask { account.balance += 1 }
      try await task.value
      return account.balance
    }
  }
}

/// The one way round the rules that is known: the compiler takes it that the closure runs where its caller does, and
/// lets it have the loop's state; but it runs on the other executor, where that is a data race.
func knownHole() throws {
  try Asyncio.run {
    let account = Account()
    let task = Asyncio.createTask { account.balance += 1 }
    await withTaskExecutorPreference(globalConcurrentExecutor) { account.balance += 1 }
    try await task.value
  }
}

// What belongs to a loop may be made and used in one expression, in every combination.
func compositions() throws {
  try Asyncio.run {
    let hand = Asyncio.Promise<Int>().future
    _ = try await Asyncio.shield(Asyncio.wrapFuture(hand)).value
    _ = try await Asyncio.shield(Asyncio.createTask { 1 }).value
    _ = Asyncio.shield(Asyncio.createTask { 1 })
    _ = try Asyncio.shield(Asyncio.Coroutine { 1 })
    _ = try await Asyncio.shield(Asyncio.Coroutine { 1 }).value
    _ = try Asyncio.gather(Asyncio.createTask { 1 }, Asyncio.shield(Asyncio.createTask { 2 }))
    _ = try await Asyncio.gather(
      Asyncio.createTask { 1 },
      Asyncio.shield { 2 },
      Asyncio.wrapFuture(hand),
      Asyncio.ensureFuture(operation: { 1 })
    ).value
    _ = try Asyncio.gather([Asyncio.createTask { 1 }, Asyncio.createTask { 2 }])
    _ = try await Asyncio.gather(Asyncio.gather(Asyncio.createTask { 1 }), Asyncio.createTask { 2 }).value
    _ = try await Asyncio.wait([Asyncio.createTask { 1 }, Asyncio.createTask { 2 }])
    _ = try await Asyncio.waitFor(Asyncio.createTask { 1 }, timeout: .seconds(1))
    _ = try await Asyncio.waitFor(Asyncio.shield(Asyncio.createTask { 1 }), timeout: .seconds(1))
    _ = try await Asyncio.waitFor(Asyncio.gather(Asyncio.createTask { 1 }), timeout: .seconds(1))
    _ = try await Asyncio.createTask { 1 }.value
    Asyncio.createTask { 1 }.cancel()
    _ = try Asyncio.ensureFuture(Asyncio.createTask { 1 }).cancel()
    _ = try await Asyncio.ensureFuture(Asyncio.Coroutine { 1 }).value
    Asyncio.EventLoop.running()!.stop()
    try Asyncio.EventLoop.running()!.callSoon {}
    Asyncio.currentTask()!.cancel()
    for t in Asyncio.allTasks() { t.cancel() }
    Asyncio.Context.current().run {}
    _ = try await Asyncio.gather(returningErrors: Asyncio.createTask { 1 }, Asyncio.createTask { 2 }).value
    _ = try await Asyncio.gather((0..<3).map { n in Asyncio.createTask { n } }).value
    _ = try await Asyncio.gather((0..<3).map { n in Asyncio.Coroutine { n } }).value
    for try await x in Asyncio.asCompleted([Asyncio.createTask { 1 }]) { _ = x }
    for try await x in try Asyncio.asCompleted(starting: [Asyncio.createTask { 1 }]) { _ = x }
    _ = Asyncio.createTask { 1 }.concurrentFuture()
    _ = try await Asyncio.waitFor(Asyncio.wrapFuture(Asyncio.createTask { 1 }.concurrentFuture()), timeout: nil)
    if let loop = Asyncio.EventLoop.running() { loop.stop() }
    guard let loop = Asyncio.EventLoop.running() else { return }
    loop.stop()
  }
}

/// Whatever can be waited for, wherever something is waited for.
func awaitables() throws {
  try Asyncio.run {
    let number = Asyncio.createTask { 1 }
    let text = Asyncio.createTask { "a" }
    let coroutine = Asyncio.Coroutine { 1 }
    let either: [any Asyncio.Awaitable<Int>] = [number, coroutine]
    let mixed: [Asyncio.AnyFuture] = [number, text]
    let current = Asyncio.currentTask()!

    try await mixed[0].completion
    mixed[0].addDoneCallback { _ in }
    mixed[0].addDoneCallback { future in print(future.isDone) }
    number.addDoneCallback { _ = try $0.result() + 1 }
    number.addDoneCallback { future in _ = try future.result() + 1 }
    current.addDoneCallback { print($0) }
    current.removeDoneCallback(current.addDoneCallback { print($0) })

    let values: [Any] = try await Asyncio.gather(mixed).value
    _ = try await Asyncio.gather(Set(mixed)).value.count + values.count
    _ = try await Asyncio.gather(returningErrors: mixed).value[0].get()
    _ = try Asyncio.gather(Asyncio.allTasks()).cancel()
    _ = try Asyncio.gather(returningErrors: Asyncio.allTasks()).cancel()
    let numbers: [Int] = try await Asyncio.gather([number, number]).value
    let eitherNumbers: [Int] = try await Asyncio.gather(either).value + numbers
    _ = try await Asyncio.gather([number, number]).value[0] + eitherNumbers[0]

    try await Asyncio.waitFor(mixed[0], timeout: .seconds(1))
    _ = try await Asyncio.waitFor(number, timeout: .seconds(1)) + 1
    _ = try await Asyncio.waitFor(coroutine, timeout: .seconds(1)) + 1
    _ = try await Asyncio.waitFor(Asyncio.Coroutine { 1 }, timeout: nil) + 1
    _ = try await Asyncio.waitFor(either[0], timeout: nil) + 1
    _ = Asyncio.shield(mixed[0]).isDone
    _ = try await Asyncio.shield(number).value + 1
    _ = try await Asyncio.shield(coroutine).value + 1

    let tasks: Set<Asyncio.Task<Int>> = try await Asyncio.wait([number]).done
    let futures: Set<Asyncio.Future<Int>> = try await Asyncio.wait([coroutine]).done
    _ = try await Asyncio.wait(either).done.union(futures).count + tasks.count
    _ = try await Asyncio.wait(mixed).pending.count
    _ = try await Asyncio.wait(Asyncio.allTasks(), timeout: .zero).pending.count
    _ = try await Asyncio.wait([Asyncio.Coroutine { 1 }]).done.first?.result()

    for try await task in Asyncio.asCompleted([number]) { _ = try task.result() + task.name.count }
    for try await future in Asyncio.asCompleted([coroutine]) { _ = try future.result() + 1 }
    for try await future in Asyncio.asCompleted(either) { _ = try future.result() + 1 }
    for try await future in Asyncio.asCompleted(mixed) { print(future) }
    for try await task in try Asyncio.asCompleted(starting: [number]) { _ = try task.result() + task.name.count }
    for try await task in try Asyncio.asCompleted(starting: [coroutine]) { _ = try task.result() + task.name.count }
    for try await future in try Asyncio.asCompleted(starting: either) { _ = try future.result() + 1 }
    for try await future in try Asyncio.asCompleted(starting: mixed) { print(future) }
  }
}

/// A blocking run may use what is around it, since nothing else does meanwhile.
nonisolated func blockingRuns(_ account: Account, _ amount: inout Int) throws -> Int {
  var number = 0
  try Asyncio.runBlocking { number += 1 }
  try Asyncio.runBlocking(clock: .virtual) {
    number += 1
    account.balance += 1
    let task = Asyncio.createTask { account.balance += number }
    try await task.value
  }
  let local = Account()
  try Asyncio.runBlocking { local.balance += account.balance }
  try Asyncio.runBlocking { local.balance += 1 }
  amount = try Asyncio.runBlocking { local.balance }
  return number + local.balance
}

nonisolated final class Suite {
  var number = 0
  let account = Account()

  func test() throws {
    try Asyncio.runBlocking {
      self.number += 1
      try await self.help()
    }
    print(number)
  }

  nonisolated(nonsending) func help() async throws {
    try await Asyncio.sleep(.zero)
    number += 1
  }
}

/// The body of a run that is formed in code of the main actor belongs to nothing, and may use what is around it.
@MainActor func blockingRunOnTheMainActor(_ account: Account) throws -> Int {
  var number = 0
  try Asyncio.run {
    number += 1
    account.balance += 1
  }
  try Asyncio.run(clock: .virtual) { account.balance += number }
  try Asyncio.run(handlingInterrupt: false) { account.balance += number }
  try Asyncio.withRunner { runner in
    try runner.run { account.balance += 1 }
    try runner.run { account.balance += 1 }
  }
  return number + account.balance
}
