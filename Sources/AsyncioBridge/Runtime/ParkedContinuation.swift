/// The continuation of a Swift task that is suspended in an await of the library.
///
/// Invariant: whoever takes a continuation out of its place resumes it, once. Every parked continuation is resumed in
/// the end, except for that of a body that `refuseToWait` gives up.
@safe @usableFromInline
struct ParkedContinuation {
  @usableFromInline let continuation: UnsafeContinuation<Void, Never>

  @inlinable
  init(_ continuation: UnsafeContinuation<Void, Never>) { unsafe self.continuation = continuation }

  @inline(__always)
  func resume() { unsafe continuation.resume() }

  /// The Swift task that is suspended.
  var jobID: JobID { unsafe JobID(continuation) }

  /// Suspends the calling Swift task for good.
  static nonisolated(nonsending) func suspendForGood() async {
    unsafe await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
  }
}
