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
    environmentVariable("ASYNCIOBRIDGE_DEBUG").map { !$0.isEmpty } ?? false
  }
}

/// A variable of the process's environment; nil if it is not set.
package func environmentVariable(_ name: String) -> String? {
  unsafe getenv(name).map { unsafe String(cString: $0) }
}

package func writeToStandardError(_ message: String) {
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
