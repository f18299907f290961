import Synchronization

/// The role in which a job must be run. An enqueued job does not say which executor it came by.
enum JobRole: UInt8, Sendable {
  /// By the loop's task executor: a hosted task, or a child of one.
  case task
  /// By the loop's serial executor: an actor that is pinned to the loop.
  case serial
  /// By no executor: the end of a sleep of Swift's own.
  case sleepEnd
}

/// The part of a loop that other threads may touch: items that they hand in, and the means to wake the loop.
///
/// A lock guards `state`; the atomics need none. Only the thread that is in the loop's code touches `loop` (see
/// `isOwnedByCurrentThread`).
@usableFromInline
final class Mailbox: Sendable {
  /// An item that was handed in.
  enum Item: ~Copyable, Sendable {
    case job(UnownedJob, JobRole)
    case sleep(HostedSleep.Request)
    case call(PostedCall, number: Int)
  }

  private enum Phase {
    case open
    /// Calls are refused. Jobs still go to the loop, which waits for its hosts to end.
    case closing
    /// Jobs run on a thread of their own.
    case closed
    /// Jobs are dropped: their Swift tasks have been left behind.
    case abandoned
  }

  private struct State: ~Copyable {
    var items = Ring<Item>()
    /// How many calls were handed in. Numbers the calls.
    var callCount = 0
    /// The numbers of calls that must not begin. Some of these may already have begun.
    var cancelledCalls: Set<Int> = []
    /// When this call begins, numbers of calls that began before their cancellation are forgotten.
    var nextCleanUp = 0
    /// The loop's thread is in the poller, or about to be; the next arrival must wake it.
    var isAsleep = false
    var phase = Phase.open
    /// How many `LoopHandle`s exist. The owner of a handle may hand in calls.
    var handleCount = 0
    /// The loop is asleep, and wants to know when there are no handles left.
    var wakesWhenAlone = false
    /// A thread is running the jobs that arrived after the loop was closed.
    var isDraining = false
    /// Made when the loop first blocks.
    var poller: Poller?

    mutating func goToSleep() -> Poller {
      let poller = poller ?? Poller()
      self.poller = poller
      isAsleep = true
      return poller
    }
  }

  /// Whether the loop's time is virtual: then Swift's sleeps come to it.
  let isVirtual: Bool
  private let state = Locked(State())
  /// Tells the loop, without a lock, whether to look at the items.
  private let itemsFlag = Atomic(false)
  /// Tells the loop, without a lock, whether to look at `cancelledCalls`.
  private let cancelledCallsFlag = Atomic(false)
  /// The thread that is in the loop's code, or 0.
  private let owner = Atomic<UInt>(0)
  /// The loop. Set when the loop is made, cleared when it goes; only for the owning thread.
  let loop = OwnerConfined<Unretained<Asyncio.EventLoop>?>(nil)
  /// Runs jobs that arrive after the loop is closed. Set once, before any job can exist.
  let runner = OwnerConfined<JobRunner?>(nil)

  init(isVirtual: Bool) {
    self.isVirtual = isVirtual
    if isVirtual { _ = SwiftClocks.areVirtual }
  }

  // MARK: Any thread

  var isOwnedByCurrentThread: Bool { owner.load(ordering: .relaxed) == currentThreadID() }

  /// Whether a thread other than the caller's is in the loop's code.
  var isOwnedByAnotherThread: Bool {
    @inline(__always) get {
      let owner = owner.load(ordering: .relaxed)
      return owner != 0 && owner != currentThreadID()
    }
  }

  /// Whether the loop has been closed.
  var isClosed: Bool { state.withLock { $0.phase != .open } }

  /// Hands in a call and wakes the loop. Returns the call's number. If the loop is closed, drops the call and returns
  /// nil.
  @discardableResult
  func post(_ call: consuming PostedCall) -> Int? {
    // Moved in, so that from then on only the loop's thread has the call, and releases it.
    var call: PostedCall? = consume call
    return deliver { state in
      guard state.phase == .open, let call = call.take() else { return nil }
      state.callCount += 1
      state.items.append(.call(call, number: state.callCount))
      return state.callCount
    }
  }

