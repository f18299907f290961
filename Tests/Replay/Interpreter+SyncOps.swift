import AsyncioBridge

extension Interpreter {
  /// Runs what does not suspend. Only the op `raise` throws.
  func run(_ ops: [Scenario.SyncOp]) throws {
    for op in ops { try run(op) }
  }

  func run(_ op: Scenario.SyncOp) throws {
    switch op {
    case .log(let text): log("log \(text)")
    case .raise(let error): throw error.makeError()

    case .spawn(let slot, let body, isEager: false):
      bind(try loop.createTask { try await self.runBody(body) }, to: slot)
    case .spawn(let slot, let body, isEager: true):
      // The body binds its task itself, which has begun when there is a task to bind here.
      try loop.createTask(eagerStart: true) { try await self.runBody(body, slot: slot) }
    case .groupSpawn(let group, let slot, let body): try spawn(body, in: group, slot)
    case .ensure(let slot, let argument): try ensure(argument, slot)
    case .gather(let slot, let arguments, let returnsErrors): try gather(arguments, returnsErrors, slot)
    case .shield(let slot, let argument):
      guard let awaitable = awaitable(for: argument) else { return log("shield \(argument.name) unbound") }
      slots[slot] = try Asyncio.shield(awaitable)

    case .cancel(let slot, let message): onSlot(slot, "cancel \(slot)") { .bool($0.cancel(message: message)) }
    case .uncancel(let slot): onTask(slot, "uncancel \(slot)") { .integer($0.uncancel()) }
    case .cancelling(let slot): onTask(slot, "cancelling \(slot)") { .integer($0.cancelling) }
    case .setResult(let slot, let value): onSlot(slot, "set_result \(slot)") { try $0.setResult(value) }
    case .setException(let slot, let error):
      onSlot(slot, "set_exception \(slot)") { try $0.setException(error.makeError()) }
    case .result(let slot): onSlot(slot, "result \(slot)") { try $0.result() }
    case .exception(let slot): onSlot(slot, "exception \(slot)") { try $0.exception().map(Value.error) ?? .null }
    case .query(let slot): log("query \(slot) \(slots[slot]?.stateText ?? "unbound")")
    case .callbackCount(let slot): onSlot(slot, "callback_count \(slot)") { .integer($0.callbackCount) }
    case .addCallback(let slot, let callback):
      guard let future = slots[slot] else { return log("add_cb \(slot) \(callback) unbound") }
      future.addDoneCallback(callbacks[callback]!)
    case .removeCallback(let slot, let callback):
      onSlot(slot, "remove_cb \(slot) \(callback)") { .integer($0.removeDoneCallback(callbacks[callback]!)) }

    case .callSoon(let ops, let name): keep(try loop.callSoon { try self.run(ops) }, name)
    case .callLater(let delay, let ops, let name):
      keep(try loop.callLater(.milliseconds(delay)) { try self.run(ops) }, name)
    case .callAt(let time, let ops, let name):
      keep(try loop.callAt(.init(offset: .milliseconds(time))) { try self.run(ops) }, name)
    case .cancelHandle(let name):
      guard let handle = handles[name] else { return log("cancel_handle \(name) unbound") }
      log("cancel_handle \(name) = \(Value.bool(handle.isCancelled))")
      handle.cancel()
    case .current: log("current \(Asyncio.currentTask()?.name ?? "None")")
    case .allTasks: log("all_tasks \(Asyncio.allTasks().count)")

    case .reschedule(let name, let when):
      let description = "reschedule \(name) \(when.map(String.init) ?? "None")"
      guard let timeout = timeouts[name] else { return log("\(description) unbound") }
      logOutcome(description) { try timeout.reschedule(when.map { .init(offset: .milliseconds($0)) }) }
    case .timeoutInfo(let name):
      guard let timeout = timeouts[name] else { return log("timeout_info \(name) unbound") }
      log("timeout_info \(name) when=\(timeout.whenText) expired=\(Value.bool(timeout.isExpired))")

    case .putNowait(let queue, let item):
      logOutcome("put_nowait \(queue) \(item)") { try queues[queue]!.putNowait(item) }
    case .getNowait(let queue): logOutcome("get_nowait \(queue)") { .integer(try queues[queue]!.getNowait()) }
    case .taskDone(let queue): logOutcome("task_done \(queue)") { try queues[queue]!.taskDone() }
    case .queueInfo(let name):
      let queue = queues[name]!
      log("qinfo \(name) size=\(queue.qsize) empty=\(Value.bool(queue.isEmpty)) full=\(Value.bool(queue.isFull))")
    case .shutdown(let queue, let immediate):
      logOutcome("shutdown \(queue)") { queues[queue]!.shutdown(immediate: immediate) }
    case .barrierInfo(let name):
      let barrier = barriers[name]!
      log("barrier_info \(name) waiting=\(barrier.waitingCount) broken=\(Value.bool(barrier.isBroken))")

    case .release(let lock): logOutcome("release \(lock)") { try locks[lock]!.release() }
    case .isLocked(let lock): logOutcome("locked \(lock)") { .bool(locks[lock]!.isLocked) }
    case .eventSet(let event): logOutcome("event_set \(event)") { events[event]!.set() }
    case .eventClear(let event): logOutcome("event_clear \(event)") { events[event]!.clear() }
    case .eventIsSet(let event): logOutcome("is_set \(event)") { .bool(events[event]!.isSet) }
    case .notify(let condition, let n):
      logOutcome("notify \(condition) \(n)") { try conditions[condition]!.notify(n) }
    case .notifyAll(let condition):
      logOutcome("notify_all \(condition)") { try conditions[condition]!.notifyAll() }
    case .add(let variable, let n):
      variables[variable, default: 0] += n
      log("add \(variable) = \(variables[variable, default: 0])")
    }
  }

