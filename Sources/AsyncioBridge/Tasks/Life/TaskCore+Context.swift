extension TaskRef {
  /// Makes the task, which is not running, run in `context` itself.
  func share(_ context: Asyncio.Context) {
    record.context = context
    record.ownContext = context
  }

  /// The task's context, made now if nobody has asked for it yet.
  func requireContext() -> Asyncio.Context {
    if let context = record.ownContext { return context }
    if onLoop({ $0.callingCore() }) == self { return .current() }
    let context = Asyncio.Context()
    // If the task is suspended with others on its stack, this context is looked at only when the task asks for its
    // context itself.
    share(context)
    return context
  }
}
