/// A reference that nobody counts, to an object that is kept by others for as long as this is looked at.
///
/// Each property of this type says who keeps the object. It costs nothing, where a `weak` or an `unowned` reference would
/// count, and a strong one would keep a circle: a task, what it waits for and the loop refer to each other.
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

  /// Whether it refers to this object.
  @inlinable
  @inline(__always)
  func refers(to object: Object) -> Bool {
    unsafe reference.toOpaque() == Unmanaged.passUnretained(object).toOpaque()
  }

  @inlinable
  static func == (a: Self, b: Self) -> Bool { unsafe a.reference.toOpaque() == b.reference.toOpaque() }
}

/// `@unchecked`: it is a reference, and as harmless as one.
extension Unretained: @unchecked Sendable where Object: Sendable {}
