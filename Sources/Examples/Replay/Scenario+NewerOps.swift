// The ops of what asyncio gained after 3.8.

extension ScenarioDecoder {
  /// Decodes the op of that name; nil if it is none that suspends or steers a body.
  func newerTaskOp(_ name: String, _ fields: inout Fields, _ place: Place) throws -> Scenario.Op? {
    func ops(_ name: String) throws -> [Scenario.Op] { try fields.required(name) { try self.ops($0, place) } }
    func timeout(_ name: String) throws -> Int? { try fields.optional(name) { try $0.asInteger() } }
    func barrier() throws -> String { try fields.required("obj") { try self.barrier($0) } }

    switch name {
    case "told": return .told
    case "timeout": return .timeout(name: try timeoutName(&fields), .after(try timeout("ms")), try ops("ops"))
    case "timeout_at": return .timeout(name: try timeoutName(&fields), .at(try timeout("at")), try ops("ops"))
    case "task_group": return .taskGroup(name: try groupName(&fields), try ops("ops"))
    case "completed":
      return .completed(
        try fields.required("of") { try $0.asArray { try slot($0) } },
        timeout: try timeout("timeout"),
        first: try ops("first")
      )
    case "barrier_wait": return .barrierWait(barrier: try barrier())
    case "barrier_reset": return .barrierReset(barrier: try barrier())
    case "barrier_abort": return .barrierAbort(barrier: try barrier())
    default: return nil
    }
  }

  /// Decodes the op of that name; nil if it is none that a callback can do.
  func newerSyncOp(_ name: String, _ fields: inout Fields) throws -> Scenario.SyncOp? {
    func slot() throws -> String { try fields.required("slot") { try self.slot($0) } }

    return switch name {
    case "group_spawn":
      .groupSpawn(
        group: try groupName(&fields),
        slot: try slot(),
        body: try fields.required("body") { try body($0) }
      )
    case "uncancel": .uncancel(try slot())
    case "cancelling": .cancelling(try slot())
    case "reschedule":
      .reschedule(timeout: try timeoutName(&fields), at: try fields.optional("at") { try $0.asInteger() })
    case "timeout_info": .timeoutInfo(timeout: try timeoutName(&fields))
    case "shutdown":
      .shutdown(
        queue: try fields.required("obj") { try queue($0) },
        immediate: try fields.required("immediate") { try $0.asBool() }
      )
    case "barrier_info": .barrierInfo(barrier: try fields.required("obj") { try barrier($0) })
    default: nil
    }
  }

  private func timeoutName(_ fields: inout Fields) throws -> String {
    try fields.required("scope") { try $0.asString() }
  }

  private func groupName(_ fields: inout Fields) throws -> String {
    try fields.required("group") { try $0.asString() }
  }
}
