import Testing

@testable import AsyncioBridge

@Suite(.pinsOrder) struct BarrierTests {
  // MARK: Creation and descriptions

  @Test("BARRIER-01: a new barrier is described as filling; it belongs to the running loop")
  func new() throws {
    try runOnLoop { loop in
      let barrier = Asyncio.Barrier(5)
      #expect("\(barrier)" == "<Barrier [filling, waiters:0/5]>")
      #expect(barrier.parties == 5)
      #expect(barrier.waitingCount == 0)
      #expect(!barrier.isBroken)
    }
  }

  @Test("BARRIER-02, BARRIER-03: the description tells the state, and unless it is broken who waits")
  func descriptions() throws {
    try runOnLoop { loop in
      let barrier = Asyncio.Barrier(5)
      var tasks = startWaiting(2, at: barrier)
      try await Asyncio.sleep(.zero)
      #expect("\(barrier)" == "<Barrier [filling, waiters:2/5]>")
      tasks += startWaiting(3, at: barrier)
      try await Asyncio.sleep(.zero)
      #expect("\(barrier)" == "<Barrier [draining, waiters:0/5]>")
      tasks += startWaiting(2, at: barrier)
      try await Asyncio.sleep(.zero)
      try await barrier.reset()
      #expect("\(barrier)" == "<Barrier [resetting, waiters:0/5]>")
      tasks += startWaiting(2, at: barrier)
      try await Asyncio.sleep(.zero)
      #expect(!barrier.isBroken)
      try await barrier.abort()
      #expect("\(barrier)" == "<Barrier [broken]>")
      #expect(barrier.isBroken)
      // The first five had left already, in steps of their own; the others had not come in yet.
      let outcomes = try await outcomes(of: tasks)
      #expect(outcomes == ["0", "1", "2", "3", "4"] + Array(repeating: "broken", count: 4))
      #expect("\(barrier)" == "<Barrier [broken]>")
    }
  }

