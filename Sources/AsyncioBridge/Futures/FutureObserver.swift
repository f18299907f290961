/// What the library registers on a future: the loop calls it on a turn of its own when the future is done.
@usableFromInline
class FutureObserver: LoopHeld, CustomStringConvertible {
  @safe @exclusivity(unchecked) final var ownerCount: UInt32 = 0

  /// Whether code that is not the library's may run when it is told of the end of `future`: then it is not told within
  /// the step of a task, whose task-locals and Swift flag that code would see. Each kind of observer has to say.
  func mayRunUserCode(on future: Asyncio.AnyFuture) -> Bool {
    preconditionFailure("AsyncioBridge: \(type(of: self)) does not say whether it runs code of the user's")
  }

  func futureDidComplete(_ future: Asyncio.AnyFuture) throws {}

  /// What it means for who waits for whom.
  var callGraphRole: CallGraphRole { .none }

  /// What descriptions and reports call it.
  var label: CallbackList.Label { .observer(Self.purpose) }

  /// What it is registered for, in the words of those who use the library.
  class var purpose: String { "\(Self.self)" }

  @usableFromInline
  final var description: String { "\(label)" }
}
