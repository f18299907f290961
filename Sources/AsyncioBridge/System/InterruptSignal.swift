import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The process's signal handler for interrupts, and the pipe through which the handler reports them.
///
/// Only one run handles interrupts at a time, from `install` to the end of `uninstall`. The pipe stays open forever,
/// since a handler on another thread may still be about to write to it after `uninstall`.
enum InterruptSignal {
  private static let isInUse = Locked(false)
  private static let readEnd = Atomic<Int32>(-1)
  private static let writeEnd = Atomic<Int32>(-1)
  /// How many interrupts have come since `install`.
  private static let count = Atomic(0)

  private static let interruptMark: UInt8 = 1
  private static let endMark: UInt8 = 2

  /// Installs the handler if interrupts would end the process. Returns false if they would not.
  static func install() -> Bool {
    isInUse.withLock { isInUse in
      if isInUse { return false }
      var current = sigaction()
      guard unsafe sigaction(SIGINT, nil, &current) == 0, current.handlerAddress == 0, openPipe() else { return false }
      while readMark(timeout: 0) != nil {}
      // The handler must find everything that it touches initialised, so a first call runs without effect.
      let end = writeEnd.exchange(-1, ordering: .relaxed)
      handle(SIGINT)
      count.store(0, ordering: .relaxed)
      writeEnd.store(end, ordering: .releasing)

      var ours = sigaction()
      ours.setHandler(handle)
      ours.sa_flags = SA_RESTART
      unsafe sigemptyset(&ours.sa_mask)
      isInUse = unsafe sigaction(SIGINT, &ours, nil) == 0
      return isInUse
    }
  }

  /// Whether a run handles interrupts.
  static var isInstalled: Bool { isInUse.withLock { $0 } }

  /// Lets interrupts end the process again, unless somebody else handles them by now, and makes `next` return false.
  /// - Parameter waitForReader: returns once nobody calls `next` any more. Nobody else may read before.
  static func uninstall(_ waitForReader: () -> Void) {
    var current = sigaction()
    if unsafe sigaction(SIGINT, nil, &current) == 0,
      unsafe current.handlerAddress == unsafeBitCast(handle, to: UInt.self)
    {
      signal(SIGINT, SIG_DFL)
    }
    send(endMark)
    waitForReader()
    isInUse.withLock { $0 = false }
  }

  /// Blocks until an interrupt has come (true) or the handling has ended (false).
  static func next() -> Bool {
    while true {
      if let mark = readMark(timeout: -1) { return mark == interruptMark }
    }
  }

  /// The handler. Async-signal-safe: it uses lock-free atomics and two system calls.
  private static let handle: @convention(c) (Int32) -> Void = { _ in
    let error = errno
    send(interruptMark)
    // A program that does not react to two interrupts ends at the third.
    if count.add(1, ordering: .relaxed).newValue == 2 { signal(SIGINT, SIG_DFL) }
    errno = error
  }

  private static func send(_ mark: UInt8) {
    var mark = mark
    // A full pipe holds enough interrupts.
    _ = unsafe write(writeEnd.load(ordering: .relaxed), &mark, 1)
  }

  /// The next mark; nil if none comes within `timeout` milliseconds (-1: no limit), or if a signal ends the wait.
  private static func readMark(timeout: Int32) -> UInt8? {
    let end = readEnd.load(ordering: .relaxed)
    var entry = pollfd(fd: end, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&entry, 1, timeout) > 0 else { return nil }
    var mark: UInt8 = 0
    return unsafe read(end, &mark, 1) == 1 ? mark : nil
  }

  private static func openPipe() -> Bool {
    if readEnd.load(ordering: .relaxed) >= 0 { return true }
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else { return false }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    _ = fcntl(ends[1], F_SETFL, fcntl(ends[1], F_GETFL) | O_NONBLOCK)
    readEnd.store(ends[0], ordering: .relaxed)
    writeEnd.store(ends[1], ordering: .relaxed)
    return true
  }
}

extension sigaction {
  /// The handler's address. 0 is the default action, which for interrupts is to end the process.
  fileprivate var handlerAddress: UInt {
    #if canImport(Darwin)
      unsafe unsafeBitCast(__sigaction_u.__sa_handler, to: UInt.self)
    #elseif canImport(Musl)
      unsafe unsafeBitCast(__sa_handler.sa_handler, to: UInt.self)
    #else
      unsafe unsafeBitCast(__sigaction_handler.sa_handler, to: UInt.self)
    #endif
  }

  fileprivate mutating func setHandler(_ handler: @convention(c) (Int32) -> Void) {
    #if canImport(Darwin)
      unsafe __sigaction_u.__sa_handler = handler
    #elseif canImport(Musl)
      unsafe __sa_handler.sa_handler = handler
    #else
      unsafe __sigaction_handler.sa_handler = handler
    #endif
  }
}
