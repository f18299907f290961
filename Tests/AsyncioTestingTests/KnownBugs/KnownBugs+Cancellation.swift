// A cancelled task leaves at an await, or goes on if it does not look: what it holds must be given back either way.
import Synchronization

extension KnownBug {
  static let ofCancellation = [
    KnownBug("cancelled between acquire and use", within: 2, cancelledBetween, mended: cancelledBetweenMended),
    KnownBug("unit handed to a cancelled waiter", within: 2, semaphoreHandover, mended: semaphoreHandoverMended),
    KnownBug("cancelled with the lock taken", within: 4, lockLeftTaken, mended: lockLeftTakenMended),
    KnownBug("cancellation swallowed", within: 2, swallowedCancellation, mended: swallowedCancellationMended),
    KnownBug("waiters of a cancelled download", within: 2, forgottenWaiters, mended: forgottenWaitersMended),
    KnownBug("cancelled before it waits", within: 4, cancelledBeforeWaiting, mended: cancelledBeforeWaitingMended),
  ]
}

// MARK: Cancelled between acquire and use

actor Pool {
  var free = 1
  var waiting: [CheckedContinuation<Void, Never>] = []
  func acquire() async {
    if free > 0 { free -= 1 } else { await withCheckedContinuation { waiting.append($0) } }
  }
  func release() { if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() } }
}
@Sendable func cancelledBetween() async throws {
  let pool = Pool()
  let user = Task {
    await pool.acquire()
    try Task.checkCancellation()  // leaves without a release
    await pool.release()
  }
  user.cancelSoon()
  _ = await user.result
  try check(await pool.free == 1, "a connection leaked")
}
extension Task { func cancelSoon() { Task<Void, Never> { self.cancel() } } }

extension Pool {
  /// Whoever needs a connection has it for as long as `body` runs, however that ends.
  func withConnection(_ body: @Sendable () async throws -> Void) async throws {
    await acquire()
    defer { release() }
    try await body()
  }
}
@Sendable func cancelledBetweenMended() async throws {
  let pool = Pool()
  let user = Task { try await pool.withConnection { try Task.checkCancellation() } }
  user.cancelSoon()
  _ = await user.result
  try check(await pool.free == 1, "a connection leaked")
}

// MARK: Unit handed to a cancelled waiter

actor CancellableSemaphore {
  var value = 1
  var waiting: [(id: Int, continuation: CheckedContinuation<Bool, Never>)] = []
  private var nextID = 0
  func acquire() async throws {
    // Has it, and throws it away.
    if await !hasUnit() || Task.isCancelled { throw CancellationError() }
  }
  func acquireMended() async throws {
    guard await hasUnit() else { throw CancellationError() }
    if Task.isCancelled {
      release()  // the next one's
      throw CancellationError()
    }
  }
  /// Waits for a unit; false if it was cancelled before there was one.
  private func hasUnit() async -> Bool {
    if value > 0 {
      value -= 1
      return true
    }
    nextID += 1
    let id = nextID
    return await withTaskCancellationHandler {
      await withCheckedContinuation { waiting.append((id, $0)) }
    } onCancel: {
      Task { await self.cancel(id) }
    }
  }
  private func cancel(_ id: Int) {
    guard let index = waiting.firstIndex(where: { $0.id == id }) else { return }
    waiting.remove(at: index).continuation.resume(returning: false)
  }
  func release() {
    if waiting.isEmpty { value += 1 } else { waiting.removeFirst().continuation.resume(returning: true) }
  }
}
@Sendable func semaphoreHandover() async throws {
  try await handover { try await $0.acquire() }
}
@Sendable func semaphoreHandoverMended() async throws {
  try await handover { try await $0.acquireMended() }
}
private func handover(acquire: @escaping @Sendable (CancellableSemaphore) async throws -> Void) async throws {
  let semaphore = CancellableSemaphore()
  try await acquire(semaphore)
  let waiter = Task {
    try await acquire(semaphore)
    await semaphore.release()
  }
  let canceller = Task { waiter.cancel() }
  let holder = Task { await semaphore.release() }
  _ = await (waiter.result, canceller.value, holder.value)
  try check(await semaphore.value == 1, "the semaphore has lost a unit")
}

// MARK: Cancelled with the lock taken

/// A sync holds the lock for a second; the user leaves the screen at about that time, and comes back.
private func leavingScreen(sync: @escaping @Sendable (AsyncLock) async throws -> Void) async {
  let lock = AsyncLock()
  let first = Task { try await sync(lock) }
  let user = Task {
    try? await Task.sleep(for: .seconds(1))
    first.cancel()
  }
  _ = await (first.result, user.value)
  await lock.lock()
  await lock.unlock()
}
@Sendable func lockLeftTaken() async throws {
  await leavingScreen { lock in
    await lock.lock()
    try await Task.sleep(for: .seconds(1))  // throws if it is cancelled, past the unlock
    await lock.unlock()
  }
}

