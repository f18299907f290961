import AsyncioBridge

/// Calls `body` with a function as if that could escape; it does not, but for frames that never run again.
///
/// A schedule that deadlocks leaves such frames behind: suspended for the life of the process, with references to the function.
/// Swift takes them for an escape, and traps. So they are given back here: nobody will use them, nor release them.
@concurrent
func withBorrowed<Result: Sendable>(
  _ function: @concurrent @Sendable () async throws -> Void,
  _ body: @concurrent @Sendable (@escaping @concurrent @Sendable () async throws -> Void) async throws -> Result
) async throws -> Result {
  try await withoutActuallyEscaping(function) { function in
    defer { giveBackReferences(to: function) }
    return try await body(function)
  }
}

private func giveBackReferences(to function: @escaping @concurrent @Sendable () async throws -> Void) {
  // Wrapped, since a function alone would be converted first, in a new context.
  struct Wrapped { let function: @concurrent @Sendable () async throws -> Void }
  let words = unsafe unsafeBitCast(Wrapped(function: function), to: (UInt, UInt).self)
  guard let context = unsafe UnsafeRawPointer(bitPattern: words.1) else { return }
  let references = unsafe swift_retainCount(context)
  for _ in 0..<max(references, 1) - 1 { unsafe Unmanaged<AnyObject>.fromOpaque(context).release() }
}

@_silgen_name("swift_retainCount")
private func swift_retainCount(_ object: UnsafeRawPointer) -> UInt
