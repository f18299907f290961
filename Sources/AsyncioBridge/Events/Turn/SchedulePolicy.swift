/// Chooses the ready entry that runs next, where a loop is not to run entries first in, first out.
///
/// A loop with a policy runs each entry in its run method: no task drives.
protocol SchedulePolicy: AnyObject {
  /// The index of the entry that runs next. There is at least one.
  /// - Parameter leftInTurn: how many entries, counted from the first, belong to the turn.
  func choose(among ready: borrowing Ring<ReadyEntry>, leftInTurn: Int) -> Int

  /// The chosen entry is about to run.
  func willRun(_ entry: borrowing ReadyEntry)

  /// The entry has run.
  /// - Throws: what is to leave the run method.
  func didRun() throws

  /// A job of Swift's runtime has been enqueued, which will be an entry of its own.
  func didEnqueue(_ job: CapturedJob)

  /// Jobs have left the ready queue without having been chosen.
  func jobsDidLeave()

  /// Another thread has handed in a job of Swift's runtime, or a call.
  func foreignDidArrive(_ job: CapturedJob?)

  /// Whether the clock of a virtual loop goes on to the next timer, although entries are ready.
  /// - Parameter delay: how long until that is due, in nanoseconds.
  func passesTime(until delay: Int64) -> Bool

  /// How long, in real nanoseconds, a virtual loop waits for other threads before time jumps; and before nothing is
  /// left to wait for. Nil: as the loop does without a policy.
  var foreignPatience: (jump: Int64, deadlock: Int64)? { get }

  /// Whether Swift tasks and main-actor code that start on the loop's thread are to stay there.
  var adoptsStrays: Bool { get }
}

extension SchedulePolicy {
  func willRun(_ entry: borrowing ReadyEntry) {}
  func didRun() {}
  func didEnqueue(_ job: CapturedJob) {}
  func jobsDidLeave() {}
  func foreignDidArrive(_ job: CapturedJob?) {}
  func passesTime(until delay: Int64) -> Bool { false }
  var foreignPatience: (jump: Int64, deadlock: Int64)? { nil }
  var adoptsStrays: Bool { false }
}
