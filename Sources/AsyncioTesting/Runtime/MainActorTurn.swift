import Foundation

/// The right to run code of the main actor on an exploring loop: one schedule has it at a time, from its first use of
/// the main actor to its end. So what the main actor guards is not used by two explorations at once.
///
/// It belongs to one thread. The main thread itself knows nothing of it.
final class MainActorTurn {
  private static let lock = NSLock()
  private var isHeld = false

  func take() {
    if isHeld { return }
    Self.lock.lock()
    isHeld = true
  }

  func end() {
    if isHeld { Self.lock.unlock() }
    isHeld = false
  }
}
