/// Carries a value that belongs to a loop through a `Sendable` closure that only that loop's thread runs or takes apart.
///
/// `@unchecked Sendable`: each use states why the value stays on its loop's thread.
struct UncheckedBox<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}
