import Synchronization

/// Numbers the tasks that are given no name, in the order in which they are created.
enum TaskNumber {
  private static let last = Atomic(0)
  static func next() -> Int { last.add(1, ordering: .relaxed).newValue }
}
