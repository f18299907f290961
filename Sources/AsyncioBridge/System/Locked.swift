#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A value that threads share, guarded by a system lock. The Thread Sanitizer sees that lock, unlike Swift's own
/// `Mutex` on Linux, and so can tell whether everything else is right.
///
/// `@unchecked Sendable`: `value` is touched only with the lock held.
@safe
final class Locked<Value: ~Copyable>: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private var value: Value

  init(_ value: consuming sending Value) {
    self.value = value
    unsafe mutex.initialize(to: pthread_mutex_t())
    unsafe pthread_mutex_init(mutex, nil)
  }

  deinit {
    unsafe pthread_mutex_destroy(mutex)
    unsafe mutex.deallocate()
  }

  /// Runs `body` with the value, one thread at a time.
  func withLock<Result>(_ body: (inout sending Value) throws -> sending Result) rethrows -> sending Result {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    return try body(&value)
  }
}

/// Reflection, for example by `dump`, shows nothing of what threads share: it looks without the lock, and not every
/// value can be copied.
extension Locked: CustomReflectable where Value: ~Copyable {
  var customMirror: Mirror { Mirror(self, children: EmptyCollection()) }
}
