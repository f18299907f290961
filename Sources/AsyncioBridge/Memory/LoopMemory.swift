/// The memory in which a loop keeps what it has to do, which a thread keeps for the next loop that is made on it when one
/// goes.
///
/// A program that runs one loop after the other would else take the same memory from the system each time. That costs more
/// than it seems: as the last that is in use at its end, this memory makes the system's allocator keep what is around it, the
/// runtime's own memory for as many Swift tasks; memory that comes from the system anew is what costs most about a
/// great number of tasks; and to give back a large piece makes the allocator tidy up all that it has.
///
/// Its share: with nothing kept, loops of 10 000 or 100 000 tasks, one after the other, take half as much time again,
/// and on kept hosts a third (processor time of `asyncio-bench gather10k 10000 30` and `gather100k 100000 10`, median
/// of 7). Loops of 1000 tasks take the same.
struct LoopMemory: ~Copyable {
  var ready = Ring<ReadyEntry>(minimumCapacity: 64)
  var timers = TimerQueue()
  var cores = RecordPool<TaskCore>()
  var hosts = RecordPool<ReusableHost>()

  /// How much is kept of each kind at most.
  private static var mostSpareBytes: Int { 8 << 20 }

  /// What the calling thread has kept, or nothing.
  static func ofThread() -> LoopMemory { ThreadState.current.record.spareMemory.take() ?? LoopMemory() }

  /// Keeps the memory for the next loop of the calling thread, unless there is some already.
  fileprivate consuming func giveToThread() {
    let thread = ThreadState.current
    // A body that nothing could end has its record for ever.
    guard thread.record.spareMemory == nil, ready.isEmpty, timers.isEmpty, cores.isUnused, hosts.isUnused
    else { return }
    cores.shrink(to: Self.mostSpareBytes)
    hosts.shrink(to: Self.mostSpareBytes)
    if ready.capacityInBytes > Self.mostSpareBytes { ready = Ring(minimumCapacity: 64) }
    if timers.capacityInBytes > Self.mostSpareBytes { timers = TimerQueue() }
    thread.record.spareMemory = .some(self)
  }
}

extension LoopState {
  /// The loop goes, and keeps its memory no longer.
  mutating func giveMemoryToThread() {
    var memory = LoopMemory()
    swap(&memory.ready, &ready)
    swap(&memory.timers, &timers)
    swap(&memory.cores, &cores)
    swap(&memory.hosts, &hosts)
    memory.giveToThread()
  }
}
