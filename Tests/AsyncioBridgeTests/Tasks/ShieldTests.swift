import Testing

@testable import AsyncioBridge

@Suite struct ShieldTests {
  // MARK: Outcomes of the shielded future

  @Test("SHIELD-01: it delivers the value")
  func value() throws {
    try withLoop { loop in
      let inner = loop.createFuture(of: Int.self)
      let outer = Asyncio.shield(inner)
      #expect(outer !== inner)
      try inner.setResult(42)
      #expect(!outer.isDone)
      #expect(try loop.runUntilComplete(outer) == 42)
    }
  }

  @Test("SHIELD-02: it delivers the error itself")
  func error() throws {
    try withLoop { loop in
      let error = ObjectError()
      let inner = loop.createFuture(of: Int.self)
      let outer = Asyncio.shield(inner)
      try inner.setException(error)
      try loop.runBriefly()
      #expect(try outer.exception() as? ObjectError === error)
      #expect(!inner.hasUnretrievedError)
    }
  }

  @Test("SHIELD-03: cancelling the inner future cancels it")
  func cancellingInner() throws {
    try withLoop { loop in
      let inner = loop.createFuture(of: Int.self)
      let outer = Asyncio.shield(inner)
      inner.cancel()
      try loop.runBriefly()
      #expect(outer.isCancelled)
    }
  }

  @Test("SHIELD-05, SHIELD-07: a future that is done is its own shield, be it of a value or an error")
  func doneAlready() throws {
    try runOnLoop { loop in
      let finished = loop.createFuture(of: Int.self)
      try finished.setResult(42)
      #expect(Asyncio.shield(finished) === finished)
      let turn = loop.turnCount
      #expect(try await Asyncio.shield(finished).value == 42)
      #expect(loop.turnCount == turn)

      let failed = loop.createFuture(of: Int.self)
      try failed.setException(TestError())
      #expect(Asyncio.shield(failed) === failed)
      #expect(try failed.exception() is TestError)
    }
  }

  @Test("SHIELD-12: a future that is cancelled is its own shield")
  func cancelledAlready() throws {
    try withLoop { loop in
      let inner = loop.createFuture(of: Int.self)
      inner.cancel()
      #expect(Asyncio.shield(inner) === inner)
    }
  }

  // MARK: Cancelling the shield

  @Test("SHIELD-04, SHIELD-08: cancelling it leaves the inner future alone, and no callback behind")
  func cancellingOuter() throws {
    try withLoop { loop in
      let inner = loop.createFuture(of: Int.self)
      let outer = Asyncio.shield(inner)
      #expect(inner.callbackCount == 1)
      #expect(outer.cancel())
      #expect(outer.isCancelled)
      try loop.runBriefly()
      #expect(outer.callbackCount == 0)
      #expect(inner.callbackCount == 0)
      #expect(!inner.isDone)
      #expect(!inner.isCancelled)
      try inner.setResult(42)
      try loop.runBriefly()
      #expect(try inner.result() == 42)
      #expect(outer.isCancelled)
    }
  }

