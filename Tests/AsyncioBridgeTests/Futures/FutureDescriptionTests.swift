import Testing

@testable import AsyncioBridge

/// What futures and tasks say about themselves.
@Suite struct FutureDescriptionTests {
  @Test("FUT-32: the description tells the state, and the result or the error")
  func states() throws {
    try withLoop { loop in
      let pending = loop.createFuture(of: Int.self)
      #expect(pending.description == "<Future pending>")
      pending.cancel()
      #expect(pending.description == "<Future cancelled>")
      let finished = loop.createFuture(of: Int.self)
      try finished.setResult(4)
      #expect(finished.description == "<Future finished result=4>")
      let failed = loop.createFuture(of: Int.self)
      try failed.setException(ObjectError("broken"))
      #expect(failed.description == "<Future finished exception=broken>")
      _ = try failed.exception()
    }
  }

  @Test("what waits for it is called as it is in a program")
  func waiters() throws {
    try withLoop { loop in
      var kept: [Any] = []
      let waits: [(String, (Asyncio.Future<Int>) throws -> Any)] = [
        ("gather", { try Asyncio.gather([$0]) }),
        ("shield", { Asyncio.shield($0) }),
        ("concurrentFuture", { $0.concurrentFuture() }),
        ("wait", { future in try loop.createTask { try await Asyncio.wait([future]) } }),
      ]
      for (name, wait) in waits {
        let future = loop.createFuture(of: Int.self)
        kept.append(try wait(future))
        try loop.runBriefly()
        #expect(future.description == "<Future pending cb=[<\(name)>]>")
      }
      loop.logger = { _ in }
      loop.exceptionHandler = { _, _ in }
    }
  }

  @Test("FUT-33, FUT-39: in debug mode a future tells the line that created it, at the end of its description")
  func creationSite() throws {
    try withLoop(debug: true) { loop in
      let future = loop.createFuture(of: Int.self)
      let line = #line - 1
      let place = "AsyncioBridgeTests/FutureDescriptionTests.swift:\(line)"
      #expect(future.site.description == place)
      #expect(future.description == "<Future pending created at \(place)>")

      let own = Asyncio.Future<Int>(loop: loop)
      #expect(own.site.description.hasSuffix("FutureDescriptionTests.swift:\(#line - 1)"))
      let task = try loop.createTask {}
      #expect(task.site.description.hasSuffix("FutureDescriptionTests.swift:\(#line - 1)"))
      #expect(task.description.hasSuffix("created at \(task.site)>"))
      try loop.runUntilComplete(task)
    }
  }

  @Test("FUT-34: one or two callbacks are both listed, in the order of their registration")
  func fewCallbacks() throws {
    try withLoop { loop in
      let future = loop.createFuture(of: Int.self)
      let first = "<callback at AsyncioBridgeTests/FutureDescriptionTests.swift:\(#line + 1)>"
      future.addDoneCallback { _ in }
      #expect(future.description == "<Future pending cb=[\(first)]>")
      let second = "<callback at AsyncioBridgeTests/FutureDescriptionTests.swift:\(#line + 1)>"
      future.addDoneCallback(Asyncio.DoneCallback { _ in })
      #expect(future.description == "<Future pending cb=[\(first), \(second)]>")
      try future.setResult(1)
      try loop.runUntilIdle()

      let awaited = loop.createFuture(of: Int.self)
      let task = try loop.createTask(name: "a") { try await awaited.value }
      try loop.runBriefly()
      #expect(awaited.description == "<Future pending cb=[<wakeup of 'a'>]>")
      task.cancel()
      try loop.runUntilIdle()
    }
  }

  @Test("FUT-35: of ten callbacks the first and the last are shown, with the number of those between")
  func manyCallbacks() throws {
    try withLoop { loop in
      let future = loop.createFuture(of: Int.self)
      let file = "AsyncioBridgeTests/FutureDescriptionTests.swift"
      future.addDoneCallback { _ in }
      let first = "<callback at \(file):\(#line - 1)>"
      for _ in 0..<8 { future.addDoneCallback { _ in } }
      future.addDoneCallback { _ in }
      let last = "<callback at \(file):\(#line - 1)>"
      #expect(future.description == "<Future pending cb=[\(first), <8 more>, \(last)]>")
    }
  }

  @Test("FUT-36: after cancel() the callbacks are gone from the description: the loop has them")
  func callbacksHandedOver() throws {
    try withLoop { loop in
      let future = loop.createFuture(of: Int.self)
      var calls = 0
      future.addDoneCallback { _ in calls += 1 }
      future.cancel()
      #expect(future.description == "<Future cancelled>")
      #expect(calls == 0)
      try loop.runBriefly()
      #expect(calls == 1)
    }
  }

  @Test("FUT-37: describing a task whose result contains the task comes to an end, with '...' in its place")
  func recursion() throws {
    try withLoop { loop in
      let task = Box<Asyncio.Task<[Any]>?>(nil)
      task.value = try loop.createTask(name: "me") { [task.value!] }
      try loop.runUntilIdle()
      #expect(task.value!.description.contains("result=[<Task ...> at "))
      #expect(task.value!.description.hasPrefix("<Task finished name='me'"))

      // By way of another future.
      let outer = loop.createFuture(of: Any.self)
      let inner = loop.createFuture(of: Any.self)
      try outer.setResult(inner)
      try inner.setResult(outer)
      #expect(outer.description == "<Future finished result=<Future finished result=<Future ...>>>")
      // The description is whole again the next time.
      #expect(inner.description == "<Future finished result=<Future finished result=<Future ...>>>")
    }
  }
}
