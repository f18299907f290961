#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Memory from the system's allocator, for values that need no more than its natural alignment.
///
/// The standard library's own `allocate` asks for aligned memory whatever the alignment, which is a second call of an
/// allocator. Its share: with `allocate`, `donecallbacks` costs 1 % more instructions, and `shield` makes 8 calls of
/// allocators instead of 7 (`Benchmarks/check-costs`), and 6 instead of 5 with reused hosts.
enum HeapMemory {
  static func allocate(byteCount: Int) -> UnsafeMutableRawPointer {
    guard let memory = unsafe malloc(byteCount) else {
      fatalError("AsyncioBridge: the system has no memory left")
    }
    return unsafe memory
  }

  static func free(_ memory: UnsafeMutableRawPointer) {
    #if canImport(Darwin)
      unsafe Darwin.free(memory)
    #elseif canImport(Musl)
      unsafe Musl.free(memory)
    #else
      unsafe Glibc.free(memory)
    #endif
  }
}
