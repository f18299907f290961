/// The memory of a loop's task cores: what one core has left another takes.
struct CorePool: ~Copyable {
  private static let blockCount = 32

  private var blocks: [CorePointer] = []
  /// The memory that is not in use; each piece begins with the address of the next.
  private var free: UnsafeMutableRawPointer?

  deinit { for block in blocks { block.deallocate() } }

  /// Memory for a core, not initialised.
  @inline(__always)
  mutating func take() -> CorePointer {
    if free == nil { allocateBlock() }
    let piece = free.unsafelyUnwrapped
    free = piece.load(as: UnsafeMutableRawPointer?.self)
    return piece.bindMemory(to: TaskCore.self, capacity: 1)
  }

  /// Takes back memory that is not initialised any more.
  @inline(__always)
  mutating func giveBack(_ core: CorePointer) {
    let piece = UnsafeMutableRawPointer(core)
    piece.storeBytes(of: free, as: UnsafeMutableRawPointer?.self)
    free = piece
  }

  private mutating func allocateBlock() {
    let block = CorePointer.allocate(capacity: Self.blockCount)
    blocks.append(block)
    for index in (0..<Self.blockCount).reversed() { giveBack(block + index) }
  }
}
