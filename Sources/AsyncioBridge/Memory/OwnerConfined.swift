/// A variable of an object that threads share, for one of them at a time: whoever is in the loop's code.
///
/// `@unchecked Sendable`: each use says by what the threads take turns.
@safe
final class OwnerConfined<Value>: @unchecked Sendable {
  var value: Value
  init(_ value: Value) { self.value = value }
}
