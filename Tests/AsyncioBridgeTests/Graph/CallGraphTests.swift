import Testing

@testable import AsyncioBridge

/// Whose graph shows what: the parts that are tested of a node.
private func kinds(_ nodes: [Asyncio.CallGraph.Node]) -> [Asyncio.CallGraph.Node.Kind] { nodes.map(\.kind) }

extension Asyncio.CallGraph {
  /// The kinds and names of the nodes on the way that begins with a task and follows what is waited for first.
  fileprivate func way(from name: String) -> [String] {
    var way: [String] = []
    var next = task(named: name)
    while let node = next, way.count < 10 {
      way.append(node.name ?? node.kind.rawValue)
      next = awaited(by: node).first
    }
    return way
  }
}

/// Captures the graph of a loop once all tasks that `body` made have come to wait.
private func capture(
  _ body: @escaping (EventLoop) async throws -> Void
) throws -> Asyncio.CallGraph {
  try runOnLoop { loop in
    // Not all tasks end.
    loop.logger = { _ in }
    // The main task of the run does not belong to what is tested.
    let setUp = Asyncio.createTask(name: "set up") { try await body(loop) }
    try await setUp.value
    for _ in 0..<5 { try await Asyncio.sleep(.zero) }
    let graph = Asyncio.captureCallGraph(loop: loop)
    for task in Asyncio.allTasks() where task !== Asyncio.currentTask() { task.cancel() }
    return graph
  }
}

@Suite struct CallGraphTests {
  // MARK: One task or future

  @Test("without an argument the graph is about the current task, and there is none in a callback")
  func currentTask() throws {
    try withLoop { loop in
      #expect(Asyncio.captureCallGraph() == nil)
      #expect(Asyncio.formatCallGraph() == "")
      let inCallback = Box<Asyncio.CallGraph??>(nil)
      try loop.callSoon { inCallback.value = .some(Asyncio.captureCallGraph()) }
      let graph = try loop.runUntilComplete(name: "main") {
        let inner = Asyncio.createTask(name: "inner") { Asyncio.captureCallGraph() }
        return try await inner.value
      }
      #expect(inCallback.value == .some(nil))
      let subject = try #require(graph.flatMap { graph in graph.subject.map { graph.nodes[$0] } })
      #expect(subject.name == "inner" && subject.state == .running)
      #expect(graph?.awaiting(subject).map(\.name) == ["main"])
      #expect(graph?.tasks.map(\.state) == [.waiting, .running])
    }
  }

  @Test("the graph of a future has what waits for it and what it waits for, and nothing else", .pinsOrder)
  func partAboutOneFuture() throws {
    try runOnLoop { loop in
      let source = loop.createFuture(of: Int.self)
      let middle = Asyncio.createTask(name: "middle") { try await source.value }
      let outer = Asyncio.createTask(name: "outer") { try await middle.value }
      let sibling = Asyncio.createTask(name: "sibling") { try await source.value }
      let stranger = Asyncio.createTask(name: "stranger") { try await Asyncio.sleep(.seconds(1)) }
      try await Asyncio.sleep(.zero)
      let about = try #require(Asyncio.captureCallGraph(middle))
      #expect(about.tasks.map(\.name) == ["middle", "outer"])
      #expect(kinds(about.nodes) == [.task, .task, .future])
      #expect(about.subject.map { about.nodes[$0].name } == "middle")
      #expect(about.way(from: "outer") == ["outer", "middle", "Future"])
      #expect(try #require(Asyncio.captureCallGraph(source)).tasks.map(\.name) == ["middle", "outer", "sibling"])
      try source.setResult(1)
      _ = try await Asyncio.wait([outer, sibling])
      let done = try #require(Asyncio.captureCallGraph(middle))
      #expect(done.nodes.map(\.state) == [.finished] && done.nodes[0].awaits.isEmpty)
      stranger.cancel()
    }
  }

