/// A future's value or error: a small value that is nothing but bits is stored in place, anything else in a box.
///
/// One word for both keeps futures small, of which a program may have very many. A property of type `Value?` would also
/// make the runtime look up that type whenever a future is made and again when it goes, since code that destroys an
/// object is never specialised.
///
/// Its share: with such a property added, `futpp` costs 11 % more, `gather` 6 %, and 15 % with reused hosts. With small
/// values in boxes too, `lock` costs 11 % more, `gather` 12 %, and 20 % with reused hosts (`Benchmarks/check-costs`).
@usableFromInline
struct OutcomeWord: ~Copyable {
  // Invariant: `kind` says what `word` is: nothing, the bits of a value, or the address of a box that this owns, which
  // is an `ErrorBox`, or a `ValueBox` with the future's type of value. An outcome, once set, stays.

  @usableFromInline enum Kind: UInt8 {
    case none, bits, value, error
  }

  @usableFromInline var word: UInt = 0
  @usableFromInline var kind = Kind.none

  @inlinable
  init() {}

  /// Whether the outcome may keep other objects alive.
  @inline(__always)
  var isBoxed: Bool { kind == .value || kind == .error }

  @inlinable
  deinit {
    switch kind {
    case .none, .bits: break
    case .value, .error: unsafe box.release()
    }
  }

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
      unsafe withUnsafeMutableBytes(of: &word) { unsafe $0.storeBytes(of: value, as: Value.self) }
      kind = .bits
    } else {
      setBox(ValueBox(value), .value)
    }
  }

  /// The value, which must have been set and be of this type.
  @inlinable
  @inline(__always)
  func get<Value>(_ type: Value.Type) -> Value {
    if Self.isInPlace(type) { return unsafe withUnsafeBytes(of: word) { unsafe $0.load(as: type) } }
    return unsafe box._withUnsafeGuaranteedRef { unsafe unsafeDowncast($0, to: ValueBox<Value>.self).value }
  }

  /// The error, if the outcome is one.
  var error: (any Error)? {
    unsafe kind == .error ? box._withUnsafeGuaranteedRef { unsafe unsafeDowncast($0, to: ErrorBox.self).error } : nil
  }

  mutating func set(error: any Error) { setBox(ErrorBox(error), .error) }

  @inlinable
  var box: Unmanaged<AnyObject> {
    unsafe .fromOpaque(UnsafeRawPointer(bitPattern: word).unsafelyUnwrapped)
  }

  @inlinable
  mutating func setBox(_ box: AnyObject, _ kind: Kind) {
    word = unsafe UInt(bitPattern: Unmanaged.passRetained(box).toOpaque())
    self.kind = kind
  }
}

@usableFromInline
final class ValueBox<Value> {
  @usableFromInline let value: Value

  @inlinable
  init(_ value: Value) { self.value = value }
}

private final class ErrorBox {
  let error: any Error
  init(_ error: any Error) { self.error = error }
}
