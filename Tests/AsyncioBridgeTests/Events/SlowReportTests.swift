import Testing

@testable import AsyncioBridge

extension EventLoop {
  /// Has the step or callback that calls this reported, however long it takes, and nothing after the next.
  fileprivate func reportThis() throws {
    slowStepDuration = .zero
    try callSoon { self.slowStepDuration = .seconds(3600) }
  }
}

@Suite struct SlowReportTests {
  @Test("nothing is timed unless a limit is set or the loop is in debug mode")
  func off() throws {
    try withLoop { loop in
      let reports = Reports(loop)
      #expect(loop.slowStepDuration == nil && loop.slowTurnDuration == nil && !loop.isTimed)
      try loop.runUntilComplete {}
      #expect(reports.contexts.isEmpty && reports.logged.isEmpty)
      for change in [\EventLoop.slowStepDuration, \EventLoop.slowTurnDuration] {
        loop[keyPath: change] = .seconds(1)
        #expect(loop.isTimed)
        loop[keyPath: change] = nil
        #expect(!loop.isTimed)
      }
      loop.isDebug = true
      #expect(loop.isTimed)
      loop.isDebug = false
      #expect(!loop.isTimed)
    }
  }

  @Test("a slow step is reported with its task, the name and the place", arguments: Asyncio.LoopClock.Kind.both)
  func slowStep(_ clock: Asyncio.LoopClock.Kind) throws {
    try withLoop(clock) { loop in
      let reports = Reports(loop)
      loop.slowStepDuration = .seconds(3600)
      let task = try loop.createTask(name: "busy") {
        try await Asyncio.sleep(.zero)
        try loop.reportThis()
        try await Asyncio.sleep(.milliseconds(1))
      }
      let line = #line - 5
      try loop.runUntilComplete(task)
      #expect(reports.contexts.count == 1)
      let report = try #require(reports.contexts.first)
      #expect(report.message.hasPrefix("A step of a task took "))
      #expect(report.future === task && report.taskName == "busy" && report.error == nil)
      #expect(report.creationSite == "\(#fileID):\(line)")
      #expect(reports.logged.isEmpty)
    }
  }

  @Test("slow callbacks, done-callbacks, steps after foreign awaits and child tasks' jobs are reported", .pinsOrder)
  func otherEntries() async throws {
    let messages = try await onOwnThread {
      try withLoop(.monotonic) { loop in
        let reports = Reports(loop)
        loop.slowStepDuration = .seconds(3600)
        let handle = try loop.callSoon { try loop.reportThis() }
        let future = loop.createFuture(of: Void.self)
        future.addDoneCallback { _ in try loop.reportThis() }
        try loop.runUntilComplete(name: "main") {
          try await Asyncio.sleep(.zero)
          try future.setResult()
          for _ in 0..<3 { try await Asyncio.sleep(.zero) }
          await Task.detached {}.value
          try loop.reportThis()
          for _ in 0..<2 { try await Asyncio.sleep(.zero) }
          async let child: Void? = EventLoop.running()?.reportThis()
          try await child
        }
        #expect(reports.contexts.first?.handle === handle)
        let names = reports.contexts.map { $0.handle != nil ? "handle" : $0.future === future ? "future" : $0.taskName }
        #expect(names == ["handle", "main", "future", "main", "main", nil])
        return reports.messages.map { $0.prefix { !$0.isNumber } }
      }
    }
    #expect(
      messages == [
        "A callback took ", "A step of a task took ",  // whose step was ready as well
        "A done-callback of a future took ", "A step of a task took ",  // likewise
        "A step of a task took ", "A child task's job took ",
      ]
    )
  }

  @Test("in debug mode a slow step is reported once, to the exception handler if that limit is exceeded")
  func debugMode() throws {
    try withLoop(debug: true) { loop in
      let reports = Reports(loop)
      loop.slowCallbackDuration = .zero
      try loop.callSoon { loop.slowStepDuration = .zero }
      try loop.callSoon { loop.slowStepDuration = .seconds(3600) }
      try loop.runOneTurn()
      #expect(reports.messages.count == 1 && reports.logged.count == 1)
    }
  }

  @Test("a slow turn is reported once, with the longest of what it ran")
  func slowTurn() throws {
    try withLoop { loop in
      let reports = Reports(loop)
      loop.slowTurnDuration = .zero
      for _ in 0..<3 { try loop.callSoon {} }
      let handle = try loop.callSoon {
        // Longer than all that the turn has done before.
        let start = monotonicNanoseconds()
        while monotonicNanoseconds() - start <= start - loop.turnTimes.start {}
      }
      try loop.runOneTurn()
      loop.slowTurnDuration = .seconds(3600)
      try loop.callSoon {}
      try loop.runOneTurn()
      #expect(reports.contexts.count == 1)
      let report = try #require(reports.contexts.first)
      #expect(report.message.hasPrefix("A turn of the loop took "))
      #expect(report.message.contains(" for 4 in all; the longest, a callback, took "))
      #expect(report.handle === handle)
    }
  }

  @Test("the time of a turn is not that of the turns after it, nor of the wait between them")
  func turnsApart() throws {
    try withLoop(.monotonic) { loop in
      let reports = Reports(loop)
      loop.slowTurnDuration = .seconds(3600)
      try loop.runUntilComplete(name: "main") {
        for _ in 0..<3 {
          try await Asyncio.sleep(.milliseconds(2))
          #expect(loop.turnTimes.turn == loop.turnCount && loop.turnTimes.count == 0)
        }
      }
      #expect(loop.turnTimes.longest == nil)
      #expect(reports.contexts.isEmpty)
    }
  }

  @Test("a turn that an error has ended is forgotten")
  func interruptedTurn() throws {
    try withLoop { loop in
      let reports = Reports(loop)
      loop.slowTurnDuration = .seconds(3600)
      try loop.callSoon { throw Asyncio.SystemExit() }
      try loop.callSoon {}
      #expect(throws: Asyncio.SystemExit.self) { try loop.runForever() }
      #expect(loop.turnTimes.count == 1)
      try loop.runOneTurn()
      #expect(loop.turnTimes.count == 0 && reports.contexts.isEmpty)
    }
  }
}
