import Testing

@testable import AsyncioBridge

/// The sequences in the code of an actor that is pinned to the loop, called by a Swift task that knows nothing of the
/// loop: only the actor keeps that on the loop's thread.
@Suite struct SequenceIsolationTests {
  private actor Reader {
    private let loop: Asyncio.LoopHandle
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.unownedExecutor }
    init(_ loop: Asyncio.LoopHandle) { self.loop = loop }

    func elements() async throws -> [Int] {
      let queue = Asyncio.Queue<Int>()
      Asyncio.createTask {
        for number in 1...3 {
          try await Asyncio.sleep(.milliseconds(1))
          try await queue.put(number)
        }
        queue.shutdown()
      }
      var seen: [Int] = []
      for try await number in queue.elements { seen.append(number) }
      return seen
    }

    func completed(lazily: Bool) async throws -> [Int] {
      let tasks = [3, 1, 2].map(sleeper)
      var seen: [Int] = []
      if lazily {
        for try await task in Asyncio.asCompleted(tasks) { seen.append(try task.result()) }
      } else {
        for try await task in try Asyncio.asCompleted(starting: tasks) { seen.append(try task.result()) }
      }
      return seen
    }
  }

  private enum Sequence: CaseIterable { case elements, asCompleted, asCompletedStarting }

  @Test("the items come, in the actor", arguments: Sequence.allCases)
  private func iterate(_ sequence: Sequence) async throws {
    let seen = try await Asyncio.run {
      let reader = Reader(Asyncio.EventLoop.running()!.threadsafe)
      let caller = Task.detached {
        switch sequence {
        case .elements: try await reader.elements()
        case .asCompleted: try await reader.completed(lazily: true)
        case .asCompletedStarting: try await reader.completed(lazily: false)
        }
      }
      return try await caller.value
    }
    #expect(seen.sorted() == [1, 2, 3])
  }
}
