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
      queue.insert(.waiter(.passUnretained(waiter)), deadline: deadline)
      timers.append((deadline, waiter))
    }

    func cancel(_ index: Int) {
      timers[index].waiter.timer = .cancelled
      queue.cancelledCount += 1
      timers.remove(at: index)
    }

    /// Takes the first timer out and returns whether it is the one that has to be.
    func takeFirst() -> Bool {
      while let timer = queue.takeFirstIfCancelled() { timer.release() }
      guard let index = timers.indices.min(by: { timers[$0].deadline < timers[$1].deadline }) else {
        return queue.earliestDeadline == nil
      }
      let (deadline, waiter) = timers.remove(at: index)
      guard queue.earliestDeadline == deadline, queue.takeFirst(dueAt: deadline - 1) == nil,
        case .waiter(let first)? = queue.takeFirst(dueAt: deadline)
      else { return false }
      defer { first.drop() }
      return first.takeUnretainedValue() === waiter
    }

    func takeAll() {
      for entry in queue.takeAll() { entry.timer.release() }
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
        #expect(model.queue.entries.map(\.deadline) == model.timers.map(\.deadline).sorted())
        for _ in 0..<count { #expect(model.takeFirst()) }
        #expect(model.queue.isEmpty)
        #expect(model.queue.earliestDeadline == nil)
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
          let cancelled = model.queue.takeCancelled()
          #expect(cancelled.count > 50)
          #expect(model.queue.cancelledCount == 0)
          for entry in cancelled { entry.timer.release() }
        }
        for _ in 0..<Int.random(in: 0...most / 5, using: &random) { #expect(model.takeFirst()) }
        #expect(model.queue.entries.filter { !$0.timer.isCancelled }.count == model.timers.count)
        now += Int64(most / 8)
      }
      model.takeAll()
      #expect(model.queue.isEmpty)
      #expect(model.queue.cancelledCount == 0)
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
      #expect(model.queue.isEmpty)
      #expect(model.queue.capacityInBytes < 1000 * MemoryLayout<TimerQueue.Entry>.stride)
    }
  }
}
