/// The memory of a loop's ready queue, timers and records. When a loop goes, its thread keeps this memory for the next
/// loop made on that thread.
///
/// A program that runs one loop after another would otherwise take the same memory from the system each time. That
/// costs more than it seems. As the last memory still in use, it makes the system's allocator keep what lies around it:
/// the runtime's own memory for as many Swift tasks. Fresh memory from the system is the largest cost of very many
/// tasks. And returning a large block makes the allocator tidy up all that it has.
///
/// Its share: with nothing kept, loops of 10 000 or 100 000 tasks, one after the other, take half as much time again,
/// and a third more with reused hosts (processor time of `asyncio-bench gather10k 10000 30` and `gather100k 100000 10`,
/// median of 7). Loops of 1000 tasks take the same.
struct LoopMemory: ~Copyable {
  var ready = Ring<ReadyEntry>(minimumCapacity: 64)
  var timers = TimerQueue()
  var cores = RecordPool<TaskCore>()
  var hosts = RecordPool<ReusableHost>()

  /// How many bytes of each kind are kept at most.
  private static var mostSpareBytes: Int { 8 << 20 }

  /// The memory that the calling thread has kept, or empty memory.
  static func ofThread() -> LoopMemory { ThreadState.current.record.spareMemory.take() ?? LoopMemory() }

  /// Keeps the memory for the next loop of the calling thread, unless there is some already.
  fileprivate consuming func giveToThread() {
    let thread = ThreadState.current
    // A body that nothing could end keeps its record forever.
    guard thread.record.spareMemory == nil, ready.isEmpty, timers.isEmpty, cores.isUnused, hosts.isUnused
    else { return }
    assert(timers.cancelledCount == 0, "AsyncioBridge: an empty queue counts cancelled timers")
    cores.shrink(to: Self.mostSpareBytes)
    hosts.shrink(to: Self.mostSpareBytes)
    if ready.capacityInBytes > Self.mostSpareBytes { ready = Ring(minimumCapacity: 64) }
    if timers.capacityInBytes > Self.mostSpareBytes { timers = TimerQueue() }
    thread.record.spareMemory = .some(self)
  }
}

extension LoopState {
  /// The loop is about to go, and gives up its memory.
  mutating func giveMemoryToThread() {
    var memory = LoopMemory()
    swap(&memory.ready, &ready)
    swap(&memory.timers, &timers)
    swap(&memory.cores, &cores)
    swap(&memory.hosts, &hosts)
    memory.giveToThread()
  }
}
