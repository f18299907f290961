/// The body of a task before its first step, in the memory of the task's core and without the type of its result.
///
/// Neither the body nor its runner needs memory of its own: the closure that a Swift task is created with captures
/// nothing, and finds its core when the first step runs.
///
/// Its share: with each body in a box of its own, `gather` and `spawnawait` cost 7 % more, and 24 % and 8 % with reused
/// hosts (`Benchmarks/check-costs`).
@usableFromInline
struct ErasedBody {
  // Invariant: between `put` and `take`, `words` holds a `Typed<Value>`, which only these two functions look at. The
  // host takes the body out, whatever becomes of the task, so there is nothing to destroy.

  @usableFromInline var words: (UInt, UInt) = (0, 0)
  /// Runs the body, where the loop reuses its hosts.
  var invoke: Invoke?

  @usableFromInline
  struct Typed<Value> {
    @usableFromInline let run: nonisolated(nonsending) () async throws -> Value

    @inlinable
    init(_ run: nonisolated(nonsending) @escaping () async throws -> Value) { self.run = run }
  }

  /// Runs bodies with one type of result. The struct is here because a closure in an optional is stored in a form that
  /// costs more to call.
  @usableFromInline
  struct Invoke {
    let run: nonisolated(nonsending) (HostRef) async -> Void

    @usableFromInline
    init(_ run: nonisolated(nonsending) @escaping (HostRef) async -> Void) { self.run = run }

    /// Whether both are the same closure, and so run bodies with the same type of result.
    func isSame(as other: Invoke) -> Bool {
      unsafe unsafeBitCast(self, to: (UInt, UInt).self) == unsafeBitCast(other, to: (UInt, UInt).self)
    }
  }

  /// Puts a body in. There must be none yet.
  @inlinable
  @inline(__always)
  mutating func put<Value>(_ body: Typed<Value>) {
    unsafe withUnsafeMutableBytes(of: &words) { words in
      _ = unsafe words.baseAddress.unsafelyUnwrapped.initializeMemory(as: Typed<Value>.self, to: body)
    }
  }

  /// Takes the body out. There must be one, with this type of result.
  @inlinable
  @inline(__always)
  mutating func take<Value>(_ type: Value.Type) -> Typed<Value> {
    unsafe withUnsafeMutableBytes(of: &words) { words in
      unsafe words.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: Typed<Value>.self).move()
    }
  }
}
