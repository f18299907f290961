import AsyncioBridge
import Testing

extension DocSnippetTests {
  @Test("Semantics, the order of steps and callbacks")
  func orderOfSteps() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    try Asyncio.run {
      let loop = Asyncio.EventLoop.running()!
      var order: [String] = []
      let future = loop.createFuture(of: Void.self)
      let waiter = Asyncio.createTask {
        order.append("waiter begins")
        try await future.value
        order.append("waiter goes on")
      }
      try loop.callSoon { order.append("callback") }
      try await Asyncio.sleep(.zero)
      future.addDoneCallback { _ in order.append("done callback") }
      try future.setResult()
      order.append("set")
      try await waiter.value
      print(order)  // ["waiter begins", "callback", "set", "waiter goes on", "done callback"]
    }
    #expect(printed.lines == ["[\"waiter begins\", \"callback\", \"set\", \"waiter goes on\", \"done callback\"]"])
  }

  @Test("Semantics, denied, noted, too late, and before the beginning")
  func answersToCancellation() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    try Asyncio.run(clock: .virtual) {
      let stubborn = Asyncio.createTask {
        do { try await Asyncio.sleep(.seconds(60)) } catch is CancellationError { print("no") }  // no
        try await Asyncio.sleep(.seconds(1))
        return "still here"
      }
      let eager = Asyncio.createTask {
        Asyncio.currentTask()!.cancel()  // noted, and delivered at the next await
        do { try await Asyncio.sleep(.seconds(1)) } catch is CancellationError { print("at the next await") }
      }
      let returning = Asyncio.createTask {
        Asyncio.currentTask()!.cancel()  // noted, and the body returns first
        return 1
      }
      let unbegun = Asyncio.createTask { print("never printed") }
      unbegun.cancel()
      try await Asyncio.sleep(.zero)
      stubborn.cancel()

      print(try await stubborn.value, stubborn.isCancelled)  // still here false
      print(eager.isCancelled, returning.isCancelled, unbegun.isCancelled)  // false true true
    }
    #expect(printed.lines == ["at the next await", "no", "still here false", "false true true"])
  }

  @Test("Semantics, closing a loop unwinds what is pending")
  func closeUnwinds() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    let loop = Asyncio.EventLoop(clock: .virtual)
    loop.exceptionHandler = { _, report in print(report.message) }
    let never = loop.createFuture(of: Void.self)
    try loop.createTask(name: "forgotten") {
      defer { print("unwound") }
      try await never.value
    }
    try loop.runUntilIdle()
    try loop.close()
    // Task was destroyed but it is pending!
    // unwound
    #expect(printed.lines == ["Task was destroyed but it is pending!", "unwound"])
  }

  @Test("Semantics, a task has a copy of its creator's context")
  func contexts() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    let user = Asyncio.ContextVar<String>("user", default: "nobody")

    try Asyncio.run {
      user.set("Ada")
      let task = Asyncio.createTask {
        let inherited = user.value
        user.set("Grace")
        return "\(inherited), then \(user.value)"
      }
      user.set("Edsger")
      print(try await task.value, "and outside", user.value)  // Ada, then Grace and outside Edsger
    }
    #expect(printed.lines == ["Ada, then Grace and outside Edsger"])
  }
}
