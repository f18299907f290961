import AsyncioBridge

/// A program that is stuck: each of two tasks holds a lock that the other wants. The call graph shows it.
func stuck() throws {
  // Nobody outside can wake this loop, and it says so, instead of waiting for ever.
  do {
    try Asyncio.run {
      Asyncio.currentTask()?.name = "dinner"
      let table = Table()
      _ = try await Asyncio.gather(table.seat("Ada"), table.seat("Bob")).value
    }
  } catch let error as Asyncio.DeadlockError {
    print(error)
  }

  // Here somebody has a handle, and so the loop waits; another thread has a look.
  try Asyncio.run {
    let table = Table()
    let ada = table.seat("Ada")
    let bob = table.seat("Bob")
    for _ in 0..<5 { try await Asyncio.sleep(.zero) }
    let handle = Asyncio.EventLoop.running()!.threadsafe
    let graph = try await Asyncio.toThread { try handle.captureCallGraph().result(timeout: .seconds(10)) }
    for cycle in graph.cycles { print("wait for each other:", cycle.compactMap(\.name)) }
    bob.cancel()
    print(try await ada.value)
  }
}

private final class Table {
  private let fork = Asyncio.Lock()
  private let knife = Asyncio.Lock()

  /// Ada takes the fork first, everybody else the knife.
  func seat(_ name: String) -> Asyncio.Task<String> {
    let (first, second) = name == "Ada" ? (fork, knife) : (knife, fork)
    return Asyncio.createTask(name: name) {
      try await first.withLock {
        try await Asyncio.sleep(.zero)
        return try await second.withLock { "\(name) eats" }
      }
    }
  }
}
