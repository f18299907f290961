/// Carries a loop's value through a `Sendable` closure that only the loop's thread runs or takes apart.
///
/// `@unchecked Sendable`: each use states why the value stays on its loop's thread.
struct UncheckedBox<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}
