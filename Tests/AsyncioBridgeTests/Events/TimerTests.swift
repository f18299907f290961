import Synchronization
import Testing

@testable import AsyncioBridge

@Suite struct TimerTests {
  @Test("TIMER-01: callLater returns the handle that is among the timers, and makes nothing ready")
  func callLaterSetsATimer() throws {
    try withLoop { loop in
      let handle = try loop.callLater(.seconds(10)) {}
      #expect(loop.timers.entries.count == 1)
      #expect(loop.timers.firstHandle === handle)
      #expect(loop.readyHandles.isEmpty)
      #expect(handle.when.offset == .seconds(10))
    }
  }

  @Test("TIMER-02: callAt calls when the loop's clock has reached the time", arguments: Asyncio.LoopClock.Kind.both)
  func callAt(_ clock: Asyncio.LoopClock.Kind) throws {
    try withLoop(clock) { loop in
      let deadline = loop.time.advanced(by: .milliseconds(10))
      let called = Box<Asyncio.LoopClock.Instant?>(nil)
      let handle = try loop.callAt(deadline) {
        called.value = loop.time
        loop.stop()
      }
      #expect(handle.when == deadline)
      try loop.runForever()
      let time = try #require(called.value)
      #expect(time >= deadline)
      expectTime(loop, .milliseconds(10))
    }
  }

  @Test("TIMER-03: a callLater callback is called once, with what it captures", arguments: Asyncio.LoopClock.Kind.both)
  func callLater(_ clock: Asyncio.LoopClock.Kind) throws {
    try withLoop(clock) { loop in
      let results = Box<[String]>([])
      let argument = "hello world"
      try loop.callLater(.milliseconds(10)) { results.value.append(argument) }
      try loop.callLater(.milliseconds(12)) { loop.stop() }
      try loop.runForever()
      #expect(results.value == ["hello world"])
      expectTime(loop, .milliseconds(12))
      #expect(loop.timers.isEmpty)
    }
  }

  @Test("TIMER-04: a cancelled timer at the head is dropped before the wait, which is for the next live one")
  func cancelledHead() throws {
    try withLoop { loop in
      let fired = Box<[String]>([])
      let early = try loop.callLater(.seconds(5)) { fired.value.append("early") }
      try loop.callLater(.seconds(10)) {
        fired.value.append("late")
        loop.stop()
      }
      early.cancel()
      let turns = loop.turnCount
      try loop.runForever()
      #expect(fired.value == ["late"])
      #expect(loop.elapsed == .seconds(10))
      // One turn: the time never rested at the cancelled timer's deadline.
      #expect(loop.turnCount == turns + 1)
    }
  }

  @Test("TIMER-05: up to 100 timers, cancelled ones behind a live head stay")
  func fewCancelledTimersStay() throws {
    try withLoop { loop in
      let cancelled = try (0..<99).map { try loop.callLater(.seconds(3600 + $0)) {} }
      let live = try loop.callLater(.seconds(1800)) {}
      for timer in cancelled { timer.cancel() }
      #expect(loop.timers.cancelledCount == 99)
      try loop.runOneTurn()
      #expect(loop.timers.entries.count == 100)
      #expect(loop.timers.firstHandle === live)
      #expect(loop.timers.cancelledCount == 99)
    }
  }

  @Test("TIMER-06: cancelled timers at the head are removed by the next turn, and are counted no more")
  func cancelledTimersAtTheHeadGo() throws {
    try withLoop { loop in
      let first = try (1...3).map { try loop.callLater(.seconds(100 + $0)) {} }
      let live = try loop.callLater(.seconds(200)) {}
      let last = try loop.callLater(.seconds(300)) {}
      for timer in first + [last] { timer.cancel() }
      #expect(loop.timers.cancelledCount == 4)
      try loop.runOneTurn()
      #expect(loop.timers.cancelledCount == 1)
      #expect(loop.timers.entries.count == 2)
      #expect(loop.timers.firstHandle === live)
      live.cancel()
      try loop.runOneTurn()
      #expect(loop.timers.isEmpty)
      #expect(loop.timers.cancelledCount == 0)
    }
  }

  @Test("TIMER-07: of more than 100 timers, more than half of them cancelled, one turn keeps just the live ones")
  func manyCancelledTimersGo() throws {
    try withLoop { loop in
      let fired = Box<[Int]>([])
      // Deadlines from 3600 s on in a mixed order; the live ones at the head.
      let timers = try (0..<201).map { index in
        let second = index * 73 % 201
        return (second, try loop.callLater(.seconds(3600 + second)) { fired.value.append(second) })
      }
      for (second, timer) in timers where second >= 100 { timer.cancel() }
      #expect(loop.timers.cancelledCount == 101)
      try loop.runOneTurn()
      #expect(loop.timers.entries.count == 100)
      #expect(loop.timers.cancelledCount == 0)
      #expect(!loop.timers.entries.contains { $0.isCancelled })
      try loop.runUntilIdle()
      #expect(fired.value == Array(0..<100))
    }
  }

