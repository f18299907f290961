/// The memory of a loop's records, which a thread keeps for the next loop that is made on it when one goes.
///
/// A program that runs one loop after the other would else take the same memory from the system each time. That costs more
/// than it seems: as the last that is in use at its end, this memory makes the system's allocator keep what is around it, the
/// runtime's own memory for as many Swift tasks; and memory that comes from the system anew is what costs most about a
/// great number of tasks.
struct LoopRecords: ~Copyable {
  var cores = RecordPool<TaskCore>()
  var hosts = RecordPool<KeptHost>()

  /// How much is kept of each kind at most.
  private static var mostSpareBytes: Int { 4 << 20 }

  /// What the calling thread has kept, or nothing.
  static func ofThread() -> LoopRecords { ThreadState.current.pointee.spareRecords.take() ?? LoopRecords() }

  /// Keeps the memory for the next loop of the calling thread, unless there is some already.
  consuming func giveToThread() {
    let thread = ThreadState.current
    // A body that nothing could end has its record for ever.
    guard thread.pointee.spareRecords == nil, cores.isUnused, hosts.isUnused else { return }
    cores.shrink(to: Self.mostSpareBytes)
    hosts.shrink(to: Self.mostSpareBytes)
    thread.pointee.spareRecords = .some(self)
  }
}