  /// Keeps a call from running, unless it has begun.
  func cancelCall(_ number: Int) {
    state.withLock { state in
      _ = state.cancelledCalls.insert(number)
      cancelledCallsFlag.store(true, ordering: .relaxed)
    }
  }

  /// Takes a job from an executor: straight to the loop on its own thread, otherwise through the mailbox.
  @inline(__always)
  func enqueue(_ job: UnownedJob, _ role: JobRole) {
    if isOwnedByCurrentThread, let loop = loop.value {
      loop.with { $0.accept(job, role) }
    } else {
      post(job, role)
    }
  }

  /// Takes a sleep of a Swift task that prefers this virtual loop. If the loop is closed the sleep ends at once.
  func enqueue(_ sleep: HostedSleep.Request) {
    if isOwnedByCurrentThread, let loop = loop.value {
      loop.with { $0.accept(sleep) }
    } else {
      let isAccepted: Void? = deliver { state in state.phase == .open ? state.items.append(.sleep(sleep)) : nil }
      if isAccepted == nil { post(sleep.end, .sleepEnd) }
    }
  }

  /// Hands in a job and wakes the loop. Jobs of a closed loop are run all the same, one after another, on a thread of
  /// their own, since a job that is never run would leak its Swift task.
  private func post(_ job: UnownedJob, _ role: JobRole) {
    let isAccepted: Void? = deliver { state in
      switch state.phase {
      case .open, .closing: state.items.append(.job(job, role))
      case .closed: nil
      case .abandoned: ()
      }
    }
    if isAccepted != nil { return }
    let mustStart = state.withLock { state in
      state.items.append(.job(job, role))
      defer { state.isDraining = true }
      return !state.isDraining
    }
    if mustStart { startThread { self.drain() } }
  }

  /// Wakes the loop if `append` puts an item in; `append` returns nil otherwise.
  @inline(__always)
  private func deliver<Receipt>(_ append: (inout State) -> Receipt?) -> Receipt? {
    let (receipt, poller) = state.withLock { state -> (Receipt?, Poller?) in
      guard let receipt = append(&state) else { return (nil, nil) }
      itemsFlag.store(true, ordering: .releasing)
      guard state.isAsleep else { return (receipt, nil) }
      state.isAsleep = false
      return (receipt, state.poller)
    }
    poller?.wake()
    return receipt
  }

  /// A handle on the loop is made.
  func addHandle() { state.withLock { $0.handleCount += 1 } }

  /// A handle on the loop has gone. After the last one a waiting loop may have nothing left to wait for.
  func removeHandle() {
    let poller = state.withLock { state -> Poller? in
      state.handleCount -= 1
      guard state.handleCount == 0, state.isAsleep, state.wakesWhenAlone else { return nil }
      state.isAsleep = false
      return state.poller
    }
    poller?.wake()
  }

  private func drain() {
    while true {
      var items = Ring<Item>()
      state.withLock { state in
        if state.items.isEmpty { state.isDraining = false }
        swap(&items, &state.items)
      }
      if items.isEmpty { return }
      while !items.isEmpty {
        switch items.removeFirst() {
        case .job(let job, let role): runner.value?.run(job, role)
        case .sleep(let sleep): runner.value?.run(sleep.end, .sleepEnd)
        case .call: break
        }
      }
    }
  }

  // MARK: The owning thread

  /// Makes the calling thread the loop's owner, and returns the previous owner, for `giveUpOwnership`.
  func takeOwnership() -> UInt { owner.exchange(currentThreadID(), ordering: .acquiring) }

  func giveUpOwnership(to previous: UInt) { owner.store(previous, ordering: .releasing) }