  @Test("nodes have names, states and the places where they were created", .pinsOrder)
  func factsAboutNodes() throws {
    try runOnLoop { loop in
      let file = "\(#fileID)"
      let future = loop.createFuture(of: Int.self)
      let futureLine = #line - 1
      let waiting = Asyncio.createTask(name: "waiting") { try await future.value }
      let taskLine = #line - 1
      let cancelled = Asyncio.createTask(name: "cancelled") { try await Asyncio.sleep(.seconds(1)) }
      try await Asyncio.sleep(.zero)
      cancelled.cancel()
      let ready = Asyncio.createTask(name: "ready") {}
      let graph = Asyncio.captureCallGraph(loop: loop)
      #expect(graph.task(named: "waiting")?.state == .waiting)
      #expect(graph.task(named: "waiting")?.creationSite == "\(file):\(taskLine)")
      #expect(graph.task(named: "ready")?.state == .ready)
      // What it waited for is done already.
      #expect(graph.task(named: "cancelled")?.state == .ready)
      #expect(graph.task(named: "cancelled")?.awaits == [])
      let node = try #require(graph.nodes.first { $0.kind == .future })
      #expect(node.creationSite == "\(file):\(futureLine)" && node.state == .waiting && node.name == nil)
      #expect(Asyncio.captureCallGraph(future)?.subject != nil)
      try future.setResult(1)
      #expect(Asyncio.captureCallGraph(future)?.nodes.map(\.state) == [.finished])
      _ = try await Asyncio.wait([ready as Asyncio.AnyFuture, waiting, cancelled])
      #expect(Asyncio.captureCallGraph(cancelled)?.nodes.map(\.state) == [.cancelled])
    }
  }

  // MARK: Combinators

