/// The memory of a loop's records of one kind: what one has left another takes.
struct RecordPool<Record: ~Copyable>: ~Copyable {
  private static var blockCount: Int { 32 }

  private var blocks: [UnsafeMutablePointer<Record>] = []
  /// The memory that is not in use; each piece begins with the address of the next.
  private var free: UnsafeMutableRawPointer?

  deinit { for block in blocks { block.deallocate() } }

  /// Memory for a record, not initialised.
  @inline(__always)
  mutating func take() -> UnsafeMutablePointer<Record> {
    if free == nil { allocateBlock() }
    let piece = free.unsafelyUnwrapped
    free = piece.load(as: UnsafeMutableRawPointer?.self)
    return piece.bindMemory(to: Record.self, capacity: 1)
  }

  /// Takes back memory that is not initialised any more.
  @inline(__always)
  mutating func giveBack(_ record: UnsafeMutablePointer<Record>) {
    let piece = UnsafeMutableRawPointer(record)
    piece.storeBytes(of: free, as: UnsafeMutableRawPointer?.self)
    free = piece
  }

  private mutating func allocateBlock() {
    let block = UnsafeMutablePointer<Record>.allocate(capacity: Self.blockCount)
    blocks.append(block)
    for index in (0..<Self.blockCount).reversed() { giveBack(block + index) }
  }
}
