import Testing

@testable import AsyncioBridge

/// Handles of scheduled callbacks and timers.
@Suite struct HandleTests {
  private static let file = "AsyncioBridgeTests/HandleTests.swift"

  // MARK: Handle

  @Test("HANDLE-01: a handle keeps its callback until it is cancelled, which keeps it from running and lets go of it")
  func cancel() throws {
    try withLoop { loop in
      weak var captured: Box<Int>?
      let calls = Box(0)
      let handle: Asyncio.Handle
      do {
        let box = Box(1)
        captured = box
        handle = try loop.callSoon { calls.value += box.value }
      }
      #expect(!handle.isCancelled)
      #expect(captured != nil)
      handle.cancel()
      #expect(handle.isCancelled)
      #expect(captured == nil)
      handle.cancel()
      #expect(handle.isCancelled)

      let other = try loop.callSoon { calls.value += 10 }
      try loop.runUntilIdle()
      #expect(calls.value == 10)
      #expect(!other.isCancelled)
    }
  }

  @Test("HANDLE-02: a weak reference to a handle works, and does not keep it")
  func weakReference() throws {
    try withLoop { loop in
      weak var handle: Asyncio.Handle?
      weak var timer: Asyncio.TimerHandle?
      handle = try loop.callSoon {}
      timer = try loop.callLater(.seconds(1)) {}
      #expect(handle != nil)
      #expect(timer != nil)
      try loop.runUntilIdle()
      #expect(handle == nil)
      #expect(timer == nil)
    }
  }

  @Test("HANDLE-03, HANDLE-04: a handle tells where it was scheduled, or that it is cancelled")
  func description() throws {
    try withLoop { loop in
      let handle = try loop.callSoon {}
      #expect(handle.description == "<Handle at \(Self.file):\(#line - 1)>")
      handle.cancel()
      #expect(handle.description == "<Handle cancelled>")
    }
  }

  @Test("HANDLE-07, HANDLE-08, HANDLE-09: in debug mode a handle tells where it was created, cancelled once, or twice")
  func debugDescription() throws {
    try withLoop(debug: true) { loop in
      let handle = try loop.callSoon {}
      let place = "\(Self.file):\(#line - 1)"
      #expect(handle.description == "<Handle created at \(place)>")
      handle.cancel()
      #expect(handle.description == "<Handle cancelled created at \(place)>")
      handle.cancel()
      #expect(handle.description == "<Handle cancelled created at \(place)>")
    }
  }

