import AsyncioBridge

/// Many readers or one writer, first come first served.
final class ReadWriteLock {
  private enum Role { case reader, writer }

  private struct Waiter {
    let role: Role
    let future: Asyncio.Future<Void>
  }

  private var readers = 0
  private var isWriting = false
  private var waiters: [Waiter] = []

  func withRead<Result>(_ body: nonisolated(nonsending) () async throws -> Result) async throws -> Result {
    try await acquire(.reader)
    defer { release(.reader) }
    return try await body()
  }

  func withWrite<Result>(_ body: nonisolated(nonsending) () async throws -> Result) async throws -> Result {
    try await acquire(.writer)
    defer { release(.writer) }
    return try await body()
  }

  private func acquire(_ role: Role) async throws {
    if waiters.isEmpty, isFree(for: role) { take(role) } else { try await wait(as: role) }
  }

  private func wait(as role: Role) async throws {
    let waiter = Waiter(role: role, future: Asyncio.EventLoop.running()!.createFuture())
    waiters.append(waiter)
    do {
      try await waiter.future.value
    } catch {
      if waiter.future.isCancelled {
        waiters.removeAll { $0.future === waiter.future }
        admit()
      } else {
        release(role)
      }
      throw error
    }
  }

  private func isFree(for role: Role) -> Bool { !isWriting && (role == .reader || readers == 0) }

  private func take(_ role: Role) {
    switch role {
    case .reader: readers += 1
    case .writer: isWriting = true
    }
  }

  private func release(_ role: Role) {
    switch role {
    case .reader: readers -= 1
    case .writer: isWriting = false
    }
    admit()
  }

  /// Gives the lock to the first of those that wait, as long as it is free for them.
  private func admit() {
    while let waiter = waiters.first, !waiter.future.isCancelled, isFree(for: waiter.role) {
      waiters.removeFirst()
      take(waiter.role)
      try? waiter.future.setResult()
    }
  }
}

let rwfree = onLoop("rwfree", 200_000) { _, n in
  let lock = ReadWriteLock()
  var value = 0
  for index in 0..<n / 2 {
    try await lock.withWrite { value = index }
    try await lock.withRead { precondition(value == index) }
  }
}

let rwcontended = onLoop("rwcontended", 100_000) { _, n in
  let lock = ReadWriteLock()
  let tasks = (0..<10).map { index in
    Asyncio.createTask {
      for _ in 0..<n / 10 {
        if index % 5 == 0 {
          try await lock.withWrite { try await Asyncio.sleep(.zero) }
        } else {
          try await lock.withRead { try await Asyncio.sleep(.zero) }
        }
      }
    }
  }
  _ = try await Asyncio.gather(tasks).value
}
