/// One of the loop's references to an object.
struct Owned<Object: LoopHeld>: ~Copyable {
  private let reference: Unmanaged<Object>

  @inline(__always)
  init(_ reference: Unmanaged<Object>) { self.reference = reference.hold() }

  @inline(__always)
  init(_ object: Object) { reference = Unmanaged.passUnretained(object).hold() }

  /// Takes over a reference that was counted already.
  @inline(__always)
  init(adopting reference: Unmanaged<Object>) { self.reference = reference }

  @inline(__always)
  deinit { reference.drop() }

  @inline(__always)
  var unretained: Unmanaged<Object> { reference }

  @inline(__always)
  func with<Result>(_ body: (Object) throws -> Result) rethrows -> Result {
    try reference._withUnsafeGuaranteedRef(body)
  }

  var object: Object { reference.takeUnretainedValue() }

  @inline(__always)
  consuming func giveUp() -> Unmanaged<Object> {
    let reference = reference
    discard self
    return reference
  }
}

/// One of the owners of a core.
struct OwnedCore: ~Copyable {
  let core: TaskRef

  @inline(__always)
  init(_ core: TaskRef) {
    core.retain()
    self.core = core
  }

  @inline(__always)
  deinit { core.release() }
}
