/// The loop's timers, by deadline. Timers with equal deadlines are in the order in which they were set.
///
/// New timers are only collected. When one has to be taken from among many unsorted timers, these are sorted into a
/// run, from which timers can then be taken one after the other. So timers move together with their neighbours in
/// memory, where each level of a very large heap would be a cache miss; and most timers that are cancelled in time are
/// never sorted at all.
///
/// The queue owns its timers. Its entries are moved about as plain bits, which makes sorting cheap. So entries are
/// private to the queue; insertion and removal deal in ``LoopTimer``, which owns.
///
/// A cancelled timer stays in the queue until it is the first, or until more than half of more than `cleanUpMinimum`
/// timers are cancelled, as in asyncio's own loop.
///
/// Its share: with a binary heap, a million timers take 80 % more time, 100 000 take 26 % more; a thousand, nearly the
/// same (processor time of `asyncio-bench timers1M 1000000 2`, `timers100k 100000 5` and `timers1k 1000 300`, median of
/// 5).
@safe
struct TimerQueue: ~Copyable {
  // Invariants:
  // 1. `count` is the number of timers. `earliestDeadline` is the deadline of the first timer, nil if there is none;
  //    `firstRun` is the run with the first timer, nil if that timer is unsorted.
  // 2. `earliestUnsorted` is the index of the first timer in `unsorted`, if there are any.
  // 3. When a run was made, it was at most half as long as the run before it: so there are few runs.
  // 4. `cancelledCount` is the number of cancelled timers.

  struct Entry {
    var deadline: Int64
    var sequence: Int
    fileprivate var timer: UnownedTimer

    /// Whether nobody waits for the timer any more.
    var isCancelled: Bool { timer.isCancelled }
    /// Calls `body` with the timer, which the queue owns.
    func with<Result>(_ body: (borrowing LoopTimer) -> Result) -> Result { timer.with(body) }

    @inline(__always)
    static func < (a: borrowing Entry, b: borrowing Entry) -> Bool {
      // No branches, which the processor could not predict: everything is loaded before anything is compared.
      let (earlier, same) = (a.deadline < b.deadline, a.deadline == b.deadline)
      let first = a.sequence < b.sequence
      return earlier || (same && first)
    }
  }

  /// Sorted timers. The first is kept apart; the others are in descending order, the next one last.
  private struct Run {
    var first: Entry
    var others: [Entry]
  }

  static let cleanUpMinimum = 100
  /// How many unsorted timers may be searched for the first one instead of being sorted.
  private static let fewTimers = 16

  private var unsorted: [Entry] = []
  private var earliestUnsorted = 0
  private var runs: [Run] = []
  /// Memory for sorting, left over from a run. Empty.
  private var spare: [Entry] = []
  private var nextSequence = 0
  private var count = 0
  private(set) var cancelledCount = 0

  /// The earliest deadline. Cancelled timers count.
  private(set) var earliestDeadline: Int64?
  private var firstRun: Int?

  var isEmpty: Bool { count == 0 }

  /// The timers in order.
  var entries: [Entry] { runs.reduce(unsorted) { $0 + $1.others + [$1.first] }.sorted(by: <) }

  /// How much memory an empty queue holds.
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

  /// A timer in the queue has been cancelled.
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

  /// Makes one run of the unsorted timers, the first timer among them, and of earlier runs that would be hardly longer.
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

  /// Whether all cancelled timers are to be removed, wherever they are.
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
    // Keeps the memory of an empty queue.
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

/// A timer: a handle that the user has, or the future that waits for the timer.
enum LoopTimer: ~Copyable {
  case handle(Asyncio.TimerHandle)
  case waiter(Owned<WaiterFuture>)
  case sleep(HostedSleep)
}

/// A timer in the queue, which owns the timer.
///
/// Invariant: each value made by `init` is used up by one call of `takeOut` or `release`.
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
