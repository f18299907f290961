import AsyncioBridge
import Testing

extension DocSnippetTests {
  @Test("Recipes, the top level of main.swift")
  func recipeMain() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    let count = try Asyncio.run(clock: .virtual) {
      let inventory = Inventory()
      let delivery = Asyncio.createTask { try await deliver(["nut", "bolt", "nut"], to: inventory) }
      try await inventory.wait(for: "nut", count: 2)
      try await delivery.value
      return 3
    }
    print(count)  // 3
    #expect(printed.lines == ["3"])
  }

  @Test("Recipes, a body in Swift Testing")
  func recipeTestBody() throws {
    try Asyncio.run(clock: .virtual) { () async throws in
      let queue = Asyncio.Queue<Int>()
      Asyncio.createTask { try await queue.put(1) }
      #expect(try await queue.get() == 1)
    }
  }

  @Test("Recipes, decorators of one argument")
  func recipeDecorators() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    try Asyncio.run(clock: .virtual) {
      var calls = 0
      let fetch = memoized(
        retrying(3, waiting: .seconds(1)) { (page: Int) in
          calls += 1
          if calls < 3 { throw Asyncio.TimeoutError("fetch") }
          return "page \(page)"
        }
      )
      let readers = (0..<4).map { _ in Asyncio.createTask { try await fetch(7) } }
      print(try await Asyncio.gather(readers).value[3], calls)  // page 7 3
    }
    #expect(printed.lines == ["page 7 3"])
  }

  @Test("Recipes, an actor as a bridge, with a callback in it")
  func recipeBridge() async throws {
    let lines = try await onOwnThread {
      let printed = Printed()
      func print(_ items: Any...) { printed.add(items) }
      actor Feed {
        private let loop: Asyncio.LoopHandle
        nonisolated var unownedExecutor: UnownedSerialExecutor { loop.unownedExecutor }
        private lazy var news = Asyncio.Queue<String>()
        private(set) var idleSeconds = 0

        init(on loop: Asyncio.LoopHandle) { self.loop = loop }

        func publish(_ text: String) throws {
          try checkOpen()
          try news.putNowait(text)
        }

        func next() async throws -> String {
          try checkOpen()
          let timer = try Asyncio.EventLoop.running()!.callLater(.seconds(1)) { self.idleSeconds += 1 }
          defer { timer.cancel() }
          return try await news.get()
        }

        /// After the loop's end there is nobody left to wait for, and nothing to make a queue on.
        private func checkOpen() throws { if loop.isClosed { throw Closed() } }
        struct Closed: Error {}

        /// For code that is not asynchronous, on a thread of its own.
        nonisolated func publishBlocking(_ text: String) throws {
          try loop.runCoroutineThreadsafe { try await self.publish(text) }.result()
        }
      }

      try Asyncio.run(clock: .virtual) {
        let feed = Feed(on: Asyncio.EventLoop.running()!.threadsafe)
        let reader = Asyncio.createTask { try await feed.next() }
        try await Asyncio.sleep(.seconds(2))
        try await feed.publish("from the loop")
        print(try await reader.value, await feed.idleSeconds)

        try await Task.detached { try await feed.publish("from the pool") }.value
        try await Asyncio.toThread { try feed.publishBlocking("from a thread") }
        print(try await feed.next(), "and", try await feed.next())
      }
      // from the loop 1
      // from the pool and from a thread
      return printed.lines
    }
    #expect(lines == ["from the loop 1", "from the pool and from a thread"])
  }

  @Test("Recipes, progress on long work")
  func recipeProgress() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    try Asyncio.run {
      let loop = Asyncio.EventLoop.running()!
      let (progress, report) = AsyncStream<Int>.makeStream()
      let work = try loop.runInExecutor {
        defer { report.finish() }
        return (1...3).reduce(0) { sum, part in
          report.yield(part)
          return sum + part
        }
      }
      for await part in progress { print("part \(part) of 3") }
      print("sum", try await work.value)
    }
    // part 1 of 3
    // part 2 of 3
    // part 3 of 3
    // sum 6
    #expect(printed.lines == ["part 1 of 3", "part 2 of 3", "part 3 of 3", "sum 6"])
  }

  @Test("Recipes, a rate limit")
  func recipeRateLimit() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    final class RateLimit {
      private let interval: Duration
      private var next: Asyncio.LoopClock.Instant?

      init(every interval: Duration) { self.interval = interval }

      func acquire() async throws {
        let now = Asyncio.EventLoop.running()!.time
        let turn = max(now, next ?? now)
        next = turn.advanced(by: interval)
        if turn > now { try await Asyncio.sleep(until: turn) }
      }
    }

    try Asyncio.run(clock: .virtual) {
      let loop = Asyncio.EventLoop.running()!
      let limit = RateLimit(every: .milliseconds(250))
      let requests = (1...5).map { _ in
        Asyncio.createTask {
          try await limit.acquire()
          return loop.time
        }
      }
      print(try await Asyncio.gather(requests).value[4])  // 1.0 seconds
    }
    #expect(printed.lines == ["1.0 seconds"])
  }

  @Test("Recipes, one request for many keys")
  func recipeLoader() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    final class Loader<Key: Hashable, Value> {
      private let load: Function<[Key], [Key: Value]>
      private var asked: [Key: Asyncio.Future<Value?>] = [:]

      init(_ load: @escaping Function<[Key], [Key: Value]>) { self.load = load }

      func value(for key: Key) -> Asyncio.Future<Value?> {
        if let future = asked[key] { return future }
        if asked.isEmpty { Asyncio.createTask { try await self.loadAll() } }
        let future = Asyncio.EventLoop.running()!.createFuture(of: Value?.self)
        asked[key] = future
        return future
      }

      private func loadAll() async throws {
        let batch = asked
        asked = [:]
        do {
          let values = try await load(Array(batch.keys))
          for (key, future) in batch where !future.isDone { try future.setResult(values[key]) }
        } catch {
          for future in batch.values where !future.isDone { try future.setException(error) }
        }
      }
    }

    try Asyncio.run {
      var requests = 0
      let names = Loader<Int, String> { keys in
        requests += 1
        return Dictionary(uniqueKeysWithValues: keys.map { ($0, "name \($0)") })
      }
      let found = try await Asyncio.gather([1, 2, 1].map { names.value(for: $0) }).value
      print(found.map { $0 ?? "?" }, requests)  // ["name 1", "name 2", "name 1"] 1
    }
    #expect(printed.lines == ["[\"name 1\", \"name 2\", \"name 1\"] 1"])
  }
}