extension AsyncLock {
  func whileLocked(_ body: @Sendable () async throws -> Void) async throws {
    await lock()
    defer { unlock() }
    try await body()
  }
}
@Sendable func lockLeftTakenMended() async throws {
  await leavingScreen { lock in
    try await lock.whileLocked { try await Task.sleep(for: .seconds(1)) }
  }
}

// MARK: Cancellation swallowed

/// Searches when the user has stopped typing for a while.
actor SearchField {
  private(set) var searched: [String] = []
  private var pending: Task<Void, Never>?
  func type(_ text: String) {
    pending?.cancel()
    pending = Task {
      try? await Task.sleep(for: .milliseconds(300))  // when it is cancelled, it is over at once
      searched.append(text)
    }
  }
  func typeMended(_ text: String) {
    pending?.cancel()
    pending = Task {
      do { try await Task.sleep(for: .milliseconds(300)) } catch { return }
      // It may have been cancelled after the sleep has ended, before this goes on.
      if !Task.isCancelled { searched.append(text) }
    }
  }
}
@Sendable func swallowedCancellation() async throws {
  let field = SearchField()
  for text in ["s", "sw", "swift"] { await field.type(text) }
  try await Task.sleep(for: .seconds(1))
  try check(await field.searched == ["swift"], "searched for what was only begun")
}
@Sendable func swallowedCancellationMended() async throws {
  let field = SearchField()
  for text in ["s", "sw", "swift"] { await field.typeMended(text) }
  try await Task.sleep(for: .seconds(1))
  try check(await field.searched == ["swift"], "searched for what was only begun")
}

// MARK: Waiters of a cancelled download

/// The first who asks downloads, the others wait for it.
actor ImageLoader {
  private var image: String?
  private var isLoading = false
  private var waiting: [CheckedContinuation<String, any Error>] = []
  func load() async throws -> String {
    if let image { return image }
    if isLoading { return try await withCheckedThrowingContinuation { waiting.append($0) } }
    isLoading = true
    try await Task.sleep(for: .seconds(1))  // the first caller is cancelled: the others wait for ever
    image = "cat"
    for waiter in waiting { waiter.resume(returning: "cat") }
    waiting = []
    return "cat"
  }
}
@Sendable func forgottenWaiters() async throws {
  let loader = ImageLoader()
  let cell = Task { try await loader.load() }
  let header = Task { try await loader.load() }
  let scrolling = Task { cell.cancel() }
  _ = await (cell.result, scrolling.value)
  try check(try await header.value == "cat", "no image")
}

actor MendedImageLoader {
  private var loading: Task<String, any Error>?
  func load() async throws -> String {
    // The download is no caller's own: none of them can cancel it.
    let task =
      loading
      ?? Task {
        try await Task.sleep(for: .seconds(1))
        return "cat"
      }
    loading = task
    return try await task.value
  }
}
@Sendable func forgottenWaitersMended() async throws {
  let loader = MendedImageLoader()
  let cell = Task { try await loader.load() }
  let header = Task { try await loader.load() }
  let scrolling = Task { cell.cancel() }
  _ = await (cell.result, scrolling.value)
  try check(try await header.value == "cat", "no image")
}

// MARK: Cancelled before it waits

/// Something that happens once, and can be waited for.
final class Signal: Sendable {
  private let waiter = Mutex<CheckedContinuation<Void, any Error>?>(nil)
  func wait() async throws {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in waiter.withLock { $0 = continuation } }
    } onCancel: {
      // Runs first if the task has been cancelled already: then there is nobody to resume, and nobody will be told.
      take()?.resume(throwing: CancellationError())
    }
  }
  private func take() -> CheckedContinuation<Void, any Error>? {
    waiter.withLock { waiter in
      defer { waiter = nil }
      return waiter
    }
  }
}
@Sendable func cancelledBeforeWaiting() async throws {
  let signal = Signal()
  let waiter = Task { try await signal.wait() }
  let canceller = Task { waiter.cancel() }
  _ = await (waiter.result, canceller.value)
}

final class MendedSignal: Sendable {
  private enum State {
    case idle
    case waiting(CheckedContinuation<Void, any Error>)
    case cancelled
  }
  private let state = Mutex(State.idle)
  func wait() async throws {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let isCancelled = state.withLock { state in
          if case .cancelled = state { return true }
          state = .waiting(continuation)
          return false
        }
        if isCancelled { continuation.resume(throwing: CancellationError()) }
      }
    } onCancel: {
      let before = state.withLock { state in
        defer { state = .cancelled }
        return state
      }
      if case .waiting(let continuation) = before { continuation.resume(throwing: CancellationError()) }
    }
  }
}
@Sendable func cancelledBeforeWaitingMended() async throws {
  let signal = MendedSignal()
  let waiter = Task { try await signal.wait() }
  let canceller = Task { waiter.cancel() }
  _ = await (waiter.result, canceller.value)
}
