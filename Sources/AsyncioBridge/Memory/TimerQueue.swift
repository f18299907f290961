/// The loop's timers, by deadline; those with equal deadlines in the order in which they were set.
///
/// Timers are only collected at first. When one has to be taken from among many that have been, those are sorted into a run,
/// from which one after the other can then be taken. So timers move together with their neighbours in memory, where in a
/// heap of very many each level is a miss of the cache; and most that are cancelled in time are never sorted at all.
///
/// The queue owns its timers. Its entries are moved about as plain bits, which is what makes sorting them cheap: so they are
/// private to it, and what is put in and taken out is a ``LoopTimer`` that owns.
///
/// A cancelled timer stays in the queue until it is the first or until more than half of more than `cleanUpMinimum` timers
/// are cancelled, as in asyncio's own loop.
///
/// Its share: with a binary heap, a million timers take 80 % more time, 100 000 take 26 % more; a thousand, nearly
/// the same (processor time of `asyncio-bench timers1M 1000000 2`, `timers100k 100000 5` and `timers1k 1000 300`,
/// median of 5).
@safe
struct TimerQueue: ~Copyable {
  // Invariants:
  // 1. `count` is how many timers there are, `earliestDeadline` the first one's deadline, nil if there are none, and
  //    `firstRun` in which run that is, nil if it is not sorted yet.
  // 2. `earliestUnsorted` is where the first of `unsorted` is, if there are any.
  // 3. A run was at most half as long as the one before it was then, when it was made: so there are few.
  // 4. `cancelledCount` is how many of the timers are cancelled.

  struct Entry {
    var deadline: Int64
    var sequence: Int
    fileprivate var timer: UnownedTimer

    /// Whether the timer is not waited for any more.
    var isCancelled: Bool { timer.isCancelled }
    /// Calls `body` with the timer, which the queue owns.
    func with<Result>(_ body: (borrowing LoopTimer) -> Result) -> Result { timer.with(body) }

    @inline(__always)
    static func < (a: borrowing Entry, b: borrowing Entry) -> Bool {
      // No branches, of which the processor could foresee none: all is loaded before anything is compared.
      let (earlier, same) = (a.deadline < b.deadline, a.deadline == b.deadline)
      let first = a.sequence < b.sequence
      return earlier || (same && first)
    }
  }

  /// Timers of which the first is known, and the others are sorted, the last of them being the next.
  private struct Run {
    var first: Entry
    var others: [Entry]
  }

  static let cleanUpMinimum = 100
  /// How many unsorted timers may be looked through for the first of them instead of sorted.
  private static let fewTimers = 16

  private var unsorted: [Entry] = []
  private var earliestUnsorted = 0
  private var runs: [Run] = []
  /// Memory for sorting, which a run has left. Empty.
  private var spare: [Entry] = []
  private var nextSequence = 0
  private var count = 0
  private(set) var cancelledCount = 0

  /// The earliest deadline, cancelled timers included.
  private(set) var earliestDeadline: Int64?
  private var firstRun: Int?

  var isEmpty: Bool { count == 0 }

  /// The timers in their order.
  var entries: [Entry] { runs.reduce(unsorted) { $0 + $1.others + [$1.first] }.sorted(by: <) }

  /// How much memory there is in an empty queue.
  var capacityInBytes: Int { (unsorted.capacity + spare.capacity) * MemoryLayout<Entry>.stride }

  init() {}

  deinit {
    for entry in unsorted { entry.timer.release() }
    for run in runs {
      run.first.timer.release()
      for entry in run.others { entry.timer.release() }
    }
  }

  mutating func insert(_ timer: consuming LoopTimer, deadline: Int64) {
    if unsorted.isEmpty || deadline < unsorted[earliestUnsorted].deadline {
      earliestUnsorted = unsorted.count
      if earliestDeadline.map({ deadline < $0 }) ?? true { (earliestDeadline, firstRun) = (deadline, nil) }
    }
    let timer = UnownedTimer(timer)
    unsorted.append(Entry(deadline: deadline, sequence: nextSequence, timer: timer))
    nextSequence &+= 1
    count += 1
    timer.setIsScheduled(true)
  }

  /// A timer that is in the queue has been cancelled.
  mutating func didCancel() { cancelledCount += 1 }

  // MARK: The first timer

  private mutating func findFirst() {
    var first = unsorted.isEmpty ? nil : unsorted[earliestUnsorted]
    firstRun = nil
    for index in runs.indices {
      let entry = runs[index].first
      if let first, first < entry { continue }
      first = entry
      firstRun = index
    }
    earliestDeadline = first?.deadline
  }

  /// Takes out the first timer if it is due.
  mutating func takeFirst(dueAt now: Int64) -> LoopTimer? {
    guard let earliestDeadline, earliestDeadline <= now else { return nil }
    return takeFirst()
  }

  /// Takes out the first timer if it is cancelled.
  mutating func takeFirstIfCancelled() -> LoopTimer? {
    if isEmpty { return nil }
    let first = firstRun.map { runs[$0].first } ?? unsorted[earliestUnsorted]
    return first.isCancelled ? takeFirst() : nil
  }

  private mutating func takeFirst() -> LoopTimer {
    if firstRun == nil, unsorted.count > Self.fewTimers { sortUnsorted() }
    let entry = firstRun.map { takeFirst(ofRun: $0) } ?? takeEarliestUnsorted()
    count -= 1
    if cancelledCount > 0, entry.isCancelled { cancelledCount -= 1 }
    findFirst()
    return entry.timer.takeOut()
  }

