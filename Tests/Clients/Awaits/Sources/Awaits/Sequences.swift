// Waits behind, and in, loops over sequences: what an inlined wait finds there has been computed for the hop back from
// the sequence already, and so the optimiser takes other ways than for a wait that stands alone.

import AsyncioBridge

func afterSequence<S: AsyncSequence>(_ s: S, _ a: Asyncio.Future<Int>) async throws where S.Element == Int {
  for try await x in s { print(x) }; print(try await a.value)
}

@concurrent
func afterSequenceElsewhere<S: AsyncSequence>(_ s: S, _ a: Asyncio.Future<Int>) async throws where S.Element == Int {
  for try await x in s { print(x) }; print(try await a.value)
}

func inSequence<S: AsyncSequence>(_ s: S, _ lock: Asyncio.Lock) async throws -> Int where S.Element == Int {
  var sum = 0
  for try await x in s {
    try await Asyncio.sleep(.milliseconds(x))
    try await lock.withLock { sum += x }
  }
  return sum
}

func sum(of tasks: [Asyncio.Task<Int>]) async throws -> Int {
  var sum = 0
  for try await task in Asyncio.asCompleted(tasks, timeout: .seconds(5)) { sum += try await task.value }
  for try await task in try Asyncio.asCompleted(starting: tasks) { sum += try task.result() }
  return sum
}

func sum(of queue: Asyncio.Queue<Int>, until future: Asyncio.Future<Void>) async throws -> Int {
  var sum = 0
  for try await x in queue.elements {
    sum += x
    try queue.taskDone()
  }
  try await future.value
  return sum
}
