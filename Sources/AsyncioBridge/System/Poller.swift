#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

#if os(Linux) || os(Android)
  /// `poll` with nanoseconds. The C library's module map does not export the function; C and Swift agree on its calling
  /// convention.
  @_silgen_name("ppoll")
  private func ppoll(
    _ entries: UnsafeMutablePointer<pollfd>,
    _ count: UInt,
    _ timeout: UnsafePointer<timespec>?,
    _ signals: UnsafeRawPointer?
  ) -> Int32
#endif

/// Where an idle loop blocks: the system's readiness call, with a pipe through which other threads end the wait.
final class Poller: Sendable {
  private let readEnd: Int32
  private let writeEnd: Int32

  init() {
    var ends: [Int32] = [-1, -1]
    if unsafe pipe(&ends) != 0 {
      fatalError("AsyncioBridge could not make a pipe to wake a loop by: error \(errno). Are too many files open?")
    }
    for end in ends {
      _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK)
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
    }
    readEnd = ends[0]
    writeEnd = ends[1]
  }

  deinit {
    close(readEnd)
    close(writeEnd)
  }

  /// Ends the current or the next wait of the loop's thread. Safe to call from any thread.
  func wake() {
    var byte: UInt8 = 1
    // A full pipe ends the wait just as well.
    _ = unsafe write(writeEnd, &byte, 1)
  }

  /// Blocks until `wake` or for `timeout` nanoseconds (nil: no limit); a signal may end it early.
  func wait(timeout: Int64?) {
    var entry = pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0)
    #if canImport(Darwin)
      // There is no ppoll here. poll counts milliseconds, rounded up so that a loop does not spin before its timer.
      let milliseconds = timeout.map { Int32(clamping: ($0 + 999_999) / 1_000_000) } ?? -1
      let ready = unsafe poll(&entry, 1, milliseconds)
    #else
      let ready: Int32
      if let timeout {
        var limit = timespec(tv_sec: Int(timeout / 1_000_000_000), tv_nsec: Int(timeout % 1_000_000_000))
        ready = unsafe ppoll(&entry, 1, &limit, nil)
      } else {
        ready = unsafe ppoll(&entry, 1, nil, nil)
      }
    #endif
    if ready > 0 {
      unsafe withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { buffer in
        while unsafe read(readEnd, buffer.baseAddress, buffer.count) == buffer.count {}
      }
    }
  }
}