  private mutating func takeFirst(ofRun index: Int) -> Entry {
    let first = runs[index].first
    if let next = runs[index].others.popLast() {
      runs[index].first = next
    } else {
      let run = runs.remove(at: index)
      if run.others.capacity > spare.capacity { spare = run.others }
    }
    return first
  }

  private mutating func takeEarliestUnsorted() -> Entry {
    unsorted.swapAt(earliestUnsorted, unsorted.count - 1)
    let first = unsorted.removeLast()
    findEarliestUnsorted()
    return first
  }

  private mutating func findEarliestUnsorted() {
    earliestUnsorted = 0
    for index in unsorted.indices.dropFirst() where unsorted[index] < unsorted[earliestUnsorted] {
      earliestUnsorted = index
    }
  }

  /// Makes one run of the unsorted timers, the first among them, and of runs that would be hardly longer.
  private mutating func sortUnsorted() {
    var entries: [Entry] = []
    swap(&entries, &unsorted)
    Self.sort(&entries, spare: &spare)
    swap(&unsorted, &spare)
    while let run = runs.last, run.others.count < 2 * entries.count {
      runs.removeLast()
      entries = Self.merge(run.others + [run.first], entries)
    }
    let first = entries.removeLast()
    runs.append(Run(first: first, others: entries))
    firstRun = runs.count - 1
  }

  // MARK: Many timers

  /// Whether all cancelled timers are to be taken out, wherever they are.
  var hasTooManyCancelled: Bool { count > Self.cleanUpMinimum && cancelledCount * 2 > count }

  /// Takes out all cancelled timers.
  mutating func takeCancelled() -> Ring<LoopTimer> {
    makeAllUnsorted()
    let keptCount = unsorted.partition { $0.isCancelled }
    var cancelled = Ring<LoopTimer>()
    for entry in unsorted[keptCount...] { cancelled.append(entry.timer.takeOut()) }
    unsorted.removeLast(unsorted.count - keptCount)
    count = keptCount
    cancelledCount = 0
    findEarliestUnsorted()
    findFirst()
    return cancelled
  }

  /// Takes out all timers.
  mutating func takeAll() -> Ring<LoopTimer> {
    var all = Ring<LoopTimer>()
    // An empty queue keeps its memory.
    if isEmpty { return all }
    makeAllUnsorted()
    var queue = TimerQueue()
    swap(&self, &queue)
    for entry in queue.unsorted { all.append(entry.timer.takeOut()) }
    queue.unsorted = []
    return all
  }

  private mutating func makeAllUnsorted() {
    for run in runs {
      unsorted.append(run.first)
      unsorted += run.others
    }
    runs = []
  }
}

/// What a timer is: one that the user has a handle for, or the future that waits for it.
enum LoopTimer: ~Copyable {
  case handle(Asyncio.TimerHandle)
  case waiter(Owned<WaiterFuture>)
  case sleep(HostedSleep)
}

/// A timer in the queue, which owns it.
///
/// Invariant: each value that was made by `init` is used up by one call of `takeOut` or `release`.
@safe
private enum UnownedTimer {
  case handle(Unmanaged<Asyncio.TimerHandle>)
  case waiter(Unmanaged<WaiterFuture>)
  case sleep(Unmanaged<HostedSleep>)

  init(_ timer: consuming LoopTimer) {
    switch consume timer {
    case .handle(let handle): self = unsafe .handle(.passRetained(handle))
    case .waiter(let waiter): self = unsafe .waiter(waiter.giveUp())
    case .sleep(let sleep): self = unsafe .sleep(.passRetained(sleep))
    }
  }

  var isCancelled: Bool {
    switch self {
    case .handle(let handle): unsafe handle._withUnsafeGuaranteedRef { $0.isCancelled }
    case .waiter(let waiter): unsafe waiter._withUnsafeGuaranteedRef { $0.timer == .cancelled }
    case .sleep(let sleep): unsafe sleep._withUnsafeGuaranteedRef { $0.isOver }
    }
  }

  func setIsScheduled(_ isScheduled: Bool) {
    switch self {
    case .handle(let handle): unsafe handle._withUnsafeGuaranteedRef { $0.isScheduled = isScheduled }
    case .waiter(let waiter): unsafe waiter._withUnsafeGuaranteedRef { $0.timer = isScheduled ? .scheduled : .none }
    case .sleep: break
    }
  }

  func with<Result>(_ body: (borrowing LoopTimer) -> Result) -> Result {
    switch self {
    case .handle(let handle): body(.handle(unsafe handle.takeUnretainedValue()))
    case .waiter(let waiter): unsafe body(.waiter(Owned(Unretained(reference: unsafe waiter))))
    case .sleep(let sleep): body(.sleep(unsafe sleep.takeUnretainedValue()))
    }
  }

  func takeOut() -> LoopTimer {
    setIsScheduled(false)
    switch self {
    case .handle(let handle): return .handle(unsafe handle.takeRetainedValue())
    case .waiter(let waiter): return unsafe .waiter(Owned(adopting: unsafe waiter))
    case .sleep(let sleep): return .sleep(unsafe sleep.takeRetainedValue())
    }
  }

  func release() { _ = takeOut() }
}