  /// Whether anything has been handed in since the last `takeItems`.
  @inline(__always)
  var hasItems: Bool { itemsFlag.load(ordering: .acquiring) }

  /// Exchanges the items handed in since the last call for `items`, which must be empty and whose memory is reused.
  func takeItems(_ items: inout Ring<Item>) {
    state.withLock { state in
      itemsFlag.store(false, ordering: .relaxed)
      swap(&items, &state.items)
    }
  }

  /// Whether a call that is about to begin has been cancelled. Calls begin in the order of their numbers.
  @inline(__always)
  func isCancelled(_ call: Int) -> Bool { cancelledCallsFlag.load(ordering: .relaxed) && takeCancellation(of: call) }

  @inline(never)
  private func takeCancellation(of call: Int) -> Bool {
    state.withLock { state in
      let wasCancelled = state.cancelledCalls.remove(call) != nil
      if call >= state.nextCleanUp {
        state.cancelledCalls = state.cancelledCalls.filter { $0 > call }
        state.nextCleanUp = call + state.cancelledCalls.count
      }
      if state.cancelledCalls.isEmpty { cancelledCallsFlag.store(false, ordering: .relaxed) }
      return wasCancelled
    }
  }

  /// Blocks until an item is handed in, or until `timeout` nanoseconds (nil: no limit) have passed.
  func waitForItems(timeout: Int64?) {
    let poller = state.withLock { $0.items.isEmpty ? $0.goToSleep() : nil }
    if let poller { sleep(at: poller, timeout: timeout) }
  }

  /// Blocks until an item is handed in, but not while nobody has a handle to hand it in with.
  ///
  /// One look under the lock settles this: the user of a handle has it until the lock is free again.
  /// - Returns: false if nothing was handed in and there are no handles. True if the last handle goes during the wait,
  ///   so that the caller can ask again.
  func waitForItemsUnlessAlone() -> Bool {
    let (isAlone, poller) = state.withLock { state -> (Bool, Poller?) in
      if !state.items.isEmpty { return (false, nil) }
      if state.handleCount == 0 { return (true, nil) }
      state.wakesWhenAlone = true
      return (false, state.goToSleep())
    }
    if let poller { sleep(at: poller, timeout: nil) }
    return !isAlone
  }

  private func sleep(at poller: Poller, timeout: Int64?) {
    poller.wait(timeout: timeout)
    state.withLock { state in
      state.isAsleep = false
      state.wakesWhenAlone = false
    }
  }

  /// Takes no calls from now on, and returns the calls that nobody has taken, for the caller to release: the objects
  /// that they keep alive may call back here.
  func stopTakingCalls() -> Ring<Item> {
    var calls = Ring<Item>()
    state.withLock { state in
      state.phase = .closing
      state.items.removeAll(
        where: { item in
          switch item {
          case .call: true
          case .job: false
          case .sleep: false
          }
        },
        to: &calls
      )
    }
    return calls
  }

  /// Drops the items that nobody has taken, and those still to come: a loop that has left bodies behind does not let
  /// them go on without it.
  func abandon() { state.withLock { $0.phase = .abandoned } }

  /// Leaves the jobs that nobody has taken, and those still to come, to `drain`.
  func close() {
    var items = Ring<Item>()
    let poller = state.withLock { state in
      if state.phase != .abandoned { state.phase = .closed }
      swap(&items, &state.items)
      return state.poller.take()
    }
    withExtendedLifetime(poller) {}
    while !items.isEmpty {
      switch items.removeFirst() {
      case .job(let job, let role): post(job, role)
      case .sleep(let sleep): post(sleep.end, .sleepEnd)
      case .call: break
      }
    }
  }
}

/// Reflection, for example by `dump`, shows nothing of a mailbox, whose contents belong to other threads as well.
extension Mailbox: CustomReflectable {
  @usableFromInline
  var customMirror: Mirror { Mirror(self, children: EmptyCollection()) }
}
