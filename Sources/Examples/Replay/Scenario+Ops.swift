extension ScenarioDecoder {
  /// Decodes the op of that name; nil if it is none that suspends or steers a body.
  func taskOp(_ name: String, _ fields: inout Fields, _ place: Place) throws -> Scenario.Op? {
    func ops(_ name: String) throws -> [Scenario.Op] { try fields.required(name) { try self.ops($0, place) } }
    func timeout() throws -> Int? { try fields.optional("timeout") { try $0.asInteger() } }
    func slots() throws -> [String] { try fields.required("of") { try $0.asArray { try slot($0) } } }

    switch name {
    case "return":
      if place.isInFinally { throw MalformedField("'return' is not allowed in 'finally'").within(.name("op")) }
      return .return(try fields.optional("value") { try $0.asValue() } ?? .null)
    case "reraise":
      if !place.isInExceptClause {
        throw MalformedField("'reraise' is allowed in an 'except' clause only").within(.name("op"))
      }
      return .reraise
    case "repeat": return .repeat(try fields.required("n") { try $0.asInteger(atLeast: 0) }, try ops("ops"))
    case "try": return try tryOp(&fields, place)
    case "call": return .call(body: try fields.required("body") { try body($0) })

    case "sleep":
      return .sleep(
        milliseconds: try fields.required("ms") { try $0.asInteger() },
        try fields.optional("value") { try $0.asValue() } ?? .null
      )
    case "await": return .await(slot: try fields.required("slot") { try slot($0) })
    case "await_self": return .awaitSelf
    case "cancel_self": return .cancelSelf(message: try fields.optional("message") { try $0.asString() })
    case "wait":
      return .wait(
        try slots(),
        timeout: try timeout(),
        try fields.optional("return_when") { try $0.asName(Scenario.ReturnWhen.self) } ?? .allCompleted
      )
    case "wait_for": return .waitFor(try fields.required("of") { try argument($0) }, timeout: try timeout())
    case "as_completed":
      return .asCompleted(
        try slots(),
        timeout: try timeout(),
        try fields.optional("on_error") { try $0.asName(Scenario.OnError.self) } ?? .stop
      )

    case "put":
      return .put(
        queue: try fields.required("obj") { try queue($0) },
        try fields.required("value") { try $0.asInteger() }
      )
    case "get": return .get(queue: try fields.required("obj") { try queue($0) })
    case "join": return .join(queue: try fields.required("obj") { try queue($0) })
    case "acquire": return .acquire(lock: try fields.required("obj") { try lock($0) })
    case "with": return .with(lock: try fields.required("obj") { try lock($0) }, try ops("ops"))
    case "event_wait": return .eventWait(event: try fields.required("obj") { try event($0) })
    case "cond_wait": return .conditionWait(condition: try fields.required("obj") { try condition($0) })
    case "cond_wait_for":
      return .conditionWaitFor(
        condition: try fields.required("obj") { try condition($0) },
        variable: try fields.required("var") { try $0.asString() },
        atLeast: try fields.required("atleast") { try $0.asInteger() }
      )
    default: return try newerTaskOp(name, &fields, place)
    }
  }

  private func tryOp(_ fields: inout Fields, _ place: Place) throws -> Scenario.Op {
    var inClause = place
    inClause.isInExceptClause = true
    var inFinally = place
    inFinally.isInFinally = true
    return .try(
      try fields.required("body") { try ops($0, place) },
      clauses: try fields.optional("except") { clauses in
        try clauses.asArray { clause in
          try clause.asObject { fields in
            Scenario.ExceptClause(
              kind: try fields.required("kind") { try $0.asName(Scenario.ExceptClause.Kind.self) },
              ops: try fields.required("ops") { try ops($0, inClause) }
            )
          }
        }
      } ?? [],
      finally: try fields.optional("finally") { try ops($0, inFinally) } ?? []
    )
  }

  /// Decodes the op of that name; nil if it is none that a callback can do.
  func syncOp(_ name: String, _ fields: inout Fields) throws -> Scenario.SyncOp? {
    switch name {
    case "log": .log(try fields.required("text") { try $0.asString() })
    case "raise": .raise(try fields.required("error") { try $0.asName(Scenario.ErrorName.self) })
    case "add":
      .add(variable: try fields.required("var") { try $0.asString() }, try fields.required("n") { try $0.asInteger() })
    case "current": .current
    case "all_tasks": .allTasks
    default:
      try futureOp(name, &fields) ?? schedulingOp(name, &fields) ?? objectOp(name, &fields)
        ?? newerSyncOp(name, &fields)
    }
  }

  private func futureOp(_ name: String, _ fields: inout Fields) throws -> Scenario.SyncOp? {
    func slot() throws -> String { try fields.required("slot") { try self.slot($0) } }
    func argument() throws -> Scenario.Argument { try fields.required("of") { try self.argument($0) } }
    func callback() throws -> String { try fields.required("cb") { try callbackName($0) } }

    return switch name {
    case "spawn":
      .spawn(
        slot: try slot(),
        body: try fields.required("body") { try body($0) },
        isEager: try fields.optional("eager") { try $0.asBool() } ?? false
      )
    case "ensure": .ensure(slot: try slot(), try argument())
    case "gather":
      .gather(
        slot: try slot(),
        try fields.required("of") { try $0.asArray { try self.argument($0) } },
        returnsErrors: try fields.optional("return_exceptions") { try $0.asBool() } ?? false
      )
    case "shield": .shield(slot: try slot(), try argument())
    case "cancel": .cancel(try slot(), message: try fields.optional("message") { try $0.asString() })
    case "set_result": .setResult(try slot(), try fields.optional("value") { try $0.asValue() } ?? .null)
    case "set_exception":
      .setException(try slot(), try fields.required("error") { try $0.asName(Scenario.ErrorName.self) })
    case "result": .result(try slot())
    case "exception": .exception(try slot())
    case "query": .query(try slot())
    case "callback_count": .callbackCount(try slot())
    case "add_cb": .addCallback(try slot(), callback: try callback())
    case "remove_cb": .removeCallback(try slot(), callback: try callback())
    default: nil
    }
  }

  private func schedulingOp(_ name: String, _ fields: inout Fields) throws -> Scenario.SyncOp? {
    func ops() throws -> [Scenario.SyncOp] { try fields.required("ops") { try syncOps($0) } }
    func time(_ name: String) throws -> Int { try fields.required(name) { try $0.asInteger() } }
    func handle() throws -> String? { try fields.optional("handle") { try $0.asString() } }

    return switch name {
    case "call_soon": .callSoon(try ops(), handle: try handle())
    case "call_later": .callLater(milliseconds: try time("ms"), try ops(), handle: try handle())
    case "call_at": .callAt(milliseconds: try time("at"), try ops(), handle: try handle())
    case "cancel_handle": .cancelHandle(try fields.required("handle") { try $0.asString() })
    default: nil
    }
  }

  private func objectOp(_ name: String, _ fields: inout Fields) throws -> Scenario.SyncOp? {
    func queue() throws -> String { try fields.required("obj") { try self.queue($0) } }
    func event() throws -> String { try fields.required("obj") { try self.event($0) } }
    func condition() throws -> String { try fields.required("obj") { try self.condition($0) } }
    func lock() throws -> String { try fields.required("obj") { try self.lock($0) } }

    return switch name {
    case "put_nowait": .putNowait(queue: try queue(), try fields.required("value") { try $0.asInteger() })
    case "get_nowait": .getNowait(queue: try queue())
    case "task_done": .taskDone(queue: try queue())
    case "qinfo": .queueInfo(queue: try queue())
    case "release": .release(lock: try lock())
    case "locked": .isLocked(lock: try lock())
    case "event_set": .eventSet(event: try event())
    case "event_clear": .eventClear(event: try event())
    case "is_set": .eventIsSet(event: try event())
    case "notify": .notify(condition: try condition(), try fields.required("n") { try $0.asInteger() })
    case "notify_all": .notifyAll(condition: try condition())
    default: nil
    }
  }
}
