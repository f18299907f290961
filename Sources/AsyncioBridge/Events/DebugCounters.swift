import Synchronization

/// Counts the live objects of a loop, so that tests can show that nothing leaks. Counts nothing in release builds.
package final class DebugCounters: Sendable {
  /// Whether this build counts.
  package static var areKept: Bool {
    #if DEBUG
      true
    #else
      false
    #endif
  }

  private let futureCount = Atomic(0)
  private let hostCount = Atomic(0)

  /// How many futures and tasks of the loop are alive.
  package var futures: Int { futureCount.load(ordering: .relaxed) }
  /// How many task bodies are alive, with the Swift tasks that run them.
  package var hosts: Int { hostCount.load(ordering: .relaxed) }

  @inline(__always)
  func addFutures(_ change: Int) {
    #if DEBUG
      futureCount.add(change, ordering: .relaxed)
    #endif
  }

  @inline(__always)
  func addHosts(_ change: Int) {
    #if DEBUG
      hostCount.add(change, ordering: .relaxed)
    #endif
  }
}
