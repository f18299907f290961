@testable import AsyncioBridge

/// Chooses which of the entries of a turn runs next, by numbers that look random. For tests: what depends on an order
/// that asyncio does not promise fails under some seed.
///
/// Callbacks of `callSoon` keep their order among themselves, and so do calls of other threads, timers, the callbacks
/// of one future, and jobs of Swift's runtime.
final class EntryShuffle: SchedulePolicy {
  private var numbers: Random

  init(seed: UInt64) { numbers = Random(seed: seed) }

  /// How many entries it looks at: a turn may have very many.
  private static var range: Int { 16 }

  func choose(among ready: borrowing Ring<ReadyEntry>, leftInTurn: Int) -> Int {
    var offset = 0
    var candidates: [Int] = []
    var lines: Set<ReadyEntry.Line> = []
    _ = ready.contains { entry in
      if offset == min(leftInTurn, Self.range) { return true }
      defer { offset += 1 }
      guard let line = entry.line else {
        if offset == 0 { candidates.append(offset) }
        return true
      }
      if lines.insert(line).inserted { candidates.append(offset) }
      return false
    }
    return candidates.randomElement(using: &numbers) ?? 0
  }
}

extension ReadyEntry {
  /// Entries of the same line run in the order in which they stand there.
  fileprivate enum Line: Hashable {
    case handles
    case postedCalls
    case timers
    case callbacks(of: ObjectIdentifier)
    /// A step that no future's completion has caused.
    case step(of: ObjectIdentifier)
    case jobs
  }

  /// Nil if it runs behind all that stand before it, and before all that stand behind.
  fileprivate var line: Line? {
    switch self {
    case .step(let task):
      task.with { task in
        if let waiter = task.core?.waiter { return .callbacks(of: ObjectIdentifier(waiter)) }
        return .step(of: ObjectIdentifier(task))
      }
    case .handle(let handle):
      switch handle {
      case is PostedHandle: .postedCalls
      case is Asyncio.TimerHandle: .timers
      default: .handles
      }
    case .notify(let notification): notification.future.with { .callbacks(of: ObjectIdentifier($0)) }
    // Of a timer, or of a future that it does not know.
    case .completeWaiter: nil
    case .foreignAwaitEnded: .jobs
    case .childJob: .jobs
    }
  }
}
