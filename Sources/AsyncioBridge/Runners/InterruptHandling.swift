/// Makes interrupts (SIGINT, as by Control-C) cancel a main task as long as that runs, instead of ending the process.
///
/// The signal handler does nothing but write to a pipe. A thread reads from that, and hands a call to the loop for
/// each interrupt; so all that is done about it is done by the loop's own thread, between two steps.
final class InterruptHandling: Sendable {
  private struct State {
    /// Interrupts that came, and those that the loop has been told of.
    var received = 0
    var delivered = 0
  }

  private let state = Locked(State())
  private let mailbox: Mailbox
  private let endsAtFirst: Bool
  private let mainID = ExchangeID()
  private let isOver = ThreadEvent()

  /// Begins to handle interrupts. Nil if they are not to be handled, since the process ignores them or has a handler of
  /// its own, or is handling them for another loop.
  /// - Parameters:
  ///   - main: what the loop runs for.
  ///   - endsAtFirst: whether the first interrupt ends the run, and not the second.
  init?(for main: Asyncio.AnyFuture, endsAtFirst: Bool = false) {
    mailbox = main.loop.mailbox
    self.endsAtFirst = endsAtFirst
    guard InterruptSignal.install() else { return nil }
    main.loop.futuresAwaitedElsewhere[mainID] = main
    startThread { self.watch() }
  }

  private func watch() {
    while InterruptSignal.next() {
      state.withLock { $0.received += 1 }
      mailbox.post(PostedCall({ try self.deliver() }, site: .library))
    }
    isOver.set()
  }

  /// The first interrupt cancels the main task; the next ends the run. If that has ended just now, `end` sees to it.
  private func deliver() throws {
    guard let main = Asyncio.EventLoop.running()?.futuresAwaitedElsewhere[mainID], !main.isDone else { return }
    let isFirst = state.withLock { state in
      state.delivered += 1
      return state.delivered == 1
    }
    if isFirst, !endsAtFirst { main.cancel() } else { throw Asyncio.KeyboardInterrupt() }
  }

  /// Ends the handling, and returns what the run comes to, given what the loop's run method did.
  func end<Value>(_ main: Asyncio.Future<Value>, _ outcome: Result<Value, any Error>) throws -> Value {
    InterruptSignal.uninstall { _ = isOver.wait() }
    main.loop.futuresAwaitedElsewhere[mainID] = nil
    let state = state.withLock { $0 }
    switch outcome {
    case .success(let value):
      // One that came too late to cancel the task is not to be lost.
      if state.received > state.delivered { throw Asyncio.KeyboardInterrupt() }
      return value
    case .failure(let error):
      // If nobody else wanted the task to be cancelled, it was the interrupt.
      if error is Asyncio.CancelledError, state.delivered > 0, main.asTask?.uncancel() == 0 {
        throw Asyncio.KeyboardInterrupt()
      }
      throw error
    }
  }
}
