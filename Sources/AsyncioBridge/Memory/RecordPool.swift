/// The memory of a loop's records of one kind. A record reuses the memory of an earlier one.
///
/// Its share: with memory from the system for each record, `gather` costs 5 % more, and 14 % with reused hosts,
/// `gatherYield` 6 % and 8 % (`Benchmarks/check-costs`).
@safe
struct RecordPool<Record: ~Copyable>: ~Copyable {
  // Invariant: each piece of the blocks holds a record, or is on the list that begins with `free`.

  private static var piecesPerBlock: Int { 32 }

  private var blocks: [UnsafeMutablePointer<Record>] = unsafe []
  /// The first free piece. The second word of each free piece is the address of the next; the first word is left to
  /// `RecordPoison`.
  private var free: UnsafeMutableRawPointer?
  private var usedCount = 0

  deinit { unsafe blocks.forEach { unsafe $0.deallocate() } }

  /// Uninitialised memory for a record.
  @inline(__always)
  mutating func take() -> RecordRef<Record> {
    if unsafe free == nil { allocateBlock() }
    let piece = unsafe free.unsafelyUnwrapped
    unsafe free = piece.load(fromByteOffset: Self.linkOffset, as: UnsafeMutableRawPointer?.self)
    usedCount &+= 1
    #if DEBUG
      unsafe piece.storeBytes(of: 0, as: UInt.self)
    #endif
    return unsafe RecordRef(piece.bindMemory(to: Record.self, capacity: 1))
  }

  /// Takes back memory that is no longer initialised.
  @inline(__always)
  mutating func giveBack(_ record: RecordRef<Record>) {
    #if DEBUG
      // A record that is given back twice would later be handed out twice.
      record.checkAlive()
    #endif
    usedCount &-= 1
    unsafe addFree(record.address)
  }

  @inline(__always)
  private mutating func addFree(_ record: UnsafeMutablePointer<Record>) {
    let piece = UnsafeMutableRawPointer(record)
    #if DEBUG
      unsafe piece.initializeMemory(as: UInt8.self, repeating: RecordPoison.byte, count: MemoryLayout<Record>.size)
    #endif
    unsafe piece.storeBytes(of: free, toByteOffset: Self.linkOffset, as: UnsafeMutableRawPointer?.self)
    unsafe free = piece
  }

  private static var linkOffset: Int { MemoryLayout<UInt>.size }

  private mutating func addFree(block: UnsafeMutablePointer<Record>) {
    for index in (0..<Self.piecesPerBlock).reversed() { unsafe addFree(block + index) }
  }

  private mutating func allocateBlock() {
    precondition(MemoryLayout<Record>.size >= 2 * MemoryLayout<UInt>.size)
    let block = UnsafeMutablePointer<Record>.allocate(capacity: Self.piecesPerBlock)
    unsafe blocks.append(block)
    unsafe addFree(block: block)
  }

  /// Whether no record is left.
  var isUnused: Bool { usedCount == 0 }

  /// Frees the oldest memory, so that at most `bytes` are left. There must be no records.
  mutating func shrink(to bytes: Int) {
    let excess = unsafe blocks.count - bytes / (Self.piecesPerBlock * MemoryLayout<Record>.stride)
    if excess <= 0 { return }
    unsafe blocks.prefix(excess).forEach { unsafe $0.deallocate() }
    unsafe blocks.removeFirst(excess)
    unsafe free = nil
    for index in unsafe blocks.indices.reversed() { unsafe addFree(block: blocks[index]) }
  }
}