  @Test("HANDLE-10: handles record the line of the calling code", .pinsOrder)
  func creationSites() throws {
    try withLoop(debug: true) { loop in
      let reports = Reports(loop)
      let soon = try loop.callSoon { throw TestError() }
      let soonLine = #line - 1
      let later = try loop.callLater(.milliseconds(1)) { throw TestError() }
      let laterLine = #line - 1
      let at = try loop.callAt(loop.time.advanced(by: .milliseconds(2))) { throw TestError() }
      let atLine = #line - 1
      let threadsafe = try loop.callSoonThreadsafe { throw TestError() }
      let threadsafeLine = #line - 1
      let remote = try loop.threadsafe.callSoonThreadsafe { throw TestError() }
      let remoteLine = #line - 1

      #expect(soon.description == "<Handle created at \(Self.file):\(soonLine)>")
      #expect(later.description == "<TimerHandle when=0.001 seconds created at \(Self.file):\(laterLine)>")
      #expect(at.description == "<TimerHandle when=0.002 seconds created at \(Self.file):\(atLine)>")
      #expect(threadsafe.description == "<ThreadsafeHandle at \(Self.file):\(threadsafeLine)>")
      #expect(remote.description == "<ThreadsafeHandle at \(Self.file):\(remoteLine)>")

      // And so do the reports of their errors.
      try loop.runUntilIdle()
      #expect(
        reports.contexts.map(\.creationSite)
          == [soonLine, threadsafeLine, remoteLine, laterLine, atLine].map { "\(Self.file):\($0)" }
      )
      #expect(reports.contexts.first?.handle === soon)
    }
  }

  @Test("HANDLE-04: a handle from another thread tells that it is cancelled")
  func threadsafeDescription() throws {
    try withLoop { loop in
      let calls = Asyncio.ConcurrentFuture<Int>()
      let handle = try loop.callSoonThreadsafe { calls.resolve(.success(1)) }
      #expect(!handle.isCancelled)
      handle.cancel()
      #expect(handle.isCancelled)
      #expect(handle.description == "<ThreadsafeHandle cancelled>")
      try loop.runBriefly()
      #expect(!calls.isDone)
    }
  }

  @Test("a callback from another thread can be cancelled until it begins, also when the loop has taken it")
  func cancelLate() throws {
    try withLoop { loop in
      let calls = Box<[String]>([])
      let handles = Box<[Asyncio.ThreadsafeHandle]>([])
      func post(_ name: String, _ then: @escaping () -> Void = {}) throws {
        nonisolated(unsafe) let callback = {
          calls.value.append(name)
          then()
        }
        handles.value.append(try loop.callSoonThreadsafe { callback() })
      }
      try post("a") {
        // The loop has taken all of them, and has begun the first.
        for index in [0, 1, 3] { handles.value[index].cancel() }
      }
      for name in ["b", "c", "d", "e"] { try post(name) }
      try loop.runBriefly()
      #expect(calls.value == ["a", "c", "e"])
      let areCancelled = handles.value.map(\.isCancelled)
      #expect(areCancelled == [true, true, false, true, false])
      // Too late for all: nothing that comes later is affected.
      for handle in handles.value { handle.cancel() }
      for name in ["f", "g"] { try post(name) }
      handles.value[6].cancel()
      try post("h")
      try loop.runBriefly()
      #expect(calls.value == ["a", "c", "e", "f", "h"])
    }
  }

  // MARK: TimerHandle

  private func timer(_ loop: EventLoop, at offset: Duration, _ callback: @escaping () -> Void = {}) throws
    -> Asyncio.TimerHandle
  {
    try loop.callAt(Asyncio.LoopClock.Instant(offset: offset), callback)
  }

  @Test("HANDLE-12: the hash of a timer is that of its deadline")
  func hash() throws {
    try withLoop { loop in
      let a = try timer(loop, at: .seconds(1))
      let b = try timer(loop, at: .seconds(1))
      let c = try timer(loop, at: .seconds(2))
      #expect(a.hashValue == b.hashValue)
      #expect(a.hashValue != c.hashValue)
      #expect(Set([a, b, c, a]).count == 3)
    }
  }

  @Test("HANDLE-13, HANDLE-14: a timer keeps its deadline and its callback, and is not cancelled at first")
  func deadline() throws {
    try withLoop { loop in
      var calls: [Duration] = []
      let when = Asyncio.LoopClock.Instant(offset: .milliseconds(1500))
      let handle = try loop.callAt(when) { calls.append(loop.elapsed) }
      #expect(handle.when == when)
      #expect(!handle.isCancelled)
      let later = try loop.callLater(.seconds(2)) { calls.append(loop.elapsed) }
      #expect(later.when.offset == .seconds(2))
      let cancelled = try loop.callLater(.seconds(3)) { calls.append(loop.elapsed) }
      cancelled.cancel()
      #expect(cancelled.isCancelled)
      #expect(cancelled.when.offset == .seconds(3))
      try loop.runUntilIdle()
      #expect(calls == [.milliseconds(1500), .seconds(2)])
      #expect(handle.when == when)
    }
  }

  @Test("HANDLE-16: a timer tells its deadline and where it was scheduled, or that it is cancelled")
  func timerDescription() throws {
    try withLoop { loop in
      let handle = try loop.callAt(Asyncio.LoopClock.Instant(offset: .seconds(123))) {}
      #expect(handle.description == "<TimerHandle when=123.0 seconds at \(Self.file):\(#line - 1)>")
      handle.cancel()
      #expect(handle.description == "<TimerHandle cancelled when=123.0 seconds>")
    }
  }

  @Test("HANDLE-17: in debug mode a timer tells where it was created, cancelled or not")
  func timerDebugDescription() throws {
    try withLoop(debug: true) { loop in
      let handle = try loop.callAt(Asyncio.LoopClock.Instant(offset: .seconds(123))) {}
      let place = "\(Self.file):\(#line - 1)"
      #expect(handle.description == "<TimerHandle when=123.0 seconds created at \(place)>")
      handle.cancel()
      #expect(handle.description == "<TimerHandle cancelled when=123.0 seconds created at \(place)>")
    }
  }

  @Test("HANDLE-18: a timer is equal to itself alone; one of the same deadline comes behind those set before it")
  func sameDeadline() throws {
    try withLoop { loop in
      let a = try timer(loop, at: .seconds(1))
      let b = try timer(loop, at: .seconds(1))
      let same = a
      #expect(a == same)
      #expect(!(a != same))
      #expect(a <= same)
      #expect(a >= same)
      #expect(!(a < same))
      #expect(!(a > same))

      #expect(a != b)
      #expect(a < b)
      #expect(!(a > b))
      #expect(a <= b)
      #expect(!(a >= b))
    }
  }

  @Test("HANDLE-19: an earlier timer is less than a later one, by all six operators")
  func order() throws {
    try withLoop { loop in
      let early = try timer(loop, at: .seconds(1))
      let late = try timer(loop, at: .seconds(11))
      #expect(early < late)
      #expect(early <= late)
      #expect(!(early > late))
      #expect(!(early >= late))
      #expect(!(early == late))
      #expect(early != late)
      #expect(late > early)
      #expect(late >= early)
      #expect(!(late < early))
      #expect(!(late <= early))
      #expect([late, early].sorted().first === early)
    }
  }
}
