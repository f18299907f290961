import AsyncioBridge
import Synchronization

/// A function that may be called only until whoever has lent it takes it back.
///
/// A schedule that deadlocks leaves frames behind which are suspended for the life of the process, with references to
/// the function. Swift would take them for an escape, and trap. So they are given back here: nobody will use them, nor
/// release them, since an abandoned loop runs no job any more. What else may outlive the schedules (a Swift task that
/// has ended) refers to this object, and not to the function.
final class BorrowedFunction: Sendable {
  typealias Function = @concurrent @Sendable () async throws -> Void

  /// In a struct, since a function alone would be converted first, in a context of its own.
  private struct Lent: Sendable { let function: Function }

  private let lent = Mutex<Lent?>(nil)

  /// Calls `body` with the function as if that could escape.
  @concurrent
  static func lend<Value: Sendable>(
    _ function: Function,
    _ body: @concurrent @Sendable (BorrowedFunction) async throws -> Value
  ) async throws -> Value {
    try await withoutActuallyEscaping(function) { function in
      let borrowed = BorrowedFunction()
      // Counted here before it is stored and after: what has come in between are references of frames that are left
      // behind, or of a conversion that such a frame keeps.
      let countAtFirst = unsafe references(to: function)
      borrowed.lent.withLock { $0 = Lent(function: function) }
      let result: Result<Value, any Error>
      do { result = .success(try await body(borrowed)) } catch { result = .failure(error) }
      borrowed.lent.withLock { $0 = nil }
      let count = unsafe references(to: function)
      if count > countAtFirst { unsafe release(function, count - countAtFirst) }
      return try result.get()
    }
  }

  @concurrent
  func call() async throws {
    guard let lent = lent.withLock({ $0 }) else { fatalError("AsyncioTesting: the test has ended") }
    try await lent.function()
  }
}

/// A function's context: the words of one that is stored are its code and its context.
@unsafe
private func context(of function: @escaping BorrowedFunction.Function) -> UnsafeRawPointer? {
  // Stored in a struct, since a function alone would be converted first, in a new context.
  struct Stored { let function: BorrowedFunction.Function }
  return unsafe UnsafeRawPointer(bitPattern: unsafeBitCast(Stored(function: function), to: (UInt, UInt).self).1)
}

@unsafe
@inline(never)
private func references(to function: @escaping BorrowedFunction.Function) -> UInt {
  unsafe context(of: function).map { unsafe referenceCount($0) } ?? 0
}

@unsafe
private func release(_ function: @escaping BorrowedFunction.Function, _ count: UInt) {
  guard let context = unsafe context(of: function) else { return }
  for _ in 0..<count { unsafe Unmanaged<AnyObject>.fromOpaque(context).release() }
}
