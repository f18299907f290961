/// Chooses the ready entry that runs next, where a loop is not to run entries first in, first out.
///
/// A loop with a policy runs each entry in its run method: no task drives.
protocol SchedulePolicy: AnyObject {
  /// The index of the entry that runs next. There is at least one.
  /// - Parameter leftInTurn: how many entries, counted from the first, belong to the turn.
  func choose(among ready: borrowing Ring<ReadyEntry>, leftInTurn: Int) -> Int
}
