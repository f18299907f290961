import AsyncioBridge
import Synchronization

/// A function that may be called only until whoever has lent it takes it back.
///
/// A schedule that deadlocks leaves frames behind which are suspended for the life of the process, with references to
/// the function. Swift would take them for an escape, and trap. So they are given back here: nobody will use them, nor
/// release them. What else may outlive the schedules (a Swift task that has ended) refers to this object, and not to
/// the function.
final class BorrowedFunction: Sendable {
  typealias Function = @concurrent @Sendable () async throws -> Void

  private let function: Mutex<Function?>
  private let countAtFirst = Mutex<UInt>(0)

  private init(_ function: @escaping Function) {
    self.function = Mutex(function)
    let count = unsafe references(to: function)
    countAtFirst.withLock { $0 = count }
  }

  /// Calls `body` with the function as if that could escape.
  @concurrent
  static func lend<Result: Sendable>(
    _ function: Function,
    _ body: @concurrent @Sendable (BorrowedFunction) async throws -> Result
  ) async throws -> Result {
    try await withoutActuallyEscaping(function) { function in
      let borrowed = BorrowedFunction(function)
      defer { borrowed.takeBack(function) }
      return try await body(borrowed)
    }
  }

  @concurrent
  func call() async throws {
    guard let function = function.withLock({ $0 }) else { fatalError("AsyncioTesting: the test has ended") }
    try await function()
  }

  private func takeBack(_ lent: @escaping Function) {
    let count = unsafe references(to: lent)
    let countAtFirst = countAtFirst.withLock { $0 }
    if count > countAtFirst { unsafe release(lent, count - countAtFirst) }
    function.withLock { $0 = nil }
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
