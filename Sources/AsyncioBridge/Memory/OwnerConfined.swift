/// A variable of a shared object that belongs to one thread at a time: the thread that is in the loop's code.
///
/// `@unchecked Sendable`: each use says how the threads take turns.
@safe
final class OwnerConfined<Value>: @unchecked Sendable {
  var value: Value
  init(_ value: Value) { self.value = value }
}
