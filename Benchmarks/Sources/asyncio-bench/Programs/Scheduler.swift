import AsyncioBridge

/// Runs jobs in tasks of their own, so many at a time. The others wait for their turn.
final class Scheduler<Value> {
  final class Job {
    private enum State {
      case waiting(Asyncio.Body<Value>, started: Asyncio.Future<Void>?)
      case started(Asyncio.Task<Value>)
    }

    private var state: State

    init(_ body: @escaping Asyncio.Body<Value>) { state = .waiting(body, started: nil) }

    func start() -> Asyncio.Task<Value>? {
      guard case .waiting(let body, let started) = state else { return nil }
      let task = Asyncio.createTask(body)
      state = .started(task)
      if let started, !started.isDone { try? started.setResult() }
      return task
    }

    /// The job is never to start.
    func drop() {
      if case .waiting(_, let started) = state { started?.cancel() }
    }

    func value() async throws -> Value {
      while true {
        switch state {
        case .started(let task):
          return try await Asyncio.shield(task).value
        case .waiting(let body, let started):
          let started = started ?? Asyncio.EventLoop.running()!.createFuture()
          state = .waiting(body, started: started)
          try await Asyncio.shield(started).value
        }
      }
    }
  }

  private let limit: Int
  private var active: Set<Asyncio.Task<Value>> = []
  private let pending = Asyncio.Queue<Job>()

  init(limit: Int) { self.limit = limit }

  func spawn(_ body: @escaping Asyncio.Body<Value>) throws -> Job {
    let job = Job(body)
    if active.count < limit { start(job) } else { try pending.putNowait(job) }
    return job
  }

  private func start(_ job: Job) {
    guard let task = job.start() else { return }
    active.insert(task)
    task.addDoneCallback { _ in try self.didEnd(task) }
  }

  private func didEnd(_ task: Asyncio.Task<Value>) throws {
    active.remove(task)
    if !pending.isEmpty, active.count < limit { start(try pending.getNowait()) }
  }

  func close() async throws {
    while !pending.isEmpty { try pending.getNowait().drop() }
    for task in active { task.cancel() }
    if !active.isEmpty { _ = try await Asyncio.wait(active) }
  }
}

/// Jobs by the thousand, a hundred of which run at a time.
let scheduler = onLoop("scheduler", 100_000) { _, n in
  let scheduler = Scheduler<Int>(limit: 100)
  for _ in 0..<n / 1000 {
    let jobs = try (0..<1000).map { number in try scheduler.spawn { try await double(number) } }
    var total = 0
    for job in jobs { total += try await job.value() }
    precondition(total == 999_000)
  }
  try await scheduler.close()
}
