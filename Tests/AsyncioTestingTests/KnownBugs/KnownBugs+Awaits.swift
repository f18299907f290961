// An actor's state may change at each await: what was read before it is old.

extension KnownBug {
  static let ofAwaits = [
    KnownBug("lost update", within: 2, lostUpdate, mended: lostUpdateMended),
    KnownBug("check, then act, in an actor", within: 2, checkThenAct, mended: checkThenActMended),
    KnownBug("check, then act, from outside", within: 2, checkThenActOutside, mended: checkThenActOutsideMended),
    KnownBug("continuation resumed twice", within: 2, doubleResume, mended: doubleResumeMended),
    KnownBug("cache stampede", within: 2, stampede, mended: stampedeMended),
    KnownBug("worker stops with work left", within: 14, stoppedWorker, mended: stoppedWorkerMended),
    KnownBug("worker beside busy tasks", within: 3000, noisyWorker, mended: noisyWorkerMended),
  ]
}

// MARK: Lost update

actor Counter {
  var value = 0
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

actor MendedCounter {
  var value = 0
  func increment() async {
    await Task.yield()
    value += 1  // read and written in one step
  }
}
@Sendable func lostUpdateMended() async throws {
  let counter = MendedCounter()
  async let a: Void = counter.increment()
  async let b: Void = counter.increment()
  _ = await (a, b)
  try check(await counter.value == 2, "an update was lost")
}

// MARK: Check, then act, in an actor

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

actor MendedAccount {
  var balance = 100
  let bank = Bank()
  func withdraw(_ amount: Int) async -> Bool {
    guard balance >= amount else { return false }
    balance -= amount  // in the step of the check
    await bank.approve()
    return true
  }
}
@Sendable func checkThenActMended() async throws {
  let account = MendedAccount()
  async let a = account.withdraw(80)
  async let b = account.withdraw(80)
  let both = await (a, b)
  try check(await account.balance == 20, "overdrawn")
  try check(both.0 != both.1, "one of them gets it")
}

// MARK: Check, then act, from outside

actor Seats {
  var free = 1
  func take() { free -= 1 }
  func takeIfFree() -> Bool {
    if free == 0 { return false }
    free -= 1
    return true
  }
}
@concurrent func isFree(_ seats: Seats) async -> Bool {
  let free = await seats.free
  await nothing()
  return free > 0
}
@Sendable func checkThenActOutside() async throws {
  let seats = Seats()
  let clerks = (0..<2).map { _ in
    Task { if await isFree(seats) { await seats.take() } }
  }
  for clerk in clerks { await clerk.value }
  try check(await seats.free >= 0, "a seat was sold twice")
}

@Sendable func checkThenActOutsideMended() async throws {
  let seats = Seats()
  let clerks = (0..<2).map { _ in Task { await seats.takeIfFree() } }  // one call, one step
  var sold = 0
  for clerk in clerks where await clerk.value { sold += 1 }
  try check(sold == 1, "\(sold) seats were sold")
}

// MARK: Continuation resumed twice

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
    // Resumes all, and forgets them only after an await: whoever comes in meanwhile resumes them again. (Here they are
    // counted, since a second resume would end the process.)
    resumed += waiting.count
    await server.approve()
    for continuation in waiting { continuation.resume(returning: 7) }
    waiting = []
  }
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

actor MendedLogin {
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
    let all = waiting
    waiting = []  // whoever comes in during the await finds none of them
    resumed += all.count
    await server.approve()
    for continuation in all { continuation.resume(returning: 7) }
  }
  func refresh() async { if isFetching { await finish() } }
}
@Sendable func doubleResumeMended() async throws {
  let login = MendedLogin()
  async let a = login.tokenOrWait()
  async let b = login.tokenOrWait()
  async let c: Void = login.refresh()
  _ = await (a, b, c)
  try check(await login.resumed <= 1, "a continuation would be resumed twice")
}

// MARK: Cache stampede

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
    await bank.approve()
    return "zero"
  }
  async let b = cache.get(0) {
    await bank.approve()
    return "zero"
  }
  _ = await (a, b)
  try check(await cache.computations == 1, "computed twice")
}

actor MendedCache {
  var tasks: [Int: Task<String, Never>] = [:]
  var computations = 0
  func get(_ key: Int, _ compute: @escaping @Sendable () async -> String) async -> String {
    // What is kept is the computation, so a second caller finds it though it has not ended.
    if let task = tasks[key] { return await task.value }
    computations += 1
    let task = Task { await compute() }
    tasks[key] = task
    return await task.value
  }
}
@Sendable func stampedeMended() async throws {
  let cache = MendedCache()
  let bank = Bank()
  async let a = cache.get(0) {
    await bank.approve()
    return "zero"
  }
  async let b = cache.get(0) {
    await bank.approve()
    return "zero"
  }
  _ = await (a, b)
  try check(await cache.computations == 1, "computed twice")
}

// MARK: Worker stops with work left

actor Jobs {
  var queue: [Int] = []
  var isRunning = false
  var done: [Int] = []
  let bank = Bank()
  func add(_ job: Int) {
    queue.append(job)
    if !isRunning {
      isRunning = true
      Task { await self.work() }
    }
  }
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
@Sendable func noisyWorker() async throws { try await withNoise(stoppedWorker) }

actor MendedJobs {
  var queue: [Int] = []
  var isRunning = false
  var done: [Int] = []
  let bank = Bank()
  func add(_ job: Int) {
    queue.append(job)
    if !isRunning {
      isRunning = true
      Task { await self.work() }
    }
  }
  func work() async {
    while !queue.isEmpty {
      let job = queue.removeFirst()
      await bank.approve()
      done.append(job)
    }
    isRunning = false  // in the step that has found the queue empty
    await bank.approve()
  }
}
@Sendable func stoppedWorkerMended() async throws {
  let jobs = MendedJobs()
  let a = Task { await jobs.add(1) }
  let b = Task { await jobs.add(2) }
  _ = await (a.value, b.value)
  try await Task.sleep(for: .seconds(1))
  try check(await jobs.done.count == 2, "a job was never done")
}
@Sendable func noisyWorkerMended() async throws { try await withNoise(stoppedWorkerMended) }
