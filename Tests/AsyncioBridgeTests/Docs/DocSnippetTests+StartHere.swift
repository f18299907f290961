import AsyncioBridge
import Testing

extension DocSnippetTests {
  @Test("Start here, run returns what the body returns")
  func run() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    let answer = try Asyncio.run {
      try await Asyncio.sleep(.milliseconds(10))
      return 42
    }
    print(answer)  // 42
    #expect(printed.lines == ["42"])
  }

  @Test("Start here, a task begins when its creator waits")
  func taskBeginsLater() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    try Asyncio.run {
      let task = Asyncio.createTask(name: "adder") {
        print("running")
        return 1 + 1
      }
      print("created")
      print(try await task.value)
    }
    // created
    // running
    // 2
    #expect(printed.lines == ["created", "running", "2"])
  }

  @Test("Start here, a future is awaited, and calls back")
  func futureWithCallback() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    try Asyncio.run {
      let loop = Asyncio.EventLoop.running()!
      let future = loop.createFuture(of: String.self)
      future.addDoneCallback { print("callback: \(try $0.result())") }
      try loop.callLater(.milliseconds(10)) { try future.setResult("here") }
      print("task: \(try await future.value)")
    }
    // callback: here
    // task: here
    #expect(printed.lines == ["callback: here", "task: here"])
  }

  @Test("Start here, wait, gather and waitFor")
  func combinators() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    try Asyncio.run(clock: .virtual) {
      let name = Asyncio.createTask { try await Asyncio.sleep(.seconds(2), result: "Ada") }
      let age = Asyncio.createTask { try await Asyncio.sleep(.seconds(1), result: 36) }

      let (done, pending) = try await Asyncio.wait([name, age] as [Asyncio.AnyFuture], returnWhen: .firstCompleted)
      print(done == [age], pending == [name])  // true true

      let (who, years) = try await Asyncio.gather(name, age).value
      print(who, years)  // Ada 36

      do {
        try await Asyncio.waitFor(timeout: .seconds(5)) { try await Asyncio.sleep(.seconds(60)) }
      } catch is Asyncio.TimeoutError {
        print("too slow")  // too slow
      }
    }
    #expect(printed.lines == ["true true", "Ada 36", "too slow"])
  }

  @Test("Start here, a body answers its cancellation")
  func caughtCancellation() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    try Asyncio.run {
      let counter = Asyncio.createTask {
        var count = 0
        do {
          while true {
            count += 1
            try await Asyncio.sleep(.zero)
          }
        } catch is CancellationError {
          return count
        }
      }
      for _ in 1...3 { try await Asyncio.sleep(.zero) }
      counter.cancel()
      print(try await counter.value, counter.isCancelled)  // 3 false
    }
    #expect(printed.lines == ["3 false"])
  }

  @Test("Start here, tasks share an ordinary object")
  func sharedObject() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    final class Inventory {
      var items: [String: Int] = [:]
    }

    try Asyncio.run {
      let inventory = Inventory()
      let deliveries = (1...100).map { number in
        Asyncio.createTask { inventory.items["box \(number % 3)", default: 0] += 1 }
      }
      _ = try await Asyncio.gather(deliveries).value
      print(inventory.items["box 0"]!, inventory.items["box 1"]!)  // 33 34
    }
    #expect(printed.lines == ["33 34"])
  }

  @Test("Start here, a bounded queue")
  func boundedQueue() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    try Asyncio.run(clock: .virtual) {
      let queue = Asyncio.Queue<Int>(maxsize: 2)
      let producer = Asyncio.createTask {
        for number in 1...4 { try await queue.put(number) }
      }
      let consumer = Asyncio.createTask {
        while true {
          print(try await queue.get())
          try queue.taskDone()
        }
      }
      try await producer.value
      try await queue.join()
      consumer.cancel()
    }
    // 1
    // 2
    // 3
    // 4
    #expect(printed.lines == ["1", "2", "3", "4"])
  }

  @Test("Start here, a thread of the pool asks the loop")
  func threads() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    try Asyncio.run {
      let loop = Asyncio.EventLoop.running()!
      let handle = loop.threadsafe
      let answer = try loop.runInExecutor {
        // On a thread of the pool, which asks the loop.
        try handle.runCoroutineThreadsafe { try await Asyncio.sleep(.milliseconds(1), result: 42) }.result()
      }
      print(try await answer.value)  // 42
    }
    #expect(printed.lines == ["42"])
  }

  @Test("Start here, a loop of one's own reports")
  func ownLoop() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    let loop = Asyncio.EventLoop()
    loop.exceptionHandler = { _, report in print("report: \(report.message.prefix(21)), \(report.error!)") }
    try loop.callSoon { throw Asyncio.ValueError("nobody sees this") }
    let sum = try loop.runUntilComplete { 1 + 1 }
    try loop.close()
    print(sum)
    // report: Exception in callback, ValueError: nobody sees this
    // 2
    #expect(printed.lines == ["report: Exception in callback, ValueError: nobody sees this", "2"])
  }
}
