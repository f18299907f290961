import Testing

@testable import AsyncioBridge

/// A loop's clock as a Swift `Clock`.
@Suite struct LoopClockTests {
  /// Written against any clock.
  private func poll<C: Clock>(_ clock: C, every interval: C.Duration, times: Int) async throws -> C.Duration {
    let start = clock.now
    for _ in 0..<times { try await clock.sleep(for: interval) }
    return start.duration(to: clock.now)
  }

  @Test("code that is written against any clock runs in the loop's virtual time")
  func virtualTime() throws {
    try runOnLoop { loop in
      let duration = try await poll(loop.clock, every: .seconds(60), times: 10)
      #expect(duration == .seconds(600))
      let clock: any Clock<Duration> = loop.clock
      try await clock.sleep(for: .seconds(5))
      expectTime(loop, .seconds(605))
    }
  }

  @Test("on the loop, a clock's sleep keeps its order of steps with the loop's own")
  func order() throws {
    try runOnLoop { loop in
      let trace = Box<[String]>([])
      let start = loop.time
      let deadline = start.advanced(by: .milliseconds(5))
      try loop.callAt(deadline) { trace.value.append("first") }
      let task = Asyncio.createTask {
        try await loop.clock.sleep(until: deadline)
        trace.value.append("second")
      }
      try await Asyncio.sleep(.zero)
      try loop.callAt(deadline) { trace.value.append("callback") }
      try await task.value
      #expect(trace.value == ["first", "callback", "second"])
      #expect(start.duration(to: loop.time) >= .milliseconds(5))
      expectTime(loop, .milliseconds(5))
    }
  }

  @Test("on the loop, cancelling a clock's sleep ends it at once and leaves no timer")
  func cancelled() throws {
    try withLoop { loop in
      let task = try loop.createTask {
        let error = await errorThrown { try await loop.clock.sleep(for: .seconds(1000)) }
        return error is CancellationError && !_Concurrency.Task.isCancelled
      }
      try loop.runBriefly()
      task.cancel()
      let isExact = try loop.runUntilComplete(task)
      #expect(isExact)
      try loop.runBriefly()
      #expect(loop.timers.isEmpty)
      expectTime(loop, .zero)
    }
  }

  @Test("a deadline in the past ends the sleep without moving the clock")
  func pastDeadline() throws {
    try runOnLoop { loop in
      try await Asyncio.sleep(.seconds(10))
      try await loop.clock.sleep(until: .init(offset: .seconds(1)))
      expectTime(loop, .seconds(10))
    }
  }

  @Test("elsewhere, a clock's sleep follows the loop's time", arguments: Asyncio.LoopClock.Kind.both)
  func elsewhere(_ kind: Asyncio.LoopClock.Kind) async throws {
    let delay: Duration = kind == .virtual ? .seconds(3600) : .milliseconds(5)
    let (slept, time) = try await onOwnThread {
      try runOnLoop(kind) { loop in
        let clock = loop.clock
        let start = clock.now
        let future = Asyncio.ensureFuture(operation: { try await poll(clock, every: delay, times: 2) })
        return (try await future.value, start.duration(to: clock.now))
      }
    }
    #expect(slept >= delay * 2)
    #expect(time >= delay * 2)
    if kind == .virtual { #expect(time == delay * 2) }
  }

  @Test("elsewhere, cancelling the Swift task that sleeps ends the sleep and its timer", .pinsOrder)
  func cancelledElsewhere() async throws {
    let (error, hasTimers) = try await onOwnThread {
      try runOnLoop(.monotonic) { loop in
        let clock = loop.clock
        let sleeper = _Concurrency.Task.detached {
          await errorThrown { try await clock.sleep(for: .seconds(1000)) }
        }
        while loop.timers.isEmpty { try await Asyncio.sleep(.milliseconds(1)) }
        sleeper.cancel()
        let error = await sleeper.value
        // The request has been handed in when the sleep ends.
        try await Asyncio.sleep(.zero)
        return (error, loop.timers.entries.contains { !$0.isCancelled })
      }
    }
    #expect(error is CancellationError)
    #expect(!hasTimers)
  }

  @Test("the clock of a closed loop can't sleep, and closing the loop ends the sleeps of others")
  func closed() async throws {
    let loop = EventLoop(clock: .monotonic)
    let clock = loop.clock
    let sleeper = _Concurrency.Task.detached { await errorThrown { try await clock.sleep(for: .seconds(1000)) } }
    let boxed = UncheckedBox(loop)
    try await onOwnThread {
      let loop = boxed.value
      try loop.runUntilComplete { while loop.timers.isEmpty { try await Asyncio.sleep(.milliseconds(1)) } }
      try loop.close()
    }
    let ended = await sleeper.value
    #expect(ended is Asyncio.RuntimeError)
    let error = await errorThrown { try await clock.sleep(for: .milliseconds(1)) }
    #expect(error is Asyncio.RuntimeError)
  }

  @Test("instants are counted in nanoseconds, rounded up")
  func instants() throws {
    try withLoop { loop in
      let origin = loop.clock.now
      #expect(origin.offset == .zero)
      #expect(loop.clock.minimumResolution == .nanoseconds(1))
      let later = origin.advanced(by: .seconds(1))
      #expect(origin < later)
      #expect(origin.duration(to: later) == .seconds(1))
      #expect(later.duration(to: origin) == .seconds(-1))
      let tiny = Duration(secondsComponent: 0, attosecondsComponent: 1)
      #expect(origin.advanced(by: tiny).offset == .nanoseconds(1))
      #expect(Asyncio.LoopClock.Instant(offset: .milliseconds(3)) == origin.advanced(by: .milliseconds(3)))
    }
  }
}
