import AsyncioBridge

/// A server in one program: a loop that takes requests, and loops on threads of their own that serve them. Each of
/// those has a part of the data, in an actor that is pinned to it.
func server() throws {
  try Asyncio.run {
    let shards = try await Asyncio.gather((0..<3).map { _ in Asyncio.Coroutine { try await Shard.start() } }).value
    func shard(of key: String) -> Shard { shards[key.utf8.reduce(0) { $0 + Int($1) } % shards.count] }

    // Clients at once; each waits for its own requests, one after the other.
    let clients = (1...8).map { client in
      Asyncio.createTask(name: "client \(client)") {
        for word in ["asyncio", "bridge", "swift", "loop", "task"] {
          let store = shard(of: word).store
          try await shard(of: word).serve { await store.add(client, to: word) }
        }
      }
    }
    _ = try await Asyncio.gather(clients).value
    for word in ["asyncio", "bridge", "swift"] {
      let store = shard(of: word).store
      print("\(word): \(try await shard(of: word).serve { await store.total(of: word) })")
    }

    // A client that gives up: its request is cancelled on the loop that serves it.
    let store = shards[0].store
    do {
      try await Asyncio.waitFor(timeout: .milliseconds(20)) { try await shards[0].serve { try await store.compact() } }
    } catch is Asyncio.TimeoutError {
      print("compacting took too long")
    }

    // Each loop finishes what it has begun, and its thread ends.
    for shard in shards { shard.stop.resolve(.success(())) }
    let counts = try await Asyncio.gather(shards.map(\.ended)).value
    print("requests of each loop: \(counts.map(\.served)), cancelled: \(counts.map(\.cancelled))")
  }
}

/// A loop with a thread of its own.
private struct Shard {
  let loop: Asyncio.LoopHandle
  let store: Store
  /// Ends the loop when it is resolved.
  let stop: Asyncio.Promise<Void>
  /// What there was to do; done when the loop has ended.
  let ended: Asyncio.Future<Store.Counts>

  /// Starts a loop, and waits until it runs.
  static func start() async throws -> Shard {
    let started = Asyncio.Promise<(Asyncio.LoopHandle, Store)>()
    let stop = Asyncio.Promise<Void>()
    // The async form of run has a thread of its own. As an operation of this loop it is cancelled and joined with it.
    let ended = Asyncio.ensureFuture(operation: {
      try await Asyncio.run {
        let loop = Asyncio.EventLoop.running()!.threadsafe
        let store = Store(loop)
        started.resolve(.success((loop, store)))
        try await Asyncio.wrapFuture(stop.future).value
        return await store.counts
      }
    })
    let (loop, store) = try await Asyncio.wrapFuture(started.future).value
    return Shard(loop: loop, store: store, stop: stop, ended: ended)
  }

  /// Runs a request as a task of the shard's loop, and waits for it here. Cancelling the wait cancels the request.
  func serve<Reply: Sendable>(
    _ request: nonisolated(nonsending) sending @escaping () async throws -> Reply
  ) async throws -> Reply {
    try await Asyncio.wrapFuture(loop.runCoroutineThreadsafe(request)).value
  }
}

/// A shard's data. Its tasks call it without leaving their thread.
private actor Store {
  private let loop: Asyncio.LoopHandle
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.unownedExecutor }

  struct Counts: Sendable {
    var served = 0
    var cancelled = 0
  }

  private(set) var counts = Counts()
  private var totals: [String: Int] = [:]

  init(_ loop: Asyncio.LoopHandle) { self.loop = loop }

  func add(_ amount: Int, to key: String) {
    counts.served += 1
    totals[key, default: 0] += amount
  }

  func total(of key: String) -> Int {
    counts.served += 1
    return totals[key, default: 0]
  }

  func compact() async throws {
    do {
      try await Asyncio.sleep(.seconds(3600))
      counts.served += 1
    } catch is CancellationError {
      counts.cancelled += 1
      throw CancellationError()
    }
  }
}