nonisolated final class Inventory {
  private var items: [String: Int] = [:]
  private let changed = Asyncio.Condition()

  func add(_ item: String) async throws {
    try await changed.withLock {
      items[item, default: 0] += 1
      try changed.notifyAll()
    }
  }

  func wait(for item: String, count: Int) async throws {
    try await changed.withLock { try await changed.waitFor { items[item, default: 0] >= count } }
  }
}

nonisolated func deliver(_ items: [String], to inventory: Inventory) async throws {
  for item in items {
    try await Asyncio.sleep(.milliseconds(1))
    try await inventory.add(item)
  }
}

typealias Function<Input, Output> = nonisolated(nonsending) (Input) async throws -> Output

func retrying<Input, Output>(
  _ attempts: Int,
  waiting delay: Duration,
  _ function: @escaping Function<Input, Output>
) -> Function<Input, Output> {
  { input in
    for _ in 1..<attempts {
      do {
        return try await function(input)
      } catch is CancellationError {
        throw CancellationError()
      } catch {
        try await Asyncio.sleep(delay)
      }
    }
    return try await function(input)
  }
}

func memoized<Input: Hashable, Output>(_ function: @escaping Function<Input, Output>) -> Function<Input, Output> {
  var known: [Input: Asyncio.Task<Output>] = [:]
  return { input in
    let task = known[input] ?? Asyncio.createTask { try await function(input) }
    known[input] = task
    return try await Asyncio.shield(task).value
  }
}
