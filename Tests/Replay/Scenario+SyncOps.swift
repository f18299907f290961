import Foundation

extension Scenario.SyncOp: DecodableWithConfiguration {
  init(from decoder: any Decoder, configuration scope: Scope) throws {
    self = try Fields.read(decoder, in: scope) { fields in
      let name: String = try fields.required("op")
      guard let op = try Self(name, &fields) else {
        throw fields.malformed("op", "'\(name)' is no op of a callback")
      }
      return op
    }
  }

  /// The op of that name; nil if it is none that a callback can do.
  init?(_ name: String, _ fields: inout Fields) throws {
    let op =
      try Self(basic: name, &fields) ?? Self(future: name, &fields) ?? Self(scheduling: name, &fields)
      ?? Self(object: name, &fields) ?? Self(newer: name, &fields)
    guard let op else { return nil }
    self = op
  }

  private init?(basic name: String, _ fields: inout Fields) throws {
    switch name {
    case "log": self = .log(try fields.required("text"))
    case "raise": self = .raise(try fields.required("error"))
    case "add": self = .add(variable: try fields.required("var"), try fields.required("n"))
    case "current": self = .current
    case "all_tasks": self = .allTasks
    default: return nil
    }
  }

  private init?(future name: String, _ fields: inout Fields) throws {
    switch name {
    case "spawn":
      self = .spawn(slot: try fields.slot(), body: try fields.body(), isEager: try fields.optional("eager") ?? false)
    case "ensure": self = .ensure(slot: try fields.slot(), try fields.required("of"))
    case "gather":
      self = .gather(
        slot: try fields.slot(),
        try fields.required("of"),
        returnsErrors: try fields.optional("return_exceptions") ?? false
      )
    case "shield": self = .shield(slot: try fields.slot(), try fields.required("of"))
    case "cancel": self = .cancel(try fields.slot(), message: try fields.optional("message"))
    case "set_result": self = .setResult(try fields.slot(), try fields.optional("value") ?? .null)
    case "set_exception": self = .setException(try fields.slot(), try fields.required("error"))
    case "result": self = .result(try fields.slot())
    case "exception": self = .exception(try fields.slot())
    case "query": self = .query(try fields.slot())
    case "callback_count": self = .callbackCount(try fields.slot())
    case "add_cb": self = .addCallback(try fields.slot(), callback: try fields.callback())
    case "remove_cb": self = .removeCallback(try fields.slot(), callback: try fields.callback())
    default: return nil
    }
  }

  private init?(scheduling name: String, _ fields: inout Fields) throws {
    switch name {
    case "call_soon": self = .callSoon(try fields.required("ops"), handle: try fields.optional("handle"))
    case "call_later":
      self = .callLater(
        milliseconds: try fields.required("ms"),
        try fields.required("ops"),
        handle: try fields.optional("handle")
      )
    case "call_at":
      self = .callAt(
        milliseconds: try fields.required("at"),
        try fields.required("ops"),
        handle: try fields.optional("handle")
      )
    case "cancel_handle": self = .cancelHandle(try fields.required("handle"))
    default: return nil
    }
  }

  private init?(object name: String, _ fields: inout Fields) throws {
    switch name {
    case "put_nowait": self = .putNowait(queue: try fields.queue(), try fields.required("value"))
    case "get_nowait": self = .getNowait(queue: try fields.queue())
    case "task_done": self = .taskDone(queue: try fields.queue())
    case "qinfo": self = .queueInfo(queue: try fields.queue())
    case "release": self = .release(lock: try fields.lock())
    case "locked": self = .isLocked(lock: try fields.lock())
    case "event_set": self = .eventSet(event: try fields.event())
    case "event_clear": self = .eventClear(event: try fields.event())
    case "is_set": self = .eventIsSet(event: try fields.event())
    case "notify": self = .notify(condition: try fields.condition(), try fields.required("n"))
    case "notify_all": self = .notifyAll(condition: try fields.condition())
    default: return nil
    }
  }

  /// What asyncio gained after 3.8.
  private init?(newer name: String, _ fields: inout Fields) throws {
    switch name {
    case "group_spawn":
      self = .groupSpawn(group: try fields.required("group"), slot: try fields.slot(), body: try fields.body())
    case "uncancel": self = .uncancel(try fields.slot())
    case "cancelling": self = .cancelling(try fields.slot())
    case "reschedule": self = .reschedule(timeout: try fields.required("scope"), at: try fields.optional("at"))
    case "timeout_info": self = .timeoutInfo(timeout: try fields.required("scope"))
    case "shutdown": self = .shutdown(queue: try fields.queue(), immediate: try fields.required("immediate"))
    case "barrier_info": self = .barrierInfo(barrier: try fields.barrier())
    default: return nil
    }
  }
}
