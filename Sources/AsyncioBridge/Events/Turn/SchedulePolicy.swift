/// Decides which of the ready entries runs next, where a loop is not to run them first in, first out.
///
/// A loop that has one runs each entry in its run method: no task drives.
protocol SchedulePolicy: AnyObject {
  /// The place of the entry that runs next, of which there is one.
  /// - Parameter leftInTurn: how many of the entries, from the first on, belong to the turn.
  func choose(among ready: borrowing Ring<ReadyEntry>, leftInTurn: Int) -> Int
}
