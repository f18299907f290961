import Foundation

extension Scenario.Op: DecodableWithConfiguration {
  init(from decoder: any Decoder, configuration scope: Scope) throws {
    self = try Fields.read(decoder, in: scope) { fields in
      let name: String = try fields.required("op")
      if let op = try Self(older: name, &fields) ?? Self(newer: name, &fields) { return op }
      if let op = try Scenario.SyncOp(name, &fields) { return .sync(op) }
      throw fields.malformed("op", "'\(name)' is no op")
    }
  }

  private init?(older name: String, _ fields: inout Fields) throws {
    switch name {
    case "return":
      if fields.scope.isInFinally { throw fields.malformed("op", "'return' is not allowed in 'finally'") }
      self = .return(try fields.optional("value") ?? .null)
    case "reraise":
      if !fields.scope.isInExceptClause {
        throw fields.malformed("op", "'reraise' is allowed in an 'except' clause only")
      }
      self = .reraise
    case "repeat": self = .repeat(try fields.required("n", atLeast: 0), try fields.required("ops"))
    case "try":
      var inClause = fields.scope
      inClause.isInExceptClause = true
      var inFinally = fields.scope
      inFinally.isInFinally = true
      self = .try(
        try fields.required("body"),
        clauses: try fields.optional("except", in: inClause) ?? [],
        finally: try fields.optional("finally", in: inFinally) ?? []
      )
    case "call": self = .call(body: try fields.body())

    case "sleep": self = .sleep(milliseconds: try fields.required("ms"), try fields.optional("value") ?? .null)
    case "await": self = .await(slot: try fields.slot())
    case "await_self": self = .awaitSelf
    case "cancel_self": self = .cancelSelf(message: try fields.optional("message"))
    case "wait":
      self = .wait(
        try fields.slots(),
        timeout: try fields.optional("timeout"),
        try fields.optional("return_when") ?? .allCompleted
      )
    case "wait_for": self = .waitFor(try fields.required("of"), timeout: try fields.optional("timeout"))
    case "as_completed":
      self = .asCompleted(
        try fields.slots(),
        timeout: try fields.optional("timeout"),
        try fields.optional("on_error") ?? .stop
      )

    case "put": self = .put(queue: try fields.queue(), try fields.required("value"))
    case "get": self = .get(queue: try fields.queue())
    case "join": self = .join(queue: try fields.queue())
    case "acquire": self = .acquire(lock: try fields.lock())
    case "with": self = .with(lock: try fields.lock(), try fields.required("ops"))
    case "event_wait": self = .eventWait(event: try fields.event())
    case "cond_wait": self = .conditionWait(condition: try fields.condition())
    case "cond_wait_for":
      self = .conditionWaitFor(
        condition: try fields.condition(),
        variable: try fields.required("var"),
        atLeast: try fields.required("atleast")
      )
    default: return nil
    }
  }

  /// What asyncio gained after 3.8.
  private init?(newer name: String, _ fields: inout Fields) throws {
    switch name {
    case "told": self = .told
    case "timeout":
      self = .timeout(
        name: try fields.required("scope"),
        .after(try fields.optional("ms")),
        try fields.required("ops")
      )
    case "timeout_at":
      self = .timeout(name: try fields.required("scope"), .at(try fields.optional("at")), try fields.required("ops"))
    case "task_group": self = .taskGroup(name: try fields.required("group"), try fields.required("ops"))
    case "completed":
      self = .completed(
        try fields.slots(),
        timeout: try fields.optional("timeout"),
        first: try fields.required("first")
      )
    case "barrier_wait": self = .barrierWait(barrier: try fields.barrier())
    case "barrier_reset": self = .barrierReset(barrier: try fields.barrier())
    case "barrier_abort": self = .barrierAbort(barrier: try fields.barrier())
    default: return nil
    }
  }
}
