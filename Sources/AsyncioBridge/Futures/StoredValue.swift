/// Where a future keeps its value: a small one that is nothing but bits in place, any other in a box.
///
/// A property of type `Value?` would have the runtime look up that type when a future is made and again when it goes,
/// since no code that destroys an object is ever specialised: a tenth of all that a future costs.
@usableFromInline
struct StoredValue {
  @usableFromInline var bits: UInt = 0
  @usableFromInline var box: AnyObject?

  @inlinable
  init() {}

  @inlinable
  @inline(__always)
  static func isInPlace<Value>(_ type: Value.Type) -> Bool {
    _isPOD(type) && MemoryLayout<Value>.size <= MemoryLayout<UInt>.size
      && MemoryLayout<Value>.alignment <= MemoryLayout<UInt>.alignment
  }

  @inlinable
  @inline(__always)
  mutating func set<Value>(_ value: Value) {
    if Self.isInPlace(Value.self) {
      withUnsafeMutableBytes(of: &bits) { $0.storeBytes(of: value, as: Value.self) }
    } else {
      box = ValueBox(value)
    }
  }

  /// The value, which must have been set, and be of this type.
  @inlinable
  @inline(__always)
  func get<Value>(_ type: Value.Type) -> Value {
    if Self.isInPlace(type) { return withUnsafeBytes(of: bits) { $0.load(as: type) } }
    return unsafeDowncast(box.unsafelyUnwrapped, to: ValueBox<Value>.self).value
  }
}

@usableFromInline
final class ValueBox<Value> {
  @usableFromInline let value: Value

  @inlinable
  init(_ value: Value) { self.value = value }
}
