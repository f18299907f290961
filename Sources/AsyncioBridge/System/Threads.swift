#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The calling thread's identity: the address of its state.
///
/// Not `pthread_self()`, which C declares as a pure function. The optimiser then assumes the same result before and
/// after a suspension, and even moves the call across one, however well the surrounding function is hidden.
@inline(__always)
package func currentThreadID() -> UInt { unsafe UInt(bitPattern: ThreadState.current.address) }

// Two functions of Linux's libraries that their modules for Swift don't have.
#if !canImport(Darwin)
  private let threadNumber: (@convention(c) () -> pid_t)? =
    unsafe symbol("gettid").map { unsafe unsafeBitCast($0, to: (@convention(c) () -> pid_t).self) }

  private typealias GetAttributes = @convention(c) (pthread_t, UnsafeMutablePointer<pthread_attr_t>) -> CInt
  private let getThreadAttributes: GetAttributes? =
    unsafe symbol("pthread_getattr_np").map { unsafe unsafeBitCast($0, to: GetAttributes.self) }
#endif

/// The function of the system's that names the queue whose work the calling thread does, given nil.
private typealias QueueLabel = @convention(c) (OpaquePointer?) -> UnsafePointer<CChar>?
private let queueLabel: QueueLabel? =
  unsafe symbol("dispatch_queue_get_label").map { unsafe unsafeBitCast($0, to: QueueLabel.self) }

/// Whether the calling thread does the main actor's work: that is the one that the process began with, or another where
/// that has ended (`dispatchMain`). False where it can't be told.
func isMainThread() -> Bool {
  #if canImport(Darwin)
    let isFirst = pthread_main_np() != 0
  #else
    let isFirst = threadNumber?() == getpid()
  #endif
  if isFirst { return true }
  guard let label = queueLabel?(nil) else { return false }
  return unsafe strcmp(label, "com.apple.main-thread") == 0
}

/// How many bytes of the calling thread's stack are free; nil where that can't be told.
func freeStack() -> Int? {
  #if canImport(Darwin)
    let thread = unsafe pthread_self()
    let end = unsafe UInt(bitPattern: pthread_get_stackaddr_np(thread)) - UInt(pthread_get_stacksize_np(thread))
  #else
    var attributes = pthread_attr_t()
    guard let status = unsafe getThreadAttributes?(pthread_self(), &attributes), status == 0 else { return nil }
    defer { unsafe pthread_attr_destroy(&attributes) }
    var address: UnsafeMutableRawPointer?
    var size = 0
    if unsafe pthread_attr_getstack(&attributes, &address, &size) != 0 { return nil }
    let end = UInt(bitPattern: address)
  #endif
  var here = 0
  let place = unsafe withUnsafeMutablePointer(to: &here) { UInt(bitPattern: $0) }
  return place > end ? Int(place - end) : nil
}

/// Starts a detached thread that runs `body` and ends with it.
package func startThread(_ body: @escaping @Sendable () -> Void) {
  final class Start: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  let argument = unsafe Unmanaged.passRetained(Start(body)).toOpaque()
  #if canImport(Darwin)
    var thread: pthread_t?
    let status = unsafe pthread_create(
      &thread,
      nil,
      {
        unsafe Unmanaged<Start>.fromOpaque($0).takeRetainedValue().body()
        return nil
      },
      unsafe argument
    )
    if status == 0, let thread = unsafe thread { unsafe pthread_detach(thread) }
  #else
    var thread = pthread_t()
    let status = unsafe pthread_create(
      &thread,
      nil,
      {
        unsafe Unmanaged<Start>.fromOpaque($0!).takeRetainedValue().body()
        return nil
      },
      unsafe argument
    )
    if status == 0 { pthread_detach(thread) }
  #endif
  if status != 0 { fatalError("AsyncioBridge could not start a thread: the system refused with error \(status)") }
}

/// The state of a thread: the loop that it runs, and the context of the code that it executes.
///
/// The state lies in raw memory, so that a look at it counts nothing. Only its own thread has the pointer.
struct ThreadState: ~Copyable {
  /// The loop whose run method is on this thread's stack. The loop's own run and unwind code sets and clears this, and
  /// keeps the loop in between.
  var runningLoop: Unretained<Asyncio.EventLoop>?

  /// The current context; nil stands for an empty context that nobody has asked for yet.
  var context: Asyncio.Context?

  /// The futures whose descriptions are being made, so that a future that contains itself can be described.
  var beingDescribed: Set<ObjectIdentifier> = []

  /// The memory that the thread's last loop has left for the next.
  var spareMemory: LoopMemory?

  /// The state of the calling thread.
  static var current: RecordRef<ThreadState> {
    // Never inlined: the address must not be kept across a suspension.
    @inline(never) get {
      if let known = unsafe pthread_getspecific(key) {
        return unsafe RecordRef(known.assumingMemoryBound(to: ThreadState.self))
      }
      let state = UnsafeMutablePointer<ThreadState>.allocate(capacity: 1)
      unsafe state.initialize(to: ThreadState())
      unsafe pthread_setspecific(key, state)
      return unsafe RecordRef(state)
    }
  }

  /// One key for the process. Its destructor destroys a thread's state when the thread ends.
  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    #if canImport(Darwin)
      let status = unsafe pthread_key_create(&key) { unsafe destroy($0) }
    #else
      let status = unsafe pthread_key_create(&key) { unsafe destroy($0!) }
    #endif
    if status != 0 { fatalError("AsyncioBridge could not create a thread-specific key: error \(status)") }
    return key
  }()

  private static func destroy(_ pointer: UnsafeMutableRawPointer) {
    let state = unsafe pointer.assumingMemoryBound(to: ThreadState.self)
    unsafe state.deinitialize(count: 1)
    unsafe state.deallocate()
  }
}

/// Nanoseconds of the system's monotonic clock.
func monotonicNanoseconds() -> Int64 {
  var time = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
}
