import Synchronization

/// What runs, for a thread that watches.
package final class ScheduleProgress: Sendable {
  /// A step that has begun.
  package struct Step: Hashable, Sendable {
    /// Counted over all schedules.
    package let number: Int
    package let entity: Int
  }

  private let steps = Atomic(0)
  private let entity = Atomic(none)
  private static var none: Int { -1 }

  package init() {}

  /// The step that runs; nil between two.
  package var running: Step? {
    let number = steps.load(ordering: .acquiring)
    let entity = entity.load(ordering: .relaxed)
    return entity == Self.none ? nil : Step(number: number, entity: entity)
  }

  func willRun(_ running: Int) {
    entity.store(running, ordering: .relaxed)
    steps.store(steps.load(ordering: .relaxed) &+ 1, ordering: .releasing)
  }

  func didRun() { entity.store(Self.none, ordering: .relaxed) }
}
