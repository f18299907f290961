#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif
import AsyncioBridge

private let many = 200_000

/// All workloads, written as a user would write them.
let workloads: [Workload] =
  [callsoon, sleep0, futpp, donecallbacks, spawnawait]
  + [("gather", many), ("gather1k", 1000), ("gather10k", 10_000), ("gather100k", 100_000), ("gather1M", 1_000_000)]
  .map(gather)
  + [gatherYield, wait, ascomp, wfcoro, wffut, shield, cancel]
  + [("shields10k", 10_000), ("shields100k", 100_000), ("shields1M", 1_000_000)].map(shields)
  + [timers("timers", many, window: 0.01)]
  + [("timers1k", 1000), ("timers10k", 10_000), ("timers100k", 100_000), ("timers1M", 1_000_000)]
  .map { timers($0.0, $0.1, window: nil) }
  + [sleepers, queue("queue100", 100), queue("queueinf", 0), lock, tsthru, tslat, mem, ppqueue, ppevent]
  + programs

// MARK: Callbacks and futures

private let callsoon = Workload(name: "callsoon", n: many) { n in
  let loop = EventLoop(reusesHosts: reusesHosts)
  defer { try? loop.close() }
  var count = 0
  func callback() throws {
    count += 1
    if count < n { try loop.callSoon(callback) } else { loop.stop() }
  }
  try loop.callSoon(callback)
  let start = seconds()
  try loop.runForever()
  return (seconds() - start) / Double(n) * 1e9
}

private let sleep0 = onLoop("sleep0", many) { _, n in
  for _ in 0..<n { try await Asyncio.sleep(.zero) }
}

private let futpp = onLoop("futpp", many) { loop, n in
  for _ in 0..<n {
    let future = loop.createFuture(of: Void.self)
    try loop.callSoon { try future.setResult() }
    try await future.value
  }
}

/// Two callbacks of the user's for each future.
private let donecallbacks = onLoop("donecallbacks", many) { loop, n in
  for _ in 0..<n {
    let future = loop.createFuture(of: Int.self)
    for _ in 0..<2 { future.addDoneCallback(Asyncio.DoneCallback { _ in }) }
    try future.setResult(1)
    try await Asyncio.sleep(.zero)
  }
}

// MARK: Tasks and combinators

private let spawnawait = onLoop("spawnawait", many) { _, n in
  for _ in 0..<n { _ = try await Asyncio.createTask { await noop() }.value }
}

private func gather(_ name: String, _ n: Int) -> Workload {
  onLoop(name, n) { _, n in
    let results = try await Asyncio.gather((0..<n).map { _ in Asyncio.createTask { await noop() } }).value
    precondition(results.count == n)
  }
}

private let gatherYield = onLoop("gatherYield", many) { _, n in
  _ = try await Asyncio.gather((0..<n).map { _ in Asyncio.createTask { try await Asyncio.sleep(.zero) } }).value
}

private let wait = onLoop("wait", many) { _, n in
  let (done, _) = try await Asyncio.wait((0..<n).map { _ in Asyncio.createTask { await noop() } })
  precondition(done.count == n)
}

private let ascomp = onLoop("ascomp", 50_000) { _, n in
  for try await finished in Asyncio.asCompleted((0..<n).map { _ in Asyncio.createTask { await noop() } }) {
    _ = try finished.result()
  }
}

private let wfcoro = onLoop("wfcoro", 50_000) { _, n in
  for _ in 0..<n { _ = try await Asyncio.waitFor(timeout: .seconds(10)) { await noop() } }
}

private let wffut = onLoop("wffut", 50_000) { loop, n in
  for _ in 0..<n {
    let future = loop.createFuture(of: Void.self)
    try loop.callSoon { try future.setResult() }
    try await Asyncio.waitFor(future, timeout: .seconds(10))
  }
}

private let shield = onLoop("shield", 50_000) { _, n in
  for _ in 0..<n { _ = try await Asyncio.shield(Asyncio.createTask { await noop() }).value }
}

private let cancel = onLoop("cancel", many) { loop, n in
  let tasks = (0..<n).map { _ in Asyncio.createTask { try await loop.createFuture(of: Void.self).value } }
  try await Asyncio.sleep(.zero)
  for task in tasks { task.cancel() }
  let results = try await Asyncio.gather(returningErrors: tasks).value
  guard results.count == n, case .failure(is CancellationError) = results[0] else { fatalError("not cancelled") }
}

/// A chain of tasks each of which awaits a shield of the one below: made, described, and cancelled from the bottom up.
private func shields(_ name: String, _ n: Int) -> Workload {
  onLoop(name, n) { loop, n in
    let bottom = loop.createFuture(of: Void.self)
    var top = bottom
    for _ in 0..<n {
      let below = top
      top = Asyncio.createTask { try await Asyncio.shield(below).value }
    }
    try await Asyncio.sleep(.zero)
    precondition("\(top)".count < 1000)
    bottom.cancel()
    _ = try await Asyncio.wait([top])
    precondition(top.isCancelled)
  }
}

// MARK: Timers

private func delay(_ index: Int, window: Double) -> Duration {
  .nanoseconds(Int64(Double(index * 7919 % 1000) / 1000 * window * 1e9))
}

