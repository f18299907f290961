#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The address of a function of the process by name; nil if the name can't be found, as in a statically linked
/// executable.
package func symbol(_ name: String) -> UnsafeMutableRawPointer? {
  #if canImport(Darwin)
    unsafe dlsym(UnsafeMutableRawPointer(bitPattern: -2), name)
  #else
    unsafe dlsym(nil, name)
  #endif
}