  @Test("BARRIER-04: less than one party is refused: the trap says so")
  func parties() async throws {
    let results = [
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = Asyncio.Barrier(0, loop: EventLoop())
      },
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = Asyncio.Barrier(-4, loop: EventLoop())
      },
    ]
    for result in results { expectExplanation(result, "a Barrier's parties must be > 0") }
    try withLoop { loop in #expect(Asyncio.Barrier(1, loop: loop).parties == 1) }
  }

  // MARK: Filling and draining

  @Test("BARRIER-05: the scoped form gives every party a position of its own, and its body's result")
  func scoped() throws {
    try runOnLoop { (loop: EventLoop) async throws in
      let barrier = Asyncio.Barrier(3)
      let tasks = (0..<3).map { _ in
        Asyncio.createTask { try await barrier.withPosition { position in position * 10 } }
      }
      #expect(try await Asyncio.gather(tasks).value == [0, 10, 20])
      #expect(barrier.waitingCount == 0)
      #expect(!barrier.isBroken)
      let alone = Asyncio.Barrier(1)
      let error = await errorThrown { try await alone.withPosition { _ in throw TestError() } }
      #expect(error as? TestError == TestError())
      #expect("\(alone)" == "<Barrier [filling, waiters:0/1]>")
    }
  }

  @Test("BARRIER-06, BARRIER-07: a barrier of one party lets its task pass at once, again and again")
  func oneParty() throws {
    try runOnLoop { (loop: EventLoop) async throws in
      let barrier = Asyncio.Barrier(1)
      let turn = loop.turnCount
      for _ in 0..<3 {
        #expect(try await barrier.wait() == 0)
        #expect("\(barrier)" == "<Barrier [filling, waiters:0/1]>")
      }
      #expect(loop.turnCount == turn)
    }
  }

  @Test("BARRIER-08: the number of waiting tasks grows as they come, and is zero when the last has come")
  func counting() throws {
    try runOnLoop { loop in
      let barrier = Asyncio.Barrier(3)
      var tasks: [Asyncio.Task<Int>] = []
      var counts: [Int] = []
      for _ in 0..<3 {
        tasks += startWaiting(1, at: barrier)
        try await Asyncio.sleep(.zero)
        counts.append(barrier.waitingCount)
      }
      #expect(counts == [1, 2, 0])
      #expect(tasks.map(\.isDone) == [false, false, true])
      _ = try await Asyncio.wait(tasks)
      #expect("\(barrier)" == "<Barrier [filling, waiters:0/3]>")
    }
  }

  @Test(
    "BARRIER-09, BARRIER-10: the same tasks can pass again from within; the positions are again all of them"
  )
  func nested() throws {
    try runOnLoop { loop in
      let barrier = Asyncio.Barrier(5)
      let passes = Box<[Pass]>([])
      let tasks = (0..<5).map { number in
        Asyncio.createTask {
          try await barrier.withPosition { outer in
            passes.value.append(Pass(number, outer))
            try await barrier.withPosition { inner in passes.value.append(Pass(number, inner)) }
          }
        }
      }
      _ = try await Asyncio.gather(tasks).value
      // The last to come leaves at once, since it has the lock. The last to leave is the first of the second round: the
      // others have to wait for that.
      let first = [Pass(4, 4), Pass(0, 0), Pass(1, 1), Pass(2, 2), Pass(3, 3)]
      let second = [Pass(2, 4), Pass(3, 0), Pass(4, 1), Pass(0, 2), Pass(1, 3)]
      #expect(passes.value == first + second)
      #expect("\(barrier)" == "<Barrier [filling, waiters:0/5]>")
    }
  }

  @Test("BARRIER-11: all parties but the last to leave see it draining")
  func draining() throws {
    try runOnLoop { loop in
      let barrier = Asyncio.Barrier(3)
      let seen = Box<[Asyncio.Barrier.State]>([])
      let tasks = (0..<3).map { _ in
        Asyncio.createTask {
          try await barrier.wait()
          seen.value.append(barrier.state)
        }
      }
      _ = try await Asyncio.gather(tasks).value
      #expect(seen.value == [.draining, .draining, .filling])
      #expect(barrier.waitingCount == 0)
    }
  }

  @Test("BARRIER-12: a waiting task that is cancelled counts no more, and the next full set is released")
  func cancelWaiting() throws {
    try runOnLoop { loop in
      let barrier = Asyncio.Barrier(3)
      var tasks = startWaiting(2, at: barrier)
      try await Asyncio.sleep(.zero)
      tasks[0].cancel()
      #expect(barrier.waitingCount == 2)
      try await Asyncio.sleep(.zero)
      #expect(barrier.waitingCount == 1)
      #expect(tasks[0].isCancelled)
      tasks += startWaiting(1, at: barrier)
      try await Asyncio.sleep(.zero)
      #expect(barrier.waitingCount == 2)
      tasks += startWaiting(1, at: barrier)
      #expect(try await outcomes(of: tasks) == ["cancelled", "0", "1", "2"])
      #expect("\(barrier)" == "<Barrier [filling, waiters:0/3]>")
    }
  }

  @Test("BARRIER-12: a task that is cancelled when all have come is cancelled, and the others pass")
  func cancelDraining() throws {
    try runOnLoop { loop in
      let barrier = Asyncio.Barrier(3)
      let tasks = startWaiting(3, at: barrier)
      try await Asyncio.sleep(.zero)
      #expect(barrier.state == .draining)
      tasks[0].cancel()
      #expect(try await outcomes(of: tasks) == ["cancelled", "1", "2"])
      #expect(try await outcomes(of: startWaiting(3, at: barrier)) == ["0", "1", "2"])
    }
  }

  @Test("BARRIER-20: positions follow the order of coming")
  func positions() throws {
    try runOnLoop { (loop: EventLoop) async throws in
      let barrier = Asyncio.Barrier(3)
      let wait = Asyncio.Coroutine { try await barrier.wait() }
      #expect(try await Asyncio.gather([wait, wait, wait]).value == [0, 1, 2])
    }
  }

  @Test(
    "BARRIER-20: positions are given when all have come, and are 0 to parties - 1 whoever was cancelled before"
  )
  func positionsAfterCancellations() throws {
    try runOnLoop { loop in
      let barrier = Asyncio.Barrier(4)
      for cancelled in [[0, 1], [1, 2], [0, 2], [1]] {
        let waiting = startWaiting(3, at: barrier)
        try await Asyncio.sleep(.zero)
        for index in cancelled { waiting[index].cancel() }
        try await Asyncio.sleep(.zero)
        #expect(barrier.waitingCount == 3 - cancelled.count)
        let tasks = waiting + startWaiting(1 + cancelled.count, at: barrier)
        let outcomes = try await outcomes(of: tasks)
        #expect(outcomes.filter { $0 != "cancelled" } == ["0", "1", "2", "3"])
        #expect(outcomes.count { $0 == "cancelled" } == cancelled.count)
      }
    }
  }

  @Test(
    "BARRIER-20: a task that is cancelled in the turn in which the last comes has its position, which nobody else gets"
  )
  func positionOfOneCancelledTooLate() throws {
    try runOnLoop { loop in
      let barrier = Asyncio.Barrier(3)
      let tasks = startWaiting(2, at: barrier)
      try await Asyncio.sleep(.zero)
      tasks[0].cancel()
      let last = startWaiting(1, at: barrier)
      // The last takes its step behind that of the one that is cancelled: so it is not the last.
      try await Asyncio.sleep(.zero)
      #expect(barrier.waitingCount == 2)
      let another = Asyncio.createTask { () -> Int in
        let position = try await barrier.wait()
        tasks[1].cancel()
        return position
      }
      #expect(try await outcomes(of: tasks + last + [another]) == ["cancelled", "cancelled", "1", "2"])
    }
  }

  // MARK: Resetting

  @Test("BARRIER-13: resetting an idle barrier changes nothing")
  func resetIdle() throws {
    try runOnLoop { loop in
      let barrier = Asyncio.Barrier(1)
      try await barrier.reset()
      #expect("\(barrier)" == "<Barrier [filling, waiters:0/1]>")
      #expect(try await barrier.wait() == 0)
    }
  }

  @Test("BARRIER-14: resetting breaks the wait of all that wait, and leaves a barrier like new")
  func resetFilling() throws {
    try runOnLoop { loop in
      let barrier = Asyncio.Barrier(5)
      let tasks = startWaiting(4, at: barrier)
      try await Asyncio.sleep(.zero)
      try await barrier.reset()
      #expect(barrier.state == .resetting)
      #expect(barrier.waitingCount == 0)
      #expect(try await outcomes(of: tasks) == ["broken", "broken", "broken", "broken"])
      let error = try tasks[0].exception() as? Asyncio.BrokenBarrierError
      #expect(error?.description == "BrokenBarrierError: Abort or reset of barrier")
      #expect("\(barrier)" == "<Barrier [filling, waiters:0/5]>")
      #expect(try await outcomes(of: startWaiting(5, at: barrier)) == ["0", "1", "2", "3", "4"])
    }
  }

  @Test(
    "BARRIER-15: resetting while tasks leave breaks those that are still inside, and not those that are out"
  )
  func resetDraining() throws {
    try runOnLoop { loop in
      let barrier = Asyncio.Barrier(5)
      let (events, tasks) = startLeaving(barrier, afterThree: { try await barrier.reset() })
      _ = try await Asyncio.gather(tasks).value
      #expect(events.value == ["4 out", "0 out", "1 out", "1 acted", "2 broken", "3 broken"])
      #expect("\(barrier)" == "<Barrier [filling, waiters:0/5]>")
    }
  }

  @Test("BARRIER-16: tasks broken by a reset may wait again at once, and pass together with a newcomer")
  func waitAgain() throws {
    try runOnLoop { loop in
      let barrier = Asyncio.Barrier(5)
      let events = Box<[String]>([])
      let tasks = (0..<4).map { number in
        Asyncio.createTask {
          do { try await barrier.wait() } catch is Asyncio.BrokenBarrierError {
            events.value.append("\(number) broken")
          }
          events.value.append("\(number) at \(try await barrier.wait())")
        }
      }
      try await Asyncio.sleep(.zero)
      #expect(barrier.waitingCount == 4)
      try await barrier.reset()
      let newcomer = startWaiting(1, at: barrier)[0]
      _ = try await Asyncio.gather(tasks).value
      // The last to leave is the first of the next round: the others, and the newcomer, have to wait for that.
      let broken = ["0 broken", "1 broken", "2 broken", "3 broken"]
      #expect(events.value == broken + ["2 at 4", "3 at 0", "0 at 2", "1 at 3"])
      #expect(try newcomer.result() == 1)
      #expect("\(barrier)" == "<Barrier [filling, waiters:0/5]>")
    }
  }

  // MARK: Aborting

  @Test("BARRIER-17: aborting an idle barrier breaks it")
  func abortIdle() throws {
    try runOnLoop { loop in
      let barrier = Asyncio.Barrier(1)
      try await barrier.abort()
      #expect(barrier.isBroken)
      #expect(barrier.waitingCount == 0)
    }
  }

  @Test("BARRIER-18: aborting while tasks leave breaks those that are still inside")
  func abortDraining() throws {
    try runOnLoop { loop in
      let barrier = Asyncio.Barrier(5)
      let (events, tasks) = startLeaving(barrier, afterThree: { try await barrier.abort() })
      _ = try await Asyncio.gather(tasks).value
      #expect(events.value == ["4 out", "0 out", "1 out", "1 acted", "2 broken", "3 broken"])
      #expect("\(barrier)" == "<Barrier [broken]>")
    }
  }

  @Test("BARRIER-18: it breaks those as well that wait for the next round")
  func abortDrainingAndBlocking() throws {
    try runOnLoop { loop in
      let barrier = Asyncio.Barrier(5)
      let events = Box<[String]>([])
      let passed = Box(0)
      let tasks = (0..<5).map { number in
        Asyncio.createTask {
          do { try await barrier.wait() } catch is Asyncio.BrokenBarrierError {
            events.value.append("\(number) inside")
            return
          }
          passed.value += 1
          if passed.value > 2 {
            try await barrier.abort()
            events.value.append("\(number) aborted")
            return
          }
          do { try await barrier.wait() } catch is Asyncio.BrokenBarrierError {
            events.value.append("\(number) queued")
          }
        }
      }
      _ = try await Asyncio.gather(tasks).value
      #expect(events.value == ["1 aborted", "2 inside", "3 inside", "4 queued", "0 queued"])
      #expect("\(barrier)" == "<Barrier [broken]>")
      #expect(barrier.waitingCount == 0)
    }
  }

  @Test("BARRIER-19: a task that aborts after an error of its own breaks the others at their next wait")
  func abortAfterError() throws {
    try runOnLoop { loop in
      let barrier = Asyncio.Barrier(5)
      let events = Box<[String]>([])
      let tasks = (0..<5).map { number in
        Asyncio.createTask {
          do {
            try await barrier.withPosition { position in
              if position == 2 { throw TestError() }
            }
            try await barrier.wait()
            events.value.append("\(number) passed")
          } catch is Asyncio.BrokenBarrierError {
            events.value.append("\(number) broken")
          } catch is TestError {
            try await barrier.abort()
            events.value.append("\(number) aborted")
          }
        }
      }
      _ = try await Asyncio.gather(tasks).value
      #expect(events.value == ["2 aborted", "3 broken", "4 broken", "0 broken", "1 broken"])
      #expect(barrier.isBroken)
      #expect(barrier.waitingCount == 0)
    }
  }

  @Test(
    "BARRIER-21: aborting breaks the wait of all that wait; later waits throw at once, until it is reset"
  )
  func abortFilling() throws {
    try runOnLoop { loop in
      let barrier = Asyncio.Barrier(3)
      let tasks = startWaiting(2, at: barrier)
      try await Asyncio.sleep(.zero)
      try await barrier.abort()
      #expect(try await outcomes(of: tasks) == ["broken", "broken"])
      let turn = loop.turnCount
      let error = await errorThrown { try await barrier.wait() } as? Asyncio.BrokenBarrierError
      #expect(error?.message == "Barrier aborted")
      #expect(loop.turnCount == turn)
      try await barrier.reset()
      #expect("\(barrier)" == "<Barrier [filling, waiters:0/3]>")
      #expect(try await outcomes(of: startWaiting(3, at: barrier)) == ["0", "1", "2"])
    }
  }

  @Test("closing the loop ends tasks that wait")
  func closing() throws {
    let ended = Box(0)
    try withLoop { loop in
      let reports = Reports(loop)
      let barrier = Asyncio.Barrier(3, loop: loop)
      for _ in 0..<2 {
        try loop.createTask {
          defer { ended.value += 1 }
          try await barrier.wait()
        }
      }
      try loop.runBriefly()
      #expect(barrier.waitingCount == 2)
      try loop.close()
      #expect(ended.value == 2)
      #expect(reports.messages == Array(repeating: "Task was destroyed but it is pending!", count: 2))
    }
  }
}

