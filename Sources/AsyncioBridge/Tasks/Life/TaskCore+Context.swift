extension TaskRef {
  /// Makes the task, which does not run yet, run in `context` itself.
  func share(_ context: Asyncio.Context) {
    record.context = context
    record.ownContext = context
  }

  /// The task's context, made now if nobody has asked for it yet.
  func requireContext() -> Asyncio.Context {
    if let context = record.ownContext { return context }
    if onLoop({ $0.callingCore() }) == self { return .current() }
    let context = Asyncio.Context()
    // If the task is suspended with others on its stack, this is looked at only when it asks for its context itself.
    share(context)
    return context
  }
}
