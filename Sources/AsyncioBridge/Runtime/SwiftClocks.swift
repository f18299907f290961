#if os(Linux) && canImport(Glibc) && (arch(x86_64) || arch(arm64))
  import Glibc
  import Synchronization

  /// Has Swift's clocks tell the time of the virtual loop whose code asks them, so that they agree with its sleeps to
  /// the nanosecond.
  ///
  /// The concurrency runtime reads time by one function of the C library, which is replaced in that library alone.
  /// Other threads, and loops in real time, get the system's time as before.
  package enum SwiftClocks {
    /// Whether they do: not in a program that is linked statically. The first use replaces the function.
    package static let areVirtual: Bool = {
      let replacement: ReadTime = { unsafe readTime($0, $1) }
      return unsafe ImportTable.replace("clock_gettime", with: unsafeBitCast(replacement, to: UnsafeRawPointer.self)) {
        $0.hasSuffix("/libswift_Concurrency.so")
      } > 0
    }()

    private typealias ReadTime = @convention(c) (clockid_t, UnsafeMutablePointer<timespec>?) -> Int32

    private static func readTime(_ id: clockid_t, _ result: UnsafeMutablePointer<timespec>?) -> Int32 {
      guard let result = unsafe result, let running = ThreadState.current.record.runningLoop,
        let time = running.with({ loop in loop.clock.virtualTime.flatMap { loop.runsOwnCode ? $0 : nil } })
      else {
        var time = timespec()
        defer { unsafe result?.pointee = time }
        return unsafe clock_gettime(id, &time)
      }
      // Any origin will do that lies in the past: instants are made for the differences between them.
      let nanoseconds = time.nanoseconds.load(ordering: .relaxed).addingClamped(time.origin)
      unsafe result.pointee = timespec(
        tv_sec: Int(nanoseconds / 1_000_000_000),
        tv_nsec: Int(nanoseconds % 1_000_000_000)
      )
      return 0
    }
  }
#else
  /// Swift's clocks tell the system's time.
  package enum SwiftClocks {
    package static var areVirtual: Bool { false }
  }
#endif
