import AsyncioBridge

/// An actor whose executor is the loop: tasks call it without leaving their thread or their turn, other threads by way
/// of the loop.
func pinnedActor() throws {
  try Asyncio.run {
    let loop = Asyncio.EventLoop.running()!
    let ledger = Ledger(loop: loop.threadsafe)

    let turn = loop.turnCount
    for entry in ["bread 3", "milk 2"] { await ledger.add(entry) }
    print("from a task: \(await ledger.entries), turns it took: \(loop.turnCount - turn)")

    // From Swift's own pool: the call goes to the loop's thread, and comes back.
    let elsewhere = Asyncio.ensureFuture(operation: {
      await ledger.add("eggs 4")
      return await ledger.total
    })
    print("from the pool: \(try await elsewhere.value)")

    // Synchronous code on the loop, as a callback, needs no await.
    try loop.callSoon { print("from a callback: \(ledger.assumeIsolated { $0.entries.count }) entries") }
    try await Asyncio.sleep(.zero)
  }
}

private actor Ledger {
  /// Kept: the executor is the loop's, and lives as long as this handle.
  private let loop: Asyncio.LoopHandle
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.unownedExecutor }

  private(set) var entries: [String] = []
  var total: Int { entries.compactMap { Int($0.split(separator: " ")[1]) }.reduce(0, +) }

  init(loop: Asyncio.LoopHandle) { self.loop = loop }

  func add(_ entry: String) { entries.append(entry) }
}
