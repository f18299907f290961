/// The continuation of a Swift task that is suspended in an await of the library.
///
/// Invariant: who takes it out of where it is kept resumes it, once; what is parked is always resumed in the end, with the one
/// exception of a body that `refuseToWait` gives up.
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
