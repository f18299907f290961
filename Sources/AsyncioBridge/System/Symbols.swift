#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The address of a function of the process, by its name; nil if it can't be found by that, as in an executable that is linked
/// statically.
func symbol(_ name: String) -> UnsafeMutableRawPointer? {
  #if canImport(Darwin)
    unsafe dlsym(UnsafeMutableRawPointer(bitPattern: -2), name)
  #else
    unsafe dlsym(nil, name)
  #endif
}
