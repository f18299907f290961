/// A task's body until it begins, in the memory of its core and without the type of its result.
///
/// So neither the body nor what runs it needs memory of its own: the closure that a Swift task is created with captures
/// nothing, and finds the core that it is for when that one's first step runs it.
///
/// Its share: with each body in a box of its own, `gather` and `spawnawait` cost 7 % more, and 24 % and 8 % on kept
/// hosts (`Benchmarks/check-costs`).
@usableFromInline
struct ErasedBody {
  // Invariant: between `put` and `take` there is a `Typed<Value>` in `words`, which nothing but these looks at. Whatever
  // becomes of the task, its host takes the body out: so there is nothing to destroy.

  @usableFromInline var words: (UInt, UInt) = (0, 0)
  /// Runs it, where the loop keeps its hosts.
  var invoke: Invoke?

  @usableFromInline
  struct Typed<Value> {
    @usableFromInline let run: nonisolated(nonsending) () async throws -> Value

    @inlinable
    init(_ run: nonisolated(nonsending) @escaping () async throws -> Value) { self.run = run }
  }

  /// Runs bodies with one type of result. A closure in an optional would be kept in a form that costs more to call.
  @usableFromInline
  struct Invoke {
    let run: nonisolated(nonsending) (HostRef) async -> Void

    @usableFromInline
    init(_ run: nonisolated(nonsending) @escaping (HostRef) async -> Void) { self.run = run }

    /// Whether both are the same closure, and so run bodies of the same type.
    func isSame(as other: Invoke) -> Bool {
      unsafe unsafeBitCast(self, to: (UInt, UInt).self) == unsafeBitCast(other, to: (UInt, UInt).self)
    }
  }

  /// Puts a body in, of which there must be none.
  @inlinable
  @inline(__always)
  mutating func put<Value>(_ body: Typed<Value>) {
    unsafe withUnsafeMutableBytes(of: &words) { words in
      _ = unsafe words.baseAddress.unsafelyUnwrapped.initializeMemory(as: Typed<Value>.self, to: body)
    }
  }

  /// Takes the body out, which must be there, with this type of result.
  @inlinable
  @inline(__always)
  mutating func take<Value>(_ type: Value.Type) -> Typed<Value> {
    unsafe withUnsafeMutableBytes(of: &words) { words in
      unsafe words.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: Typed<Value>.self).move()
    }
  }
}
