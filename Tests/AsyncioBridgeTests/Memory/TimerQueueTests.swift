import Testing

@testable import AsyncioBridge

/// The order of timers, whatever their number and however they come and go.
@Suite struct TimerQueueTests {
  /// A queue, and beside it what must be in it.
  private final class Model {
    let loop: EventLoop
    var queue = TimerQueue()
    /// In the order in which they were set.
    private(set) var timers: [(deadline: Int64, waiter: WaiterFuture)] = []

    init(on loop: EventLoop) { self.loop = loop }

    func insert(_ deadline: Int64) {
      let waiter = loop.createWaiter()
      queue.insert(.waiter(Owned(waiter)), deadline: deadline)
      timers.append((deadline, waiter))
    }

    func cancel(_ index: Int) {
      timers[index].waiter.timer = .cancelled
      queue.didCancel()
      timers.remove(at: index)
    }

    /// Takes the first timer out and returns whether it is the one that has to be.
    func takeFirst() -> Bool {
      while let timer = queue.takeFirstIfCancelled() { _ = consume timer }
      guard let index = timers.indices.min(by: { timers[$0].deadline < timers[$1].deadline }) else {
        return queue.earliestDeadline == nil
      }
      let (deadline, waiter) = timers.remove(at: index)
      guard queue.earliestDeadline == deadline, queue.takeFirst(dueAt: deadline - 1) == nil,
        let first = queue.takeFirst(dueAt: deadline)
      else { return false }
      switch consume first {
      case .waiter(let first): return first.refers(to: waiter)
      case .handle: return false
      case .sleep: return false
      }
    }

    /// Takes out the cancelled timers, and returns how many those were.
    func takeCancelled() -> Int { queue.takeCancelled().count }

    // What can't be copied can't be looked at within an expectation.
    var entries: [TimerQueue.Entry] { queue.entries }
    var isEmpty: Bool { queue.isEmpty }
    var earliestDeadline: Int64? { queue.earliestDeadline }
    var cancelledCount: Int { queue.cancelledCount }
    var capacityInBytes: Int { queue.capacityInBytes }

    func takeAll() {
      _ = queue.takeAll()
      timers = []
    }
  }

  @Test("Timers come by deadline, and with equal deadlines as they were set", arguments: [1, 16, 17, 100, 1000])
  func order(_ count: Int) throws {
    try withLoop { loop in
      let model = Model(on: loop)
      var random = Random(seed: 1)
      // Twice: the second time in memory that the first has left.
      for _ in 0..<2 {
        for _ in 0..<count { model.insert(.random(in: 0..<Int64(count), using: &random)) }
        #expect(model.entries.map(\.deadline) == model.timers.map(\.deadline).sorted())
        for _ in 0..<count { #expect(model.takeFirst()) }
        #expect(model.isEmpty)
        #expect(model.earliestDeadline == nil)
      }
    }
  }

  @Test(
    "Timers come in their order while others are set, cancelled and cleaned up",
    arguments: [(10, 1), (40, 2), (200, 3), (2000, 4)]
  )
  func mixture(_ most: Int, _ seed: UInt64) throws {
    try withLoop { loop in
      let model = Model(on: loop)
      var random = Random(seed: seed)
      var now: Int64 = 0
      for round in 0..<60 {
        for _ in 0..<Int.random(in: 0...most / 4, using: &random) {
          model.insert(now + .random(in: -5...Int64(most), using: &random))
        }
        for _ in 0..<Int.random(in: 0...most / 10, using: &random) where !model.timers.isEmpty {
          model.cancel(.random(in: model.timers.indices, using: &random))
        }
        if round % 20 == 19 {
          while model.timers.count > 2 { model.cancel(.random(in: model.timers.indices, using: &random)) }
        }
        if model.queue.hasTooManyCancelled {
          let cancelledCount = model.takeCancelled()
          #expect(cancelledCount > 50)
          #expect(model.cancelledCount == 0)
        }
        for _ in 0..<Int.random(in: 0...most / 5, using: &random) { #expect(model.takeFirst()) }
        #expect(model.entries.filter { !$0.isCancelled }.count == model.timers.count)
        now += Int64(most / 8)
      }
      model.takeAll()
      #expect(model.isEmpty)
      #expect(model.cancelledCount == 0)
    }
  }

  @Test("A queue through which many timers have gone keeps memory for as many as there were at a time")
  func memory() throws {
    try withLoop { loop in
      let model = Model(on: loop)
      for index in 0..<10_000 {
        model.insert(Int64(index))
        // One for each, and none before there are many.
        if index >= 200 { #expect(model.takeFirst()) }
      }
      for _ in 0..<200 { #expect(model.takeFirst()) }
      #expect(model.isEmpty)
      #expect(model.capacityInBytes < 1000 * MemoryLayout<TimerQueue.Entry>.stride)
    }
  }
}
