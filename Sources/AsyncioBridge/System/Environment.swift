#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The settings for new loops in the environment of the process.
enum Environment {
  /// Whether new loops start in debug mode.
  static var isDebug: Bool {
    guard let value = unsafe getenv("ASYNCIOBRIDGE_DEBUG") else { return false }
    return unsafe value.pointee != 0
  }
}

func writeToStandardError(_ message: String) {
  var line = message + "\n"
  line.withUTF8 { bytes in
    var done = 0
    while done < bytes.count {
      let written = unsafe write(2, bytes.baseAddress! + done, bytes.count - done)
      if written <= 0 { return }
      done += written
    }
  }
}
