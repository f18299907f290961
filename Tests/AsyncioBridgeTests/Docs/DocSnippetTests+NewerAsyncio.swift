import AsyncioBridge
import Foundation
import Testing

extension DocSnippetTests {
  @Test("Newer asyncio, timeout")
  func newerTimeout() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    try Asyncio.run(clock: .virtual) {
      let loop = Asyncio.EventLoop.running()!
      do {
        try await Asyncio.timeout(.seconds(5)) { timeout in
          try await Asyncio.sleep(.seconds(3))
          try timeout.reschedule(loop.time.advanced(by: .seconds(3)))  // some progress has been made
          try await Asyncio.sleep(.seconds(60))
        }
      } catch is Asyncio.TimeoutError {
        print("gave up after", loop.time)
      }
    }
    // gave up after 6.0 seconds
    #expect(printed.lines == ["gave up after 6.0 seconds"])
  }

  @Test("Newer asyncio, task groups")
  func newerTaskGroup() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    try Asyncio.run(clock: .virtual) {
      let sibling = Asyncio.Event()
      do {
        try await Asyncio.withTaskGroup { group in
          try group.createTask(name: "sibling") {
            defer { sibling.set() }
            try await Asyncio.sleep(.seconds(60))
          }
          try group.createTask {
            try await Asyncio.sleep(.seconds(1))
            throw Asyncio.ValueError("no such page")
          }
        }
      } catch let failure as Asyncio.ErrorGroup {
        print(failure.errors, sibling.isSet)
      }
    }
    // [ValueError: no such page] true
    #expect(printed.lines == ["[ValueError: no such page] true"])
  }

  @Test("Newer asyncio, as completed")
  func newerAsCompleted() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    try Asyncio.run(clock: .virtual) {
      let loop = Asyncio.EventLoop.running()!
      let tasks = [3, 1].map { seconds in
        Asyncio.createTask(name: "\(seconds)") { try await Asyncio.sleep(.seconds(seconds)) }
      }
      let completed = try Asyncio.asCompleted(starting: tasks, timeout: .seconds(5))
      try await Asyncio.sleep(.seconds(2))
      for try await task in completed { print(task.name, loop.time, task === tasks[0]) }
    }
    // 1 2.0 seconds false
    // 3 3.0 seconds true
    #expect(printed.lines == ["1 2.0 seconds false", "3 3.0 seconds true"])
  }

  @Test("Newer asyncio, eager tasks")
  func newerEagerTasks() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    try Asyncio.run {
      let cache = ["Ada": 1815]
      func yearOfBirth(_ name: String) async throws -> Int? {
        if let known = cache[name] { return known }
        try await Asyncio.sleep(.milliseconds(1))  // ask somebody
        return nil
      }
      let known = Asyncio.createTask(eagerStart: true) { try await yearOfBirth("Ada") }
      let unknown = Asyncio.createTask(eagerStart: true) { try await yearOfBirth("Alan") }
      print(known.isDone, unknown.isDone)
    }
    // true false
    #expect(printed.lines == ["true false"])
  }

  @Test("Newer asyncio, Control-C")
  func newerInterrupt() async {
    await #expect(processExitsWith: .exitCode(130)) {
      allowInterrupts()
      try beInterrupted()
    }
  }

  @Test("Newer asyncio, taking a cancellation back")
  func newerUncancel() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    try Asyncio.run {
      let task = Asyncio.currentTask()!
      task.cancel()
      do {
        try await Asyncio.sleep(.seconds(60))
      } catch is CancellationError {
        print(task.cancelling, task.uncancel())  // 1 0
      }
    }
    #expect(printed.lines == ["1 0"])
  }

  @Test("Newer asyncio, which Python a loop follows")
  func newerSemantics() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    for semantics in [Asyncio.Semantics.python3_8, .python3_13] {
      try Asyncio.run(clock: .virtual, semantics: semantics) {
        let report = Asyncio.createTask {
          do { try await Asyncio.sleep(.seconds(60)) } catch is CancellationError { return "half of it" }
          return "all of it"
        }
        do {
          print(semantics, try await Asyncio.waitFor(report, timeout: .seconds(1)))
        } catch is Asyncio.TimeoutError {
          print(semantics, "nothing")
        }
      }
    }
    // 3.8 nothing
    // 3.13 half of it
    #expect(printed.lines == ["3.8 nothing", "3.13 half of it"])
  }
}

/// Is interrupted.
private func serve() async throws {
  raise(SIGINT)
  try await Asyncio.sleep(.seconds(60))
}

private func beInterrupted() throws {
  do {
    try Asyncio.run(handlingInterrupt: true) {
      defer { print("goodbye") }
      try await serve()
    }
  } catch is Asyncio.KeyboardInterrupt {
    exit(130)  // what a shell expects of a program that Control-C has ended
  }
}
