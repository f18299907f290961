/// What is left of a future whose last reference went on another thread than the loop's, while that runs: as happens
/// when an actor that is pinned to the loop is destroyed, which may be on any thread.
///
/// The loop's counts and what the future has kept are for the loop's thread alone: so the remains are handed to it.
final class FutureRemains {
  private var callbacks = CallbackList()
  private var outcome = OutcomeWord()
  private let core: TaskRef?
  private var report: Asyncio.ExceptionContext?

  init(of future: Asyncio.AnyFuture) {
    core = future.core
    // No description: that would look at what belongs to the loop's thread.
    report =
      future.hasUnretrievedError
      ? Asyncio.ExceptionContext(
        message: "\(future.kindDescription) exception was never retrieved",
        error: future.error,
        subject: .text("<\(future.kindDescription)>"),
        site: future.site
      ) : nil
    swap(&callbacks, &future.callbacks)
    swap(&outcome, &future.stored)
  }

  func handOver(to loop: Asyncio.EventLoop) {
    loop.settle { [self] loop in
      report?.subjectsContext = core?.requireContext()
      if let report { loop.callExceptionHandler(report) }
      if let core {
        core.record.task = nil
        if !core.hasEnded { loop.unwind(core) }
        core.release()
      }
      callbacks = CallbackList()
      outcome = OutcomeWord()
      // Whoever calls this keeps the loop.
      _ = loop.removeFuture()
    }
  }
}

extension Asyncio.EventLoop {
  /// Ends the life of something of the loop's: at once, or on the loop's thread if another one is in the loop's code.
  func settle(_ end: @escaping (Asyncio.EventLoop) -> Void) {
    if !isEndingElsewhere { return end(self) }
    // The loop is there: it runs on another thread, and what is to be settled is counted as one of its futures, or
    // keeps it.
    let boxed = UncheckedBox(end)
    let isAccepted = mailbox.post(
      PostedCall({ if let loop = Asyncio.EventLoop.running() { boxed.value(loop) } }, site: .library)
    )
    // It has been closed meanwhile, and uses nothing any more.
    if isAccepted == nil { end(self) }
  }
}
