/// What the library registers on a future: the loop calls it on a turn of its own when the future is done.
@usableFromInline
class FutureObserver: LoopHeld, CustomStringConvertible {
  @exclusivity(unchecked) final var holdCount: UInt32 = 0

  /// Whether code that is not the library's may run in it.
  var mayRunUserCode: Bool { false }

  func futureDidComplete(_ future: Asyncio.AnyFuture) throws {}

  /// What it means for who waits for whom.
  var callGraphRole: CallGraphRole { .none }

  /// What descriptions and reports call it.
  @usableFromInline
  var description: String { "<\(type(of: self))>" }
}
