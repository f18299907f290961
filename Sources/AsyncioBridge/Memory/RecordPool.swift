/// The memory of a loop's records of one kind: what one has left another takes.
struct RecordPool<Record: ~Copyable>: ~Copyable {
  // Invariant: each of the pieces of the blocks has a record in it, or is on the list that begins with `free`.

  private static var piecesPerBlock: Int { 32 }

  private var blocks: [UnsafeMutablePointer<Record>] = []
  /// The memory that is not in use; each piece begins with the address of the next.
  private var free: UnsafeMutableRawPointer?
  private var usedCount = 0

  deinit { for block in blocks { block.deallocate() } }

  /// Memory for a record, not initialised.
  @inline(__always)
  mutating func take() -> UnsafeMutablePointer<Record> {
    if free == nil { allocateBlock() }
    let piece = free.unsafelyUnwrapped
    free = piece.load(as: UnsafeMutableRawPointer?.self)
    usedCount &+= 1
    return piece.bindMemory(to: Record.self, capacity: 1)
  }

  /// Takes back memory that is not initialised any more.
  @inline(__always)
  mutating func giveBack(_ record: UnsafeMutablePointer<Record>) {
    usedCount &-= 1
    addFree(record)
  }

  @inline(__always)
  private mutating func addFree(_ record: UnsafeMutablePointer<Record>) {
    let piece = UnsafeMutableRawPointer(record)
    piece.storeBytes(of: free, as: UnsafeMutableRawPointer?.self)
    free = piece
  }

  private mutating func addFree(block: UnsafeMutablePointer<Record>) {
    for index in (0..<Self.piecesPerBlock).reversed() { addFree(block + index) }
  }

  private mutating func allocateBlock() {
    let block = UnsafeMutablePointer<Record>.allocate(capacity: Self.piecesPerBlock)
    blocks.append(block)
    addFree(block: block)
  }

  /// Whether no record is left.
  var isUnused: Bool { usedCount == 0 }

  /// Lets go of memory, the oldest, so that at most `bytes` are left. There must be no records.
  mutating func shrink(to bytes: Int) {
    let excess = blocks.count - bytes / (Self.piecesPerBlock * MemoryLayout<Record>.stride)
    if excess <= 0 { return }
    for block in blocks.prefix(excess) { block.deallocate() }
    blocks.removeFirst(excess)
    free = nil
    for block in blocks.reversed() { addFree(block: block) }
  }
}
