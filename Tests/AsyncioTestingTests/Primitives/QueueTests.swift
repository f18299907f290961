import AsyncioBridge
import Testing

extension PrimitiveTests {
  @Suite struct QueueTests {
    @Test("a queue gives the first item first", arguments: Orders.allCases)
    func fifo(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<6) { turns in
        try await putAndGet(Asyncio.Queue(maxsize: 2), turns) { $0.removeFirst() }
      }
    }

    @Test("a LIFO queue gives the last item first", arguments: Orders.allCases)
    func lifo(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<6) { turns in
        try await putAndGet(Asyncio.LifoQueue(maxsize: 2), turns) { $0.removeLast() }
      }
    }

    @Test("a priority queue gives the least item first", arguments: Orders.allCases)
    func priority(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<6) { turns in
        try await putAndGet(Asyncio.PriorityQueue(maxsize: 2), turns) { items in
          items.sort()
          return items.removeFirst()
        }
      }
    }

    @Test("a cancelled getter, and a cancelled putter, lose and double nothing", arguments: Orders.allCases)
    func cancellation(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<6) { turns in
        let queue = Asyncio.Queue<Int>(maxsize: 1)
        var put: [Int] = []
        var got: [Int] = []
        let producers = [0, 10].map { first in
          Asyncio.createTask {
            for item in first..<first + 2 {
              try await queue.put(item)
              put.append(item)
            }
          }
        }
        let consumers = (0..<2).map { _ in
          Asyncio.createTask { while true { got.append(try await queue.get()) } }
        }
        let cancellers = [
          cancelling(producers[0], after: turns) {
            Asyncio.sometimes("a putter is cancelled in line", queue.waiterCounts.putters > 0)
          },
          cancelling(consumers[0], after: turns) {
            Asyncio.sometimes("a getter is cancelled in line", queue.waiterCounts.getters > 0)
          },
        ]
        for canceller in cancellers { _ = await canceller.ending() }
        try await producers[1].value
        _ = await producers[0].ending()
        try await Asyncio.sleep(.seconds(3600))
        try check(queue.isEmpty, "\(queue) though a consumer waits")
        try check(got.sorted() == put.sorted(), "put \(put), got \(got)")
        for first in [0, 10] {
          let own = got.filter { $0 / 10 * 10 == first }
          try check(own == own.sorted(), "the order of a producer: \(got)")
        }
        consumers[1].cancel()
        _ = await consumers[1].ending()
        try check(queue.waiterCounts == (0, 0), "left behind: \(queue)")
      }
    }

    @Test("join ends when all that was put is done, and not before", arguments: Orders.allCases)
    func join(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<6) { turns in
        let queue = Asyncio.Queue<Int>()
        var done = 0
        for item in 0..<3 { try queue.putNowait(item) }
        var isAtWork = false
        let workers = (0..<2).map { number in
          Asyncio.createTask {
            while true {
              _ = try await queue.get()
              isAtWork = number == 0 || isAtWork
              // Work that is cancelled is done, too.
              defer {
                done += 1
                try? queue.taskDone()
                if number == 0 { isAtWork = false }
              }
              try await Asyncio.sleep(.zero)
            }
          }
        }
        cancelling(workers[0], after: turns) { Asyncio.sometimes("cancelled at work", isAtWork) }
        try await queue.join()
        try check(done == 3, "joined after \(done)")
        workers[1].cancel()
        for worker in workers { _ = await worker.ending() }
        try check(queue.waiterCounts == (0, 0), "left behind: \(queue)")
      }
    }

    @Test("a queue that is shut down gives what it has, and ends all waits", arguments: Orders.allCases)
    func shutdown(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<6) { turns in
        let queue = Asyncio.Queue<Int>(maxsize: 1)
        var put: [Int] = []
        var got: [Int] = []
        let producer = Asyncio.createTask {
          for item in 0..<3 {
            try await queue.put(item)
            put.append(item)
          }
        }
        let consumers = (0..<2).map { _ in
          Asyncio.createTask { while true { got.append(try await queue.get()) } }
        }
        let closer = Asyncio.createTask {
          try await pass(turns)
          Asyncio.sometimes("a putter is in line", queue.waiterCounts.putters > 0)
          Asyncio.sometimes("a getter is in line", queue.waiterCounts.getters > 0)
          queue.shutdown()
        }
        cancelling(consumers[0], after: 2)
        try await closer.value
        Asyncio.sometimes("refused", put.count < 3)
        do {
          try await producer.value
        } catch is Asyncio.QueueShutDown {}
        do {
          try await consumers[1].value
        } catch is Asyncio.QueueShutDown {}
        _ = await consumers[0].ending()
        try check(got == put, "put \(put), got \(got)")
        try check(queue.waiterCounts == (0, 0), "left behind: \(queue)")
      }
    }

    @Test("a queue that is shut down at once gives nothing more, and its joins end", arguments: Orders.allCases)
    func immediateShutdown(_ orders: Orders) async throws {
      try await orders.explore(turns: 0..<6) { turns in
        let queue = Asyncio.Queue<Int>(maxsize: 2)
        var isShutDown = false
        var isTaken = false
        let producer = Asyncio.createTask { for item in 0..<3 { try await queue.put(item) } }
        let joiner = Asyncio.createTask { try await queue.join() }
        let consumer = Asyncio.createTask {
          try await pass(2)
          while true {
            _ = try await queue.get()
            try check(!isShutDown, "given after the shutdown")
            isTaken = true
            try queue.taskDone()
          }
        }
        let closer = Asyncio.createTask {
          try await pass(turns)
          Asyncio.sometimes("items are dropped", !queue.isEmpty)
          isShutDown = true
          queue.shutdown(immediate: true)
        }
        try await closer.value
        for task in [producer, joiner] {
          do { try await task.value } catch is Asyncio.QueueShutDown {}
        }
        do {
          try await consumer.value
        } catch is Asyncio.QueueShutDown {}
        Asyncio.sometimes("one was taken before", isTaken)
        try check(queue.isEmpty && queue.waiterCounts == (0, 0), "left behind: \(queue)")
      }
    }
  }
}

/// Two producers and two consumers, of which one is cancelled. Each item that is got is what a list, kept beside the
/// queue, has next: putting and getting are one step with what stands behind them.
private nonisolated(nonsending) func putAndGet(
  _ queue: Asyncio.Queue<Int>,
  _ turns: Int,
  next: @escaping (inout [Int]) -> Int
) async throws {
  var model: [Int] = []
  var count = 0
  let producers = [0, 10].map { first in
    Asyncio.createTask {
      for item in [1, 2, 0] {
        try await queue.put(first + item)
        model.append(first + item)
        Asyncio.sometimes("two items at a time", model.count == 2)
      }
    }
  }
  let consumers = (0..<2).map { number in
    Asyncio.createTask {
      while true {
        let item = try await queue.get()
        let expected = next(&model)
        try check(item == expected, "got \(item), and not \(expected)")
        count += 1
        try await Asyncio.sleep(.zero)
      }
    }
  }
  cancelling(consumers[0], after: turns)
  for producer in producers { try await producer.value }
  try await Asyncio.sleep(.seconds(3600))
  try check(count == 6 && model.isEmpty, "\(model) is left")
  consumers[1].cancel()
  for consumer in consumers { try check(await consumer.ending() == .cancelled, "a consumer failed") }
}
