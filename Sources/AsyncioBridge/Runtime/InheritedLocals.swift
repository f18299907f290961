/// Task-local values that a loop which reuses its hosts passes on to the bodies of its tasks: a host that was made for
/// another task has inherited nothing of the creator's.
@usableFromInline
struct InheritedLocals {
  private let locals: [any InheritedLocal]

  init<each Local: Sendable>(_ locals: repeat TaskLocal<each Local>) {
    var list: [any InheritedLocal] = []
    for local in repeat each locals { list.append(InheritedLocalOf(local: local)) }
    self.locals = list
  }

  /// The body, which is to run with the values that are current now.
  @usableFromInline
  func bind<Value>(
    _ body: nonisolated(nonsending) @escaping () async throws -> Value
  ) -> nonisolated(nonsending) () async throws -> Value {
    var bound = body
    for local in locals { bound = local.bind(bound) }
    return bound
  }
}

private protocol InheritedLocal: Sendable {
  func bind<Value>(
    _ body: nonisolated(nonsending) @escaping () async throws -> Value
  ) -> nonisolated(nonsending) () async throws -> Value
}

private struct InheritedLocalOf<Local: Sendable>: InheritedLocal {
  let local: TaskLocal<Local>

  func bind<Value>(
    _ body: nonisolated(nonsending) @escaping () async throws -> Value
  ) -> nonisolated(nonsending) () async throws -> Value {
    let value = local.get()
    return { try await local.withValue(value) { try await body() } }
  }
}
