/// An uncounted reference to an object that others keep for as long as the reference is used.
///
/// Each property of this type says who keeps the object. The reference costs nothing, where a `weak` or `unowned` one
/// would count. A strong one would make a cycle: a task, the future that it waits for, and the loop refer to each
/// other.
@safe @usableFromInline
struct Unretained<Object: AnyObject>: Equatable {
  @usableFromInline let reference: Unmanaged<Object>

  @inlinable
  @inline(__always)
  init(_ object: Object) { unsafe reference = .passUnretained(object) }

  @inlinable
  @inline(__always)
  init(reference: Unmanaged<Object>) { unsafe self.reference = reference }

  /// Calls `body` with the object, without counting a reference.
  @inlinable
  @inline(__always)
  func with<Result>(_ body: (Object) throws -> Result) rethrows -> Result {
    try unsafe reference._withUnsafeGuaranteedRef { try body($0) }
  }

  /// The object, with a reference counted.
  @inlinable
  var object: Object { unsafe reference.takeUnretainedValue() }

  /// Whether this refers to `object`.
  @inlinable
  @inline(__always)
  func refers(to object: Object) -> Bool {
    unsafe reference.toOpaque() == Unmanaged.passUnretained(object).toOpaque()
  }

  @inlinable
  static func == (a: Self, b: Self) -> Bool { unsafe a.reference.toOpaque() == b.reference.toOpaque() }
}

/// `@unchecked`: the struct is a reference, and as harmless as one.
extension Unretained: @unchecked Sendable where Object: Sendable {}
