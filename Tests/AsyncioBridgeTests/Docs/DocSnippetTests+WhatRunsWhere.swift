import AsyncioBridge
import Foundation
import Testing

extension DocSnippetTests {
  @Test("What runs where, a body comes back from the main actor")
  func backFromTheMainActor() async throws {
    let printed = Printed()
    @Sendable func print(_ items: Any...) { printed.add(items) }
    try await Asyncio.run {
      let loop = Asyncio.EventLoop.running()!
      let body = Asyncio.currentTask()!
      await MainActor.run { print("on the main actor, loop here:", Asyncio.EventLoop.running() != nil) }
      print("back:", Asyncio.EventLoop.running() === loop, Asyncio.currentTask() === body)
    }
    // on the main actor, loop here: false
    // back: true true
    #expect(printed.lines == ["on the main actor, loop here: false", "back: true true"])
  }

  @Test("What runs where, children take the time of the loop")
  func childrenInOrder() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    try Asyncio.run(clock: .virtual) {
      let loop = Asyncio.EventLoop.running()!
      let order = try await withThrowingTaskGroup(of: Int.self) { group in
        for delay in [30, 10, 20] {
          group.addTask { try await Asyncio.sleep(.seconds(delay), result: delay) }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      print(order, loop.time)  // [10, 20, 30] 30.0 seconds
    }
    #expect(printed.lines == ["[10, 20, 30] 30.0 seconds"])
  }

  @Test("What runs where, a call to a pinned actor takes no turn")
  func pinnedActor() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    actor Ledger {
      let loop: Asyncio.LoopHandle
      nonisolated var unownedExecutor: UnownedSerialExecutor { loop.unownedExecutor }
      private(set) var total = 0
      init(loop: Asyncio.LoopHandle) { self.loop = loop }
      func add(_ amount: Int) { total += amount }
    }

    try Asyncio.run {
      let loop = Asyncio.EventLoop.running()!
      let ledger = Ledger(loop: loop.threadsafe)
      let turn = loop.turnCount
      await ledger.add(40)
      await ledger.add(2)
      print(await ledger.total, loop.turnCount - turn)  // 42 0
    }
    #expect(printed.lines == ["42 0"])
  }

  @Test("What runs where, a global actor on a loop of its own")
  func globalActor() async throws {
    #expect(try await query(7) == "row 7")
  }
}

@globalActor actor Database {
  static let shared = Database()
  private let loop: Asyncio.LoopHandle
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.unownedExecutor }

  private init() {
    let started = Asyncio.Promise<Asyncio.LoopHandle>()
    Thread.detachNewThread {
      let loop = Asyncio.EventLoop()
      started.resolve(.success(loop.threadsafe))
      try? loop.runForever()
    }
    guard let loop = try? started.future.result() else { fatalError("the loop did not start") }
    self.loop = loop
  }
}

@Database func query(_ number: Int) async throws -> String {
  try await Asyncio.sleep(.milliseconds(1))
  return "row \(number)"
}
