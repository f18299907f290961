#if os(Linux) && canImport(Glibc) && (arch(x86_64) || arch(arm64))
  import Glibc

  /// The tables through which a loaded object calls functions of others: what an object calls can be replaced, in that
  /// object alone.
  ///
  /// A program that is linked statically has no such tables, and nothing is replaced.
  @safe
  package enum ImportTable {
    /// Has `objects` call `replacement` wherever they call `symbol` of another object.
    /// - Returns: how many places were changed.
    package static func replace(
      _ symbol: String,
      with replacement: UnsafeRawPointer,
      in objects: (_ path: String) -> Bool
    ) -> Int {
      var count = 0
      withoutActuallyEscaping(objects) { objects in
        var search = unsafe Search(symbol: symbol, replacement: replacement, objects: objects)
        unsafe withUnsafeMutablePointer(to: &search) { search in
          _ = unsafe dl_iterate_phdr(
            { object, _, search in
              unsafe search.assumingMemoryBound(to: Search.self).pointee.visit(object.load(as: LoadedObject.self))
              return 0
            },
            search
          )
        }
        count = unsafe search.count
      }
      return count
    }
  }

  @unsafe
  private struct Search {
    let symbol: String
    let replacement: UnsafeRawPointer
    let objects: (String) -> Bool
    var count = 0

    mutating func visit(_ object: LoadedObject) {
      guard unsafe objects(String(cString: object.name)), let imports = unsafe Imports(of: object) else { return }
      let offsets = unsafe imports.offsets(of: symbol)
      for offset in offsets {
        guard let place = unsafe UnsafeMutablePointer<UnsafeRawPointer>(bitPattern: object.base + UInt(offset)) else {
          continue
        }
        if unsafe write(to: place) { unsafe count += 1 }
      }
    }

    /// Tables are read-only once a program has been loaded.
    private func write(to place: UnsafeMutablePointer<UnsafeRawPointer>) -> Bool {
      let pageSize = UInt(sysconf(Int32(_SC_PAGESIZE)))
      let page = unsafe UnsafeMutableRawPointer(bitPattern: UInt(bitPattern: place) & ~(pageSize - 1))
      guard unsafe mprotect(page, Int(pageSize), PROT_READ | PROT_WRITE) == 0 else { return false }
      unsafe place.pointee = unsafe replacement
      return true
    }
  }

  /// What an object imports, as its dynamic section tells.
  @unsafe
  private struct Imports {
    let strings: UnsafePointer<CChar>
    let symbols: UnsafePointer<Symbol>
    var plain = unsafe UnsafeBufferPointer<Relocation>(start: nil, count: 0)
    var functions = unsafe UnsafeBufferPointer<Relocation>(start: nil, count: 0)

    init?(of object: LoadedObject) {
      let segments = unsafe UnsafeBufferPointer(start: object.segments, count: Int(object.segmentCount))
      guard let dynamic = unsafe segments.first(where: { $0.type == Segment.dynamic }),
        var entry = unsafe UnsafePointer<DynamicEntry>(bitPattern: object.base + UInt(dynamic.address))
      else { return nil }
      var values: [Int64: UInt] = [:]
      while unsafe entry.pointee.tag != DynamicEntry.end {
        unsafe values[entry.pointee.tag] = UInt(entry.pointee.value)
        unsafe entry += 1
      }
      // The loader of glibc has made addresses of what are offsets in the file; that of the kernel's own object has
      // not.
      func address(_ tag: Int64) -> UInt? { values[tag].map { unsafe $0 < object.base ? $0 + object.base : $0 } }
      guard let strings = unsafe address(DynamicEntry.strings).flatMap({ unsafe UnsafePointer<CChar>(bitPattern: $0) }),
        let symbols = unsafe address(DynamicEntry.symbols).flatMap({ unsafe UnsafePointer<Symbol>(bitPattern: $0) })
      else { return nil }
      unsafe self.strings = strings
      unsafe self.symbols = symbols
      func table(_ start: Int64, _ size: Int64) -> UnsafeBufferPointer<Relocation> {
        unsafe UnsafeBufferPointer(
          start: address(start).flatMap { unsafe UnsafePointer(bitPattern: $0) },
          count: Int(values[size] ?? 0) / MemoryLayout<Relocation>.stride
        )
      }
      unsafe plain = table(DynamicEntry.relocations, DynamicEntry.relocationsSize)
      unsafe functions = table(DynamicEntry.functionRelocations, DynamicEntry.functionRelocationsSize)
    }

    /// Where in the object the address of a symbol stands.
    func offsets(of symbol: String) -> [UInt64] {
      let found =
        unsafe plain.filter { unsafe name(of: $0) == symbol } + functions.filter { unsafe name(of: $0) == symbol }
      return found.map(\.offset)
    }

    /// Of the symbol whose address the loader puts there; nil: it is another kind of relocation.
    private func name(of relocation: Relocation) -> String? {
      guard Relocation.addressTypes.contains(UInt32(truncatingIfNeeded: relocation.info)) else { return nil }
      let symbol = unsafe symbols[Int(relocation.info >> 32)]
      return unsafe String(cString: strings + Int(symbol.name))
    }
  }

  // What <link.h> and <elf.h> declare, which Swift's module of the C library does not have.

  @unsafe
  private struct LoadedObject {
    var base: UInt
    var name: UnsafePointer<CChar>
    var segments: UnsafePointer<Segment>
    var segmentCount: UInt16
  }

  private struct Segment {
    static var dynamic: UInt32 { 2 }

    var type, flags: UInt32
    var offset, address, physicalAddress, fileSize, size, alignment: UInt64
  }

  private struct DynamicEntry {
    static var end: Int64 { 0 }
    static var functionRelocationsSize: Int64 { 2 }
    static var strings: Int64 { 5 }
    static var symbols: Int64 { 6 }
    static var relocations: Int64 { 7 }
    static var relocationsSize: Int64 { 8 }
    static var functionRelocations: Int64 { 23 }

    var tag: Int64
    var value: UInt64
  }

  private struct Symbol {
    var name: UInt32
    var info, other: UInt8
    var section: UInt16
    var value, size: UInt64
  }

  private struct Relocation {
    /// `GLOB_DAT` and `JUMP_SLOT`.
    #if arch(x86_64)
      static var addressTypes: [UInt32] { [6, 7] }
    #else
      static var addressTypes: [UInt32] { [1025, 1026] }
    #endif

    var offset, info: UInt64
    var addend: Int64
  }

  private typealias Visit = @convention(c) (UnsafeRawPointer, Int, UnsafeMutableRawPointer) -> Int32
  @_silgen_name("dl_iterate_phdr")
  private func dl_iterate_phdr(_ visit: Visit, _ data: UnsafeMutableRawPointer) -> Int32
#endif
