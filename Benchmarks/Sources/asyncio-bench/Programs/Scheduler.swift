import AsyncioBridge

/// Runs jobs in tasks of their own, so many at a time. The others wait for their turn.
final class Scheduler<Value> {
  final class Job {
    fileprivate enum State {
      case waiting(Asyncio.Body<Value>, started: Asyncio.Future<Void>?)
      case started(Asyncio.Task<Value>)
    }

    fileprivate var state: State
    /// Among the active ones.
    fileprivate var place = 0

    fileprivate init(_ body: @escaping Asyncio.Body<Value>) { state = .waiting(body, started: nil) }

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
  /// Each knows its place, so that nothing has to hash.
  private var active: [Job] = []
  private let pending = Asyncio.Queue<Job>()

  init(limit: Int) { self.limit = limit }

  func spawn(_ body: @escaping Asyncio.Body<Value>) throws -> Job {
    let job = Job(body)
    if active.count < limit { start(job) } else { try pending.putNowait(job) }
    return job
  }

  private func start(_ job: Job) {
    guard case .waiting(let body, let started) = job.state else { return }
    job.place = active.count
    active.append(job)
    let task = Asyncio.createTask {
      defer { self.didEnd(job) }
      return try await body()
    }
    job.state = .started(task)
    if let started, !started.isDone { try? started.setResult() }
  }

  private func didEnd(_ job: Job) {
    let last = active.removeLast()
    if last !== job {
      active[job.place] = last
      last.place = job.place
    }
    if active.count < limit, let next = try? pending.getNowait() { start(next) }
  }

  func close() async throws {
    while !pending.isEmpty {
      if case .waiting(_, let started) = try pending.getNowait().state { started?.cancel() }
    }
    let tasks = active.compactMap { if case .started(let task) = $0.state { task } else { nil } }
    for task in tasks { task.cancel() }
    if !tasks.isEmpty { _ = try await Asyncio.wait(tasks) }
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