/// Which task passed with which position.
private struct Pass: Equatable {
  let task: Int
  let position: Int
  init(_ task: Int, _ position: Int) {
    self.task = task
    self.position = position
  }
}

/// So many new tasks that wait at a barrier.
private func startWaiting(_ count: Int, at barrier: Asyncio.Barrier) -> [Asyncio.Task<Int>] {
  (0..<count).map { _ in Asyncio.createTask { try await barrier.wait() } }
}

/// Five tasks that wait at a barrier, of which the third to leave does something to it; and what happens to them.
private func startLeaving(
  _ barrier: Asyncio.Barrier,
  afterThree act: @escaping () async throws -> Void
) -> (events: Box<[String]>, tasks: [Asyncio.Task<Void>]) {
  let events = Box<[String]>([])
  let out = Box(0)
  let tasks = (0..<5).map { number in
    Asyncio.createTask {
      do { try await barrier.wait() } catch is Asyncio.BrokenBarrierError {
        events.value.append("\(number) broken")
        return
      }
      events.value.append("\(number) out")
      out.value += 1
      if out.value == 3 {
        try await act()
        events.value.append("\(number) acted")
      }
    }
  }
  return (events, tasks)
}

/// The positions of tasks that passed, and how it went for the others.
private func outcomes(of tasks: [Asyncio.Task<Int>]) async throws -> [String] {
  _ = try await Asyncio.wait(tasks)
  return try tasks.map { task in
    if task.isCancelled { return "cancelled" }
    if try task.exception() is Asyncio.BrokenBarrierError { return "broken" }
    return "\(try task.result())"
  }
}
