#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Lets threads block until another thread signals. Once signalled, the event stays set forever. Built from a system
/// mutex and condition.
///
/// `@unchecked Sendable`: `isSet` is touched only with the mutex held; the rest is the system's own synchronisation.
@safe
package final class ThreadEvent: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var isSet = false

  package init() {
    unsafe mutex.initialize(to: pthread_mutex_t())
    unsafe condition.initialize(to: pthread_cond_t())
    unsafe pthread_mutex_init(mutex, nil)
    #if canImport(Darwin)
      unsafe pthread_cond_init(condition, nil)
    #else
      var attributes = pthread_condattr_t()
      unsafe pthread_condattr_init(&attributes)
      unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
      unsafe pthread_cond_init(condition, &attributes)
      unsafe pthread_condattr_destroy(&attributes)
    #endif
  }

  deinit {
    unsafe pthread_cond_destroy(condition)
    unsafe pthread_mutex_destroy(mutex)
    unsafe condition.deallocate()
    unsafe mutex.deallocate()
  }

  /// Releases the waiting threads, and lets later ones through at once.
  package func set() {
    unsafe pthread_mutex_lock(mutex)
    isSet = true
    unsafe pthread_cond_broadcast(condition)
    unsafe pthread_mutex_unlock(mutex)
  }

  /// Blocks until `set`. Returns false if `timeout` (nil: no limit) passed first.
  package func wait(timeout: Duration? = nil) -> Bool {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    guard let timeout else {
      while !isSet { unsafe pthread_cond_wait(condition, mutex) }
      return true
    }
    let deadline = monotonicNanoseconds().addingClamped(max(0, timeout.nanosecondsRoundedUp))
    while !isSet {
      let left = deadline - monotonicNanoseconds()
      if left <= 0 { return false }
      #if canImport(Darwin)
        var limit = timespec(tv_sec: Int(left / 1_000_000_000), tv_nsec: Int(left % 1_000_000_000))
        unsafe pthread_cond_timedwait_relative_np(condition, mutex, &limit)
      #else
        var limit = timespec(tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
        unsafe pthread_cond_timedwait(condition, mutex, &limit)
      #endif
    }
    return true
  }
}
