// Known concurrency bugs in plain Swift: nothing in these programs knows of the library. Each throws, or hangs, under
// some schedules and passes under others. After it stands its twin: the same program, mended, which never fails.
import Synchronization
import Testing

struct KnownBug: Sendable, CustomTestStringConvertible {
  let testDescription: String
  /// How many schedules the search may take to find it.
  let schedules: Int
  let body: @Sendable () async throws -> Void
  let mended: @Sendable () async throws -> Void

  init(
    _ name: String,
    within schedules: Int,
    _ body: @escaping @Sendable () async throws -> Void,
    mended: @escaping @Sendable () async throws -> Void
  ) {
    (testDescription, self.schedules, self.body, self.mended) = (name, schedules, body, mended)
  }

  static let all = ofAwaits + ofWaiting + ofCancellation + ofStreams + ofTimeouts + ofMainActor + ofSeveralActors
}

struct Violation: Error, CustomStringConvertible {
  let description: String
  init(_ text: String) { description = text }
}
func check(_ condition: Bool, _ text: String) throws { if !condition { throw Violation(text) } }

// MARK: What several of them use

actor Bank {
  var approvals = 0
  @inline(never) func approve() { approvals += 1 }
}

actor Cell {
  var value = 0
  func set(_ new: Int) { value = new }
}

/// A lock as one writes it when one first needs it: waiters in line, no cancellation.
actor AsyncLock {
  var isLocked = false
  var waiting: [CheckedContinuation<Void, Never>] = []
  func lock() async {
    if !isLocked { isLocked = true } else { await withCheckedContinuation { waiting.append($0) } }
  }
  func unlock() { if waiting.isEmpty { isLocked = false } else { waiting.removeFirst().resume() } }
}

/// Leaves the actor for a moment, as a call of a logger does.
@inline(never) @concurrent func nothing() async { notes.add(1, ordering: .relaxed) }
let notes = Atomic(0)

/// Runs a program among eight busy tasks that have nothing to do with it.
@Sendable func withNoise(_ body: @Sendable @escaping () async throws -> Void) async throws {
  let cells = (0..<8).map { _ in Cell() }
  let noise = cells.map { cell in Task { for n in 0..<10 { await cell.set(n); await nothing() } } }
  let outcome = await Task { try await body() }.result
  for task in noise { await task.value }
  try outcome.get()
}