  private func onSlot(_ slot: String, _ description: String, _ operation: (Future) throws -> Value) {
    guard let future = slots[slot] else { return log("\(description) unbound") }
    logOutcome(description) { try operation(future) }
  }

  private func onSlot(_ slot: String, _ description: String, _ operation: (Future) throws -> Void) {
    onSlot(slot, description) { future -> Value in
      try operation(future)
      return .null
    }
  }

  private func onTask(_ slot: String, _ description: String, _ operation: (Asyncio.Task<Value>) -> Value) {
    guard let task = slots[slot] as? Asyncio.Task<Value> else { return log("\(description) unbound") }
    logOutcome(description) { operation(task) }
  }

  private func spawn(_ body: Int, in name: String, _ slot: String) throws {
    guard let group = groups[name] else { return log("group_spawn \(name) \(slot) unbound") }
    do {
      bind(try group.createTask { try await self.runBody(body) }, to: slot)
    } catch let error as Asyncio.RuntimeError {
      log("group_spawn \(name) \(slot) ! \(errorName(error))")
    }
  }

  private func keep(_ handle: Asyncio.Handle, _ name: String?) {
    if let name { handles[name] = handle }
  }

  /// What stands for an argument; nil for an unbound slot.
  func awaitable(for argument: Scenario.Argument) -> (any Asyncio.Awaitable<Value>)? {
    switch argument {
    case .slot(let name): slots[name]
    case .body(let number, let slot): Asyncio.Coroutine { try await self.runBody(number, slot: slot) }
    }
  }

  private func ensure(_ argument: Scenario.Argument, _ slot: String) throws {
    switch argument {
    case .slot(let name):
      guard let future = slots[name] else { return log("ensure \(name) unbound") }
      slots[slot] = try Asyncio.ensureFuture(future)
    case .body(let number, _):
      let future = try Asyncio.ensureFuture(Asyncio.Coroutine { try await self.runBody(number) })
      if let task = future as? Asyncio.Task<Value> { bind(task, to: slot) }
    }
  }

  private func gather(_ arguments: [Scenario.Argument], _ returnsErrors: Bool, _ slot: String) throws {
    let awaitables = arguments.compactMap(awaitable(for:))
    slots[slot] = try Asyncio.gather(awaitables, returnsErrors: returnsErrors) { .list($0.map(Value.init)) }
  }
}