  @Test("TIMER-07: just half of them cancelled, they stay")
  func halfOfTheTimersCancelled() throws {
    try withLoop { loop in
      let timers = try (0..<202).map { try loop.callLater(.seconds(3600 + $0)) {} }
      for timer in timers[101...] { timer.cancel() }
      try loop.runOneTurn()
      #expect(loop.timers.entries.count == 202)
      #expect(loop.timers.cancelledCount == 101)
    }
  }

  @Test(
    "TIMER-08: tiny delays do not spin: five sleeps from 1e-2 to 1e-10 s take at most 20 turns",
    arguments: Asyncio.LoopClock.Kind.both
  )
  func tinyDelays(_ clock: Asyncio.LoopClock.Kind) throws {
    try withLoop(clock) { loop in
      try loop.runUntilComplete {
        for delay in [.milliseconds(10), .microseconds(100), .microseconds(1), .nanoseconds(10), .nanoseconds(1) / 10] {
          try await Asyncio.sleep(delay)
        }
      }
      #expect(loop.turnCount <= 20)
      // Parts of a nanosecond are rounded up, so that no sleep ends early.
      expectTime(loop, .nanoseconds(10_000_000 + 100_000 + 1_000 + 10 + 1))
    }
  }

  @Test("TIMER-09: timers that are due fire in one turn, in the order of their deadlines")
  func dueTimersFireTogether() throws {
    try withLoop { loop in
      let fired = Box<[String]>([])
      func set(_ nanoseconds: Int) throws {
        try loop.callLater(.nanoseconds(nanoseconds)) { fired.value.append("\(nanoseconds) in turn \(loop.turnCount)") }
      }
      for nanoseconds in [3, 1, 2, 4] { try set(nanoseconds) }
      // The time passes three of the deadlines at once.
      loop.clock.virtualTime?.nanoseconds.store(3, ordering: .relaxed)
      try loop.runOneTurn()
      #expect(fired.value == ["1 in turn 1", "2 in turn 1", "3 in turn 1"])
      try loop.runUntilIdle()
      #expect(fired.value.last == "4 in turn 2")
    }
  }

  @Test("TIMER-10: timers for the same time fire in the order in which they were set")
  func equalDeadlines() throws {
    try withLoop { loop in
      let fired = Box<[Int]>([])
      for number in 0..<100 {
        let group = number % 3
        try loop.callAt(.init(offset: .seconds(1 + group))) { fired.value.append(number) }
      }
      try loop.runUntilIdle()
      #expect(fired.value == (0..<3).flatMap { group in (0..<100).filter { $0 % 3 == group } })
    }
  }

  @Test("TIMER-11: a timer that is cancelled twice is counted once")
  func cancelledTwice() throws {
    try withLoop { loop in
      let timer = try loop.callLater(.seconds(1)) {}
      timer.cancel()
      timer.cancel()
      #expect(loop.timers.cancelledCount == 1)
      try loop.runOneTurn()
      #expect(loop.timers.cancelledCount == 0)
      timer.cancel()
      #expect(loop.timers.cancelledCount == 0)
    }
  }

  @Test("TIMER-11: a timer that has fired is not counted when it is cancelled")
  func cancelledAfterItFired() throws {
    try withLoop { loop in
      let timer = try loop.callLater(.seconds(1)) {}
      try loop.runUntilIdle()
      timer.cancel()
      #expect(timer.isCancelled)
      #expect(loop.timers.cancelledCount == 0)
    }
  }

  @Test("TIMER-12: timers further away than the longest single wait are exact in virtual time")
  func farTimers() throws {
    try withLoop { loop in
      let fired = Box<[Duration]>([])
      for days in [3, 1, 2, 36500] { try loop.callLater(.seconds(days * 86400)) { fired.value.append(loop.elapsed) } }
      try loop.runUntilIdle()
      #expect(fired.value == [1, 2, 3, 36500].map { .seconds($0 * 86400) })
    }
  }

  @Test("TIMER-12: in real time a timer in the far future does not keep the loop from being woken")
  func farTimerInRealTime() throws {
    try withLoop(.monotonic) { loop in
      let fired = Box(false)
      try loop.callLater(.seconds(Int64.max)) { fired.value = true }
      startThread { [handle = loop.threadsafe] in try? handle.stop() }
      try loop.runForever()
      #expect(!fired.value)
    }
  }

  @Test("TIMER-13: a timer that is cancelled before its time never fires")
  func cancelledTimer() throws {
    try withLoop { loop in
      let fired = Box<[String]>([])
      let first = try loop.callLater(.milliseconds(2)) { fired.value.append("first") }
      let second = try loop.callLater(.milliseconds(4)) { fired.value.append("second") }
      try loop.callLater(.milliseconds(3)) { second.cancel() }
      try loop.callLater(.milliseconds(6)) { loop.stop() }
      first.cancel()
      try loop.runForever()
      #expect(fired.value == [])
      #expect(first.isCancelled && second.isCancelled)
    }
  }
}