private func timers(_ name: String, _ n: Int, window: Double?) -> Workload {
  onLoop(name, n) { loop, n in
    let window = window ?? Double(n) * 50e-9
    let done = loop.createFuture(of: Void.self)
    var count = 0
    for index in 0..<n {
      try loop.callLater(delay(index, window: window)) {
        count += 1
        if count == n { try done.setResult() }
      }
    }
    try await done.value
  }
}

private let sleepers = onLoop("sleepers", many) { _, n in
  _ = try await Asyncio.gather(
    (0..<n).map { index in Asyncio.createTask { try await Asyncio.sleep(delay(index, window: 0.01)) } }
  ).value
}

// MARK: Queues and locks

private func queue(_ name: String, _ maxsize: Int) -> Workload {
  onLoop(name, many) { _, n in
    let queue = Asyncio.Queue<Int>(maxsize: maxsize)
    let producer = Asyncio.createTask { for item in 0..<n { try await queue.put(item) } }
    let consumer = Asyncio.createTask { for _ in 0..<n { _ = try await queue.get() } }
    _ = try await Asyncio.gather(producer, consumer).value
  }
}

private let lock = onLoop("lock", 100_000) { _, n in
  let lock = Asyncio.Lock()
  let workers = (0..<2).map { _ in
    Asyncio.createTask { for _ in 0..<n / 2 { try await lock.withLock { try await Asyncio.sleep(.zero) } } }
  }
  _ = try await Asyncio.gather(workers).value
}

private let ppqueue = onLoop("ppqueue", many) { _, n in
  let a = Asyncio.Queue<Int>()
  let b = Asyncio.Queue<Int>()
  let ping = Asyncio.createTask {
    for index in 0..<n / 2 {
      try a.putNowait(index)
      _ = try await b.get()
    }
  }
  let pong = Asyncio.createTask { for _ in 0..<n / 2 { try b.putNowait(await a.get()) } }
  _ = try await Asyncio.gather(ping, pong).value
}

private let ppevent = onLoop("ppevent", many) { _, n in
  let a = Asyncio.Event()
  let b = Asyncio.Event()
  let ping = Asyncio.createTask {
    for _ in 0..<n / 2 {
      a.set()
      try await b.wait()
      b.clear()
    }
  }
  let pong = Asyncio.createTask {
    for _ in 0..<n / 2 {
      try await a.wait()
      a.clear()
      b.set()
    }
  }
  _ = try await Asyncio.gather(ping, pong).value
}

// MARK: Threads

/// Runs `body` on a thread of its own while the loop runs on this one, until the loop is stopped.
private func beside(_ loop: EventLoop, _ body: @escaping @Sendable (Asyncio.LoopHandle) -> Void) throws {
  let handle = loop.threadsafe
  let executor = Asyncio.ThreadPoolExecutor(maxWorkers: 1)
  try loop.callSoon { executor.execute { body(handle) } }
  try loop.runForever()
  executor.shutdown()
}

private let tsthru = Workload(name: "tsthru", n: many) { n in
  let loop = EventLoop(reusesHosts: reusesHosts)
  defer { try? loop.close() }
  let start = seconds()
  try beside(loop) { handle in
    nonisolated(unsafe) var count = 0  // touched by the callbacks only, all on the loop's thread
    for _ in 0..<n {
      _ = try? handle.callSoonThreadsafe {
        count += 1
        if count == n { EventLoop.running()?.stop() }
      }
    }
  }
  return (seconds() - start) / Double(n) * 1e9
}

private let tslat = Workload(name: "tslat", n: 20_000) { n in
  let loop = EventLoop(reusesHosts: reusesHosts)
  defer { try? loop.close() }
  nonisolated(unsafe) var duration = 0.0  // written before the loop is stopped, read after
  nonisolated(unsafe) let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
  sem_init(semaphore, 0, 0)
  defer {
    sem_destroy(semaphore)
    semaphore.deallocate()
  }
  try beside(loop) { handle in
    let start = seconds()
    for _ in 0..<n {
      _ = try? handle.callSoonThreadsafe { sem_post(semaphore) }
      sem_wait(semaphore)
    }
    duration = seconds() - start
    try? handle.stop()
  }
  return duration / Double(n) * 1e9
}

// MARK: Memory

private func residentBytes() -> Double {
  guard let file = fopen("/proc/self/statm", "r") else { return 0 }
  defer { fclose(file) }
  var pages = 0
  var resident = 0
  withUnsafeMutablePointer(to: &pages) { pages in
    withUnsafeMutablePointer(to: &resident) { resident in
      _ = withVaList([pages, resident]) { vfscanf(file, "%ld %ld", $0) }
    }
  }
  return Double(resident * Int(sysconf(Int32(_SC_PAGESIZE))))
}

private let mem = Workload(name: "mem", n: many) { n in
  let loop = EventLoop(reusesHosts: reusesHosts)
  defer { try? loop.close() }
  return try loop.runUntilComplete {
    let before = residentBytes()
    let tasks = (0..<n).map { _ in Asyncio.createTask { try await loop.createFuture(of: Void.self).value } }
    try await Asyncio.sleep(.zero)
    try await Asyncio.sleep(.zero)
    let bytes = residentBytes() - before
    for task in tasks { task.cancel() }
    _ = try await Asyncio.gather(returningErrors: tasks).value
    return bytes / Double(n)
  }
}
