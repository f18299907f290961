// Who waits must be woken, however late it came to wait.

extension KnownBug {
  static let ofWaiting = [
    KnownBug("missed signal", within: 2, missedSignal, mended: missedSignalMended),
    KnownBug("deadlock by the order of locks", within: 2, lockOrder, mended: lockOrderMended),
    KnownBug("two actors wait for each other", within: 14, handshake, mended: handshakeMended),
  ]
}

// MARK: Missed signal

actor Mailroom {
  var item: Int?
  var waiter: CheckedContinuation<Void, Never>?
  func put(_ new: Int) {
    item = new
    waiter?.resume()
    waiter = nil
  }
  func isEmpty() -> Bool { item == nil }
  func wait() async { await withCheckedContinuation { waiter = $0 } }
  /// The look and the wait are one step: nothing can be put in between.
  func waitUntilFilled() async { if item == nil { await wait() } }
}
@Sendable func missedSignal() async throws {
  let room = Mailroom()
  let reader = Task {
    if await room.isEmpty() {
      await nothing()  // "logs"
      await room.wait()
    }
  }
  let writer = Task { await room.put(1) }
  await writer.value
  await reader.value
}

@Sendable func missedSignalMended() async throws {
  let room = Mailroom()
  let reader = Task { await room.waitUntilFilled() }
  let writer = Task { await room.put(1) }
  await writer.value
  await reader.value
}

// MARK: Deadlock by the order of locks

@Sendable func lockOrder() async throws {
  let (a, b) = (AsyncLock(), AsyncLock())
  async let x: Void = locking(a, b)
  async let y: Void = locking(b, a)
  _ = await (x, y)
}
@Sendable func lockOrderMended() async throws {
  let (a, b) = (AsyncLock(), AsyncLock())
  async let x: Void = locking(a, b)
  async let y: Void = locking(a, b)  // everybody in one order
  _ = await (x, y)
}
private func locking(_ first: AsyncLock, _ second: AsyncLock) async {
  await first.lock()
  await second.lock()
  await second.unlock()
  await first.unlock()
}

// MARK: Two actors wait for each other

/// Of two players the second to be ready tells the first, who waits for it.
actor Player {
  var isReady = false
  private var waiter: CheckedContinuation<Void, Never>?
  func play(with other: Player) async {
    isReady = true
    if await other.isReady {
      await other.begin()
    } else {
      await nothing()  // "shows 'waiting for the other'": meanwhile the other is ready, and tells nobody
      await withCheckedContinuation { waiter = $0 }
    }
  }
  func begin() {
    waiter?.resume()
    waiter = nil
  }
}
@Sendable func handshake() async throws {
  let (black, white) = (Player(), Player())
  async let a: Void = black.play(with: white)
  async let b: Void = white.play(with: black)
  _ = await (a, b)
}

actor MendedPlayer {
  var isReady = false
  private var hasBegun = false
  private var waiter: CheckedContinuation<Void, Never>?
  func play(with other: MendedPlayer) async {
    isReady = true
    if await other.isReady {
      await other.begin()
    } else {
      await nothing()
      if !hasBegun { await withCheckedContinuation { waiter = $0 } }
    }
  }
  func begin() {
    hasBegun = true  // a signal that nobody waits for yet is kept
    waiter?.resume()
    waiter = nil
  }
}
@Sendable func handshakeMended() async throws {
  let (black, white) = (MendedPlayer(), MendedPlayer())
  async let a: Void = black.play(with: white)
  async let b: Void = white.play(with: black)
  _ = await (a, b)
}