  @Test("SHIELD-06, SHIELD-11: cancelling a task that awaits it ends that task only")
  func cancellingTheAwaitingTask() throws {
    try withLoop { loop in
      let proof = Box(0)
      let blocker = loop.createFuture(of: Void.self)
      let inner = try loop.createTask {
        try await blocker.value
        proof.value += 1
      }
      let outer = try loop.createTask {
        try await Asyncio.shield(inner).value
        proof.value += 100
      }
      try loop.runBriefly()
      #expect(outer.cancel())
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(outer) }
      #expect(outer.isCancelled)
      #expect(!inner.isDone)
      #expect(!inner.mustCancel)
      #expect(proof.value == 0)

      try blocker.setResult()
      try loop.runUntilComplete(inner)
      #expect(proof.value == 1)
    }
  }

  @Test("Shields that nobody has do not collect on a future that lives long, and still report its error")
  func dropped() throws {
    try withLoop { loop in
      let reports = Reports(loop)
      let inner = loop.createFuture(of: Int.self)
      let (kept, hasCallback) = (Asyncio.shield(inner), Box(0))
      Asyncio.shield(inner).addDoneCallback { _ in hasCallback.value += 1 }
      let waiter = try loop.createTask { try await Asyncio.shield(inner).value }
      try loop.runBriefly()
      for _ in 0..<1000 { _ = Asyncio.shield(inner) }
      let registered = inner.callbacks.count
      #expect(registered <= 16)
      #expect(inner.callbackCount == 1003)
      try inner.setException(TestError())
      try loop.runBriefly()
      #expect(throws: TestError.self) { try kept.result() }
      #expect(throws: TestError.self) { try loop.runUntilComplete(waiter) }
      #expect(hasCallback.value == 1)
      #expect(reports.messages == Array(repeating: "Future exception was never retrieved", count: 1001))
    }
  }

  @Test("Shields that nobody has pass nothing on but errors")
  func droppedAndDone() throws {
    try withLoop { loop in
      let reports = Reports(loop)
      for ends in [{ try $0.setResult(1) }, { $0.cancel() }] as [(Asyncio.Future<Int>) throws -> Void] {
        let inner = loop.createFuture(of: Int.self)
        for _ in 0..<100 { _ = Asyncio.shield(inner) }
        let kept = Asyncio.shield(inner)
        try ends(inner)
        try loop.runBriefly()
        #expect(kept.isCancelled == inner.isCancelled)
        #expect(reports.messages.isEmpty)
      }
    }
  }

  @Test("SHIELD-09: an error that comes after it was cancelled is nobody's, and reported")
  func errorAfterCancellation() throws {
    try withLoop { loop in
      let reports = Reports(loop)
      try {
        let inner = loop.createFuture(of: Int.self)
        let outer = Asyncio.shield(inner)
        outer.cancel()
        try loop.runBriefly()
        try inner.setException(TestError())
        try loop.runBriefly()
        #expect(reports.messages.isEmpty)
      }()
      #expect(reports.messages == ["Future exception was never retrieved"])
    }
  }

  @Test("SHIELD-09: an error that comes in the turn in which it was cancelled has been read")
  func errorWithCancellation() throws {
    try withLoop { loop in
      let reports = Reports(loop)
      try {
        let inner = loop.createFuture(of: Int.self)
        let outer = Asyncio.shield(inner)
        outer.cancel()
        try inner.setException(TestError())
        try loop.runBriefly()
        #expect(outer.isCancelled)
      }()
      #expect(reports.messages.isEmpty)
    }
  }

  // MARK: Bodies

  @Test("SHIELD-10: a body runs in a task of its own, which survives the caller", arguments: [true, false])
  func body(_ isCoroutine: Bool) throws {
    try withLoop { loop in
      let events = Box<[String]>([])
      let body: nonisolated(nonsending) () async throws -> Int = {
        events.value.append("began")
        try await Asyncio.sleep(.milliseconds(10))
        events.value.append("ended")
        return 42
      }
      let caller = try loop.createTask {
        let shield = isCoroutine ? try Asyncio.shield(Asyncio.Coroutine(body)) : Asyncio.shield(body)
        _ = try await shield.value
      }
      try loop.callLater(.milliseconds(5)) {
        #expect(Asyncio.allTasks().count == 2)
        caller.cancel()
      }
      #expect(throws: CancellationError.self) { try loop.runUntilComplete(caller) }
      #expect(events.value == ["began"])
      #expect(Asyncio.allTasks(loop).count == 1)
      try loop.runUntilIdle()
      #expect(events.value == ["began", "ended"])
      #expect(Asyncio.allTasks(loop).isEmpty)
      expectTime(loop, .milliseconds(10))
    }
  }

  @Test("SHIELD-10, BIND-10: it delivers what a body returns or throws")
  func outcomeOfBody() throws {
    try runOnLoop { _ in
      let error = ObjectError()
      let value = try await Asyncio.shield { 42 }.value
      #expect(value == 42)
      #expect(try await Asyncio.shield(Asyncio.Coroutine { 43 }).value == 43)
      #expect(await errorThrown { try await Asyncio.shield { throw error }.value } as? ObjectError === error)
    }
  }
}
