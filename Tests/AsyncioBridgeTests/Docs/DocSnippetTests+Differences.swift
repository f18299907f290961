import AsyncioBridge
import Testing

extension DocSnippetTests {
  @Test("Differences, errors are told from a cancellation")
  func matchesErrors() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    try Asyncio.run {
      let task = Asyncio.createTask {
        do {
          try await Asyncio.sleep(.seconds(60))
        } catch is CancellationError {
          throw CancellationError()
        } catch {
          print("an error proper: \(error)")
        }
      }
      try await Asyncio.sleep(.zero)
      task.cancel()
      _ = try await Asyncio.wait([task])
      print(task.isCancelled)  // true
    }
    #expect(printed.lines == ["true"])
  }

  @Test("Differences, asCompleted yields the futures, and begins with the first")
  func asCompletedYieldsFutures() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    try Asyncio.run(clock: .virtual) {
      let loop = Asyncio.EventLoop.running()!
      let tasks = [3, 1].map { seconds in
        Asyncio.createTask(name: "\(seconds)") { try await Asyncio.sleep(.seconds(seconds)) }
      }
      let completed = Asyncio.asCompleted(tasks, timeout: .seconds(5))
      try await Asyncio.sleep(.seconds(2))
      for try await task in completed { print(task.name, loop.time) }
    }
    // 1 2.0 seconds
    // 3 3.0 seconds
    #expect(printed.lines == ["1 2.0 seconds", "3 3.0 seconds"])
  }

  @Test("Differences, gather keeps the types of its results")
  func gatherIsTyped() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    try Asyncio.run {
      let name = Asyncio.Coroutine { "Ada" }
      let failing = Asyncio.Coroutine { () async throws -> Int in throw Asyncio.ValueError("no") }
      let (first, second) = try await Asyncio.gather(returningErrors: name, failing).value
      print(try first.get())  // Ada
      do { _ = try second.get() } catch { print(error) }  // ValueError: no
      print(try await Asyncio.gather([name, name]).value)  // ["Ada", "Ada"]
    }
    #expect(printed.lines == ["Ada", "ValueError: no", "[\"Ada\", \"Ada\"]"])
  }
}