  @Test("gather, also one that nobody awaits, waits for the children that are not done")
  func throughGather() throws {
    let graph = try capture { loop in
      let future = loop.createFuture(of: Int.self)
      let done = loop.createFuture(of: Int.self)
      try done.setResult(1)
      let child = Asyncio.createTask(name: "child") { try await future.value }
      Asyncio.createTask(name: "parent") { try await Asyncio.gather(child, done, child).value }
      let other = Asyncio.createTask(name: "other") { try await future.value }
      let unawaited = try Asyncio.gather(other)
      other.addDoneCallback { _ in _ = unawaited }
    }
    #expect(graph.way(from: "parent") == ["parent", "gather", "child", "Future"])
    let gather = graph.nodes[try #require(graph.task(named: "parent")).awaits[0]]
    #expect(gather.details == ["1 of 3 done"] && gather.awaits.count == 1)
    let other = try #require(graph.task(named: "other"))
    #expect(graph.awaiting(other).map(\.kind) == [.gather])
    #expect(graph.awaiting(other)[0].awaitedBy.isEmpty)
  }

  @Test("shield waits for what it shields")
  func throughShield() throws {
    let graph = try capture { loop in
      let inner = Asyncio.createTask(name: "inner") { try await loop.createFuture(of: Int.self).value }
      Asyncio.createTask(name: "outer") { try await Asyncio.shield(inner).value }
    }
    #expect(graph.way(from: "outer") == ["outer", "shield", "inner", "Future"])
  }

  @Test("wait waits for the futures that are not done, and tells its timeout")
  func throughWait() throws {
    let graph = try capture { loop in
      let done = loop.createFuture(of: Int.self)
      try done.setResult(1)
      let a = Asyncio.createTask(name: "a") { try await loop.createFuture(of: Int.self).value }
      let b = Asyncio.createTask(name: "b") { try await loop.createFuture(of: Int.self).value }
      Asyncio.createTask(name: "all") {
        try await Asyncio.wait([a, b, done] as [Asyncio.AnyFuture], timeout: .seconds(3))
      }
      Asyncio.createTask(name: "first") { try await Asyncio.wait([b, a], returnWhen: .firstCompleted) }
    }
    let all = graph.awaited(by: try #require(graph.task(named: "all")))
    #expect(all.map(\.kind) == [.wait])
    #expect(all[0].details == ["1 of 3 done", "allCompleted", "3.0 seconds left"])
    #expect(graph.awaited(by: all[0]).map(\.name) == ["a", "b"])
    let first = graph.awaited(by: try #require(graph.task(named: "first")))
    #expect(first[0].details == ["0 of 2 done", "firstCompleted"])
    #expect(graph.awaited(by: first[0]).map(\.name) == ["b", "a"])
    // Both waits wait for the same tasks, which are there once.
    #expect(graph.tasks.count { $0.name == "a" } == 1)
    #expect(try #require(graph.task(named: "a")).awaitedBy.count == 2)
  }

  @Test("waitFor waits for its future, while that is being cancelled too, and tells its timeout")
  func throughWaitFor() throws {
    let graph = try capture { loop in
      let patient = Asyncio.createTask(name: "patient") { try await loop.createFuture(of: Int.self).value }
      Asyncio.createTask(name: "limited") { try await Asyncio.waitFor(patient, timeout: .seconds(2)) }
      let stubborn = Asyncio.createTask(name: "stubborn") {
        do { try await loop.createFuture(of: Void.self).value } catch { try await Asyncio.Event().wait() }
      }
      try await Asyncio.sleep(.zero)
      Asyncio.createTask(name: "too late") { try await Asyncio.waitFor(stubborn, timeout: .zero) }
    }
    #expect(graph.way(from: "limited") == ["limited", "waitFor", "patient", "Future"])
    let limit = graph.awaited(by: try #require(graph.task(named: "limited")))
    #expect(limit[0].details == ["2.0 seconds left"])
    #expect(graph.way(from: "too late") == ["too late", "waitFor", "stubborn", "Event"])
  }

  @Test("asCompleted waits for the futures that are not done")
  func throughAsCompleted() throws {
    let graph = try capture { loop in
      let tasks = ["a", "b"].map { name in
        Asyncio.createTask(name: name) { try await loop.createFuture(of: Int.self).value }
      }
      let done = Asyncio.createTask {}
      try await done.value
      Asyncio.createTask(name: "loop") {
        let all: [Asyncio.AnyFuture] = [tasks[0], done, tasks[1]]
        for try await _ in Asyncio.asCompleted(all, timeout: .seconds(4)) {}
      }
    }
    let node = graph.awaited(by: try #require(graph.task(named: "loop")))
    #expect(node.map(\.kind) == [.asCompleted])
    #expect(node[0].details == ["1 of 3 done", "4.0 seconds left"])
    #expect(graph.awaited(by: node[0]).map(\.name) == ["a", "b"])
  }

  @Test("a task group waits for its children, and its parent for the group, whether its body has ended or not")
  func throughTaskGroups() throws {
    let graph = try capture { loop in
      for isOver in [true, false] {
        Asyncio.createTask(name: isOver ? "waiting parent" : "working parent") {
          try await Asyncio.withTaskGroup { group in
            for name in ["first", "second"] {
              try group.createTask(name: "\(name) \(isOver)") { try await loop.createFuture(of: Int.self).value }
            }
            try group.createTask {}
            if !isOver { try await Asyncio.Event().wait() }
          }
        }
      }
    }
    let waiting = graph.awaited(by: try #require(graph.task(named: "waiting parent")))
    #expect(kinds(waiting) == [.taskGroup])
    #expect(waiting[0].details == ["1 of 3 done"])
    #expect(graph.awaited(by: waiting[0]).map(\.name) == ["first true", "second true"])
    let working = graph.awaited(by: try #require(graph.task(named: "working parent")))
    #expect(kinds(working) == [.event, .taskGroup])
    #expect(graph.awaited(by: working[1]).map(\.name) == ["first false", "second false"])
  }

  @Test("a timeout shows at the task that is in it, the innermost deadline of several")
  func throughTimeouts() throws {
    let graph = try capture { loop in
      Asyncio.createTask(name: "limited") {
        try await Asyncio.timeout(.seconds(9)) {
          try await Asyncio.timeout(.seconds(5)) {
            try await Asyncio.timeout(.seconds(7)) { try await loop.createFuture(of: Int.self).value }
          }
        }
      }
    }
    #expect(graph.task(named: "limited")?.details == ["timeout: 5.0 seconds left"])
    #expect(graph.way(from: "limited") == ["limited", "Future"])
  }

  @Test("a sleep tells how long it still takes")
  func sleeping() throws {
    let graph = try capture { loop in
      Asyncio.createTask(name: "sleeper") { try await Asyncio.sleep(.seconds(3)) }
      try await Asyncio.sleep(.seconds(1))
    }
    let sleep = graph.awaited(by: try #require(graph.task(named: "sleeper")))
    #expect(kinds(sleep) == [.sleep])
    #expect(sleep[0].details == ["2.0 seconds left"] && sleep[0].creationSite == nil)
  }

  // MARK: Locks and queues

  @Test("who waits for a lock waits for the task that holds it, and knows if that has ended", .pinsOrder)
  func throughLocks() throws {
    let graph = try capture { loop in
      let held = Asyncio.Lock()
      Asyncio.createTask(name: "holder") { try await held.withLock { try await Asyncio.Event().wait() } }
      for name in ["a", "b"] { Asyncio.createTask(name: name) { try await held.acquire() } }
      let orphaned = Asyncio.Lock()
      Asyncio.createTask { try await orphaned.acquire() }
      Asyncio.createTask(name: "c") { try await orphaned.acquire() }
    }
    #expect(graph.way(from: "a") == ["a", "Lock", "holder", "Event"])
    #expect(graph.way(from: "b") == ["b", "Lock", "holder", "Event"])
    let lock = graph.awaited(by: try #require(graph.task(named: "a")))[0]
    #expect(lock.awaitedBy.count == 2 && lock.details == ["locked", "waiters:2"])
    let orphaned = graph.awaited(by: try #require(graph.task(named: "c")))[0]
    #expect(orphaned.details == ["locked", "waiters:1", "held by a task that has ended"])
    #expect(orphaned.awaits.isEmpty)
  }

  @Test("a lock that is passed on is held by the task that got it", .pinsOrder)
  func lockPassedOn() throws {
    let graph = try capture { loop in
      let lock = Asyncio.Lock()
      Asyncio.createTask(name: "first") { try await lock.withLock { try await Asyncio.sleep(.zero) } }
      Asyncio.createTask(name: "second") { try await lock.withLock { try await Asyncio.Event().wait() } }
      Asyncio.createTask(name: "third") { try await lock.acquire() }
    }
    #expect(graph.way(from: "third") == ["third", "Lock", "second", "Event"])
  }

  @Test("events, conditions, semaphores, barriers and queues are what their tasks wait for")
  func throughPlaces() throws {
    let graph = try capture { loop in
      let event = Asyncio.Event()
      Asyncio.createTask(name: "event") { try await event.wait() }
      let condition = Asyncio.Condition()
      for name in ["condition", "condition 2"] {
        Asyncio.createTask(name: name) { try await condition.withLock { try await condition.wait() } }
      }
      let semaphore = Asyncio.Semaphore(0)
      Asyncio.createTask(name: "semaphore") { try await semaphore.acquire() }
      let barrier = Asyncio.Barrier(3)
      for name in ["barrier", "barrier 2"] { Asyncio.createTask(name: name) { try await barrier.wait() } }
      let empty = Asyncio.Queue<Int>()
      Asyncio.createTask(name: "get") { try await empty.get() }
      let full = Asyncio.PriorityQueue<Int>(maxsize: 1)
      try full.putNowait(1)
      Asyncio.createTask(name: "put") { try await full.put(2) }
      Asyncio.createTask(name: "join") { try await full.join() }
    }
    func place(_ name: String) throws -> Asyncio.CallGraph.Node {
      let awaited = graph.awaited(by: try #require(graph.task(named: name)))
      #expect(awaited.count == 1)
      return try #require(awaited.first)
    }
    #expect(try place("event").kind == .event && place("event").details == ["unset", "waiters:1"])
    #expect(try place("condition").kind == .condition && place("condition").details == ["unlocked", "waiters:2"])
    #expect(try place("condition").id == place("condition 2").id)
    #expect(try place("semaphore").kind == .semaphore && place("semaphore").details == ["value:0", "waiters:1"])
    #expect(try place("barrier").kind == .barrier && place("barrier").details == ["filling", "waiters:2/3"])
    #expect(try place("barrier").id == place("barrier 2").id)
    #expect(try place("get").kind == .queue && place("get").details == ["items:0", "getters:1"])
    #expect(try place("put").details == ["maxsize:1", "items:1", "putters:1", "joiners:1"])
    #expect(try place("put").id == place("join").id)
  }

  @Test("a task that starts another eagerly is in the midst of its step, too", .pinsOrder)
  func eagerStart() throws {
    try runOnLoop { loop in
      let parent = Asyncio.createTask(name: "parent") {
        let child = Asyncio.createTask(name: "child", eagerStart: true) { Asyncio.captureCallGraph(loop: loop) }
        return try child.result()
      }
      let ready = Asyncio.createTask(name: "ready") {}
      let graph = try await parent.value
      #expect(graph.task(named: "parent")?.state == .running)
      #expect(graph.task(named: "child")?.state == .running)
      #expect(graph.task(named: "ready")?.state == .ready)
      try await ready.value
    }
  }

  // MARK: What is not the loop's

  @Test("work on other threads, foreign awaits and Swift's child tasks are shown")
  func outsideOfTheLoop() async throws {
    try await onOwnThread {
      try runOnLoop(.monotonic) { loop in
        let gate = ThreadEvent()
        let work = Asyncio.createTask(name: "work") { try await Asyncio.toThread { _ = gate.wait() } }
        let (stream, source) = AsyncStream<Void>.makeStream()
        let foreign = Asyncio.createTask(name: "foreign") { for await _ in stream {} }
        let child = Asyncio.createTask(name: "parent") {
          async let slept: Void = Asyncio.sleep(.seconds(60)); try await slept
        }
        for _ in 0..<5 { try await Asyncio.sleep(.zero) }
        let graph = Asyncio.captureCallGraph(loop: loop)
        #expect(graph.way(from: "work") == ["work", "work elsewhere"])
        #expect(graph.task(named: "foreign")?.state == .foreign)
        #expect(graph.task(named: "parent")?.state == .foreign)
        let guest = try #require(graph.nodes.first { $0.kind == .child })
        #expect(graph.awaited(by: guest).map(\.kind) == [.sleep])
        gate.set()
        source.finish()
        child.cancel()
        _ = try await Asyncio.wait([work, foreign, child])
      }
    }
  }

  @Test("a task of the user's own type is a task", .pinsOrder)
  func customTask() throws {
    final class Custom: Asyncio.Future<Int>, Asyncio.TaskProtocol {
      var name = "custom"
    }
    try runOnLoop { loop in
      let custom = Custom(loop: loop)
      Asyncio.registerTask(custom)
      let waiting = Asyncio.createTask(name: "waiting") { try await custom.value }
      try await Asyncio.sleep(.zero)
      #expect(Asyncio.captureCallGraph(loop: loop).way(from: "waiting") == ["waiting", "custom"])
      try custom.setResult(1)
      _ = try await waiting.value
    }
  }

  // MARK: Other threads

  @Test("another thread captures the graph of a loop whose tasks all wait", .timeLimit(.minutes(1)))
  func fromAnotherThread() async throws {
    let graph = try await onOwnThread {
      try runOnLoop(.monotonic) { loop in
        let handle = loop.threadsafe
        let never = Asyncio.Event()
        let stuck = Asyncio.createTask(name: "stuck") { try await never.wait() }
        let hand = Asyncio.ConcurrentFuture<Asyncio.CallGraph>()
        startThread {
          hand.resolve(Result { try handle.captureCallGraph().result(timeout: .seconds(30)) })
        }
        let graph = try await Asyncio.wrapFuture(hand).value
        stuck.cancel()
        return graph
      }
    }
    #expect(graph.way(from: "stuck") == ["stuck", "Event"])
    #expect(graph.tasks.count == 2)
  }

  @Test("the graph of a closed loop is not to be had from another thread")
  func closedLoop() throws {
    let handle = try withLoop { $0.threadsafe }
    #expect(handle.captureCallGraph().isCancelled)
    // Nor of one that is closed before it gets to it.
    let pending = try withLoop { $0.threadsafe.captureCallGraph() }
    #expect(pending.isCancelled)
  }
}
