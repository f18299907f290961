import Testing

@testable import AsyncioBridge

extension TaskGroupTests {
  /// What becomes of cancelling the task that has a group.
  @Suite struct ParentCancellation {
    /// Starts `body` in a task, cancels that after 100 ms, and returns the task when it is done, with its error.
    @discardableResult
    private func cancelled(
      _ body: @escaping (EventLoop) async throws -> Void
    ) throws -> (task: Asyncio.Task<Void>, error: (any Error)?) {
      try withLoop { loop in
        let task = try loop.createTask { try await body(loop) }
        try loop.runUntilComplete {
          try await Asyncio.sleep(.milliseconds(100))
          #expect(!task.isDone)
          task.cancel()
          _ = try await Asyncio.wait([task])
          #expect(Asyncio.allTasks().count == 1)
        }
        return (task, task.isCancelled ? CancellationError() : try task.exception())
      }
    }

    private static func sleepLong(counting cancellations: Box<Int>) async throws {
      do {
        try await Asyncio.sleep(.seconds(1000))
      } catch {
        cancellations.value += 1
        throw error
      }
    }

    private static func failWhenCancelled() async throws {
      do { try await Asyncio.sleep(.seconds(1000)) } catch { throw TestError(name: "child") }
    }

    private func group(_ error: (any Error)?) throws -> [any Error] {
      try #require(error as? Asyncio.ErrorGroup).errors
    }

    private let childErrors = Array(repeating: TestError(name: "child"), count: 5)

    @Test("TG-07: at the end of the block it cancels all children")
    func atTheEnd() throws {
      let cancellations = Box(0)
      let (task, error) = try cancelled { _ in
        try await Asyncio.withTaskGroup { group in
          for _ in 0..<5 { try group.createTask { try await Self.sleepLong(counting: cancellations) } }
        }
      }
      #expect(error is CancellationError)
      #expect(task.isCancelled)
      #expect(cancellations.value == 5)
    }

    @Test("TG-08: in the body it cancels the body and all children")
    func inTheBody() throws {
      let cancellations = Box(0)
      let (task, error) = try cancelled { _ in
        try await Asyncio.withTaskGroup { group in
          for _ in 0..<5 { try group.createTask { try await Self.sleepLong(counting: cancellations) } }
          try await Self.sleepLong(counting: cancellations)
        }
      }
      #expect(error is CancellationError)
      #expect(task.isCancelled)
      #expect(cancellations.value == 6)
    }

    @Test(
      "TG-09: errors that children answer with leave instead, and the request still counts",
      arguments: [true, false]
    )
    func childrenAnswerWithErrors(_ isInBody: Bool) throws {
      let (task, error) = try cancelled { _ in
        try await Asyncio.withTaskGroup { group in
          for _ in 0..<5 { try group.createTask { try await Self.failWhenCancelled() } }
          if isInBody { try await Asyncio.sleep(.seconds(10)) }
        }
      }
      #expect(try group(error) as? [TestError] == childErrors)
      #expect(task.cancelling == 1)
    }

    @Test("the cancellation that an error has replaced comes again at the next await")
    func comesAgain() throws {
      let (task, error) = try cancelled { _ in
        let thrown = await errorThrown {
          try await Asyncio.withTaskGroup { group in _ = try group.createTask { try await Self.failWhenCancelled() } }
        }
        #expect(thrown is Asyncio.ErrorGroup)
        try await Asyncio.sleep(.seconds(10))
      }
      #expect(error is CancellationError)
      #expect(task.cancelling == 1)
    }

    @Test(
      "TG-11, TG-12: errors of an inner group's children are in a group within the outer one's",
      arguments: [true, false]
    )
    func nested(_ hasOuterChild: Bool) throws {
      let (_, error) = try cancelled { _ in
        try await Asyncio.withTaskGroup { outer in
          if hasOuterChild { try outer.createTask { try await Asyncio.sleep(.seconds(10)) } }
          try await Asyncio.withTaskGroup { inner in
            for _ in 0..<5 { try inner.createTask { try await Self.failWhenCancelled() } }
            try await Asyncio.sleep(.seconds(10))
          }
        }
      }
      let outer = try group(error)
      #expect(outer.count == 1)
      #expect(try group(outer.first) as? [TestError] == childErrors)
    }

    @Test("TG-13: a failure in an inner group cancels the outer one's children")
    func nestedFailure() throws {
      try runOnLoop { loop in
        let cancellations = Box(0)
        let thrown = await errorThrown {
          try await Asyncio.withTaskGroup { outer in
            try outer.createTask { try await Self.sleepLong(counting: cancellations) }
            try await Asyncio.withTaskGroup { inner in
              _ = try inner.createTask {
                try await Asyncio.sleep(.milliseconds(100))
                throw TestError(name: "child")
              }
            }
          }
        }
        let outer = try group(thrown)
        #expect(outer.count == 1)
        #expect(try group(outer.first) as? [TestError] == [TestError(name: "child")])
        #expect(cancellations.value == 1)
        expectTime(loop, .milliseconds(100))
      }
    }

    @Test("TG-14: through a task that awaits the parent it comes to the same: the errors leave")
    func throughAnotherTask() throws {
      let (_, error) = try cancelled { loop in
        let parent = try loop.createTask {
          try await Asyncio.withTaskGroup { group in
            try group.createTask {
              try await Asyncio.sleep(.milliseconds(300))
              throw TestError(name: "child")
            }
            do {
              try await Asyncio.sleep(.seconds(10))
            } catch {
              try await Asyncio.sleep(.milliseconds(500))
              throw error
            }
          }
        }
        try await parent.value
      }
      #expect(try group(error) as? [TestError] == [TestError(name: "child")])
    }

    @Test("TG-15: without children it leaves as it is")
    func withoutChildren() throws {
      let cancellations = Box(0)
      let (task, error) = try cancelled { _ in
        try await Asyncio.withTaskGroup { _ in try await Self.sleepLong(counting: cancellations) }
      }
      #expect(error is CancellationError)
      #expect(task.isCancelled)
      #expect(cancellations.value == 1)
    }

    @Test("TG-16: an error that the body answers with leaves in a group")
    func bodyAnswersWithError() throws {
      let (task, error) = try cancelled { _ in
        try await Asyncio.withTaskGroup { _ in try await Self.failWhenCancelled() }
      }
      #expect(try group(error) as? [TestError] == [TestError(name: "child")])
      #expect(!task.isCancelled)
    }

    @Test("TG-20: no child has failed: it leaves as it is")
    func noFailure() throws {
      let (_, error) = try cancelled { _ in
        try await Asyncio.withTaskGroup { group in
          for seconds in [1, 2] { try group.createTask { try await Asyncio.sleep(.seconds(seconds)) } }
        }
      }
      #expect(error is CancellationError)
    }

    @Test("children that take their time are waited for, however often the parent is cancelled")
    func again() throws {
      try withLoop { loop in
        let hasEnded = Box(false)
        let task = try loop.createTask {
          try await Asyncio.withTaskGroup { group in
            _ = try group.createTask {
              do { try await Asyncio.sleep(.seconds(10)) } catch { try await Asyncio.sleep(.milliseconds(100)) }
              hasEnded.value = true
            }
          }
        }
        for milliseconds in [10, 20, 30] { try loop.callLater(.milliseconds(milliseconds)) { task.cancel() } }
        #expect(throws: CancellationError.self) { try loop.runUntilComplete(task) }
        #expect(hasEnded.value)
        #expect(task.cancelling == 3)
        expectTime(loop, .milliseconds(110))
      }
    }

    @Test("TG-38: in a timeout that expires the children are cancelled, and TimeoutError leaves")
    func inATimeout() throws {
      try runOnLoop { loop in
        let cancellations = Box(0)
        let thrown = await errorThrown {
          try await Asyncio.timeout(.milliseconds(10)) {
            try await Asyncio.withTaskGroup { group in
              for _ in 0..<2 { try group.createTask { try await Self.sleepLong(counting: cancellations) } }
            }
          }
        }
        #expect(thrown is Asyncio.TimeoutError)
        #expect(cancellations.value == 2)
        #expect(Asyncio.currentTask()?.cancelling == 0)
        try await Asyncio.sleep(.zero)
        expectTime(loop, .milliseconds(10))
      }
    }

    @Test(
      "a loop that is closed unwinds the parent and the children, in the body and at its end",
      arguments: [true, false]
    )
    func closing(_ isInBody: Bool) throws {
      try withLoop { loop in
        let reports = Reports(loop)
        let cancellations = Box(0)
        let parentError = Box<(any Error)?>(nil)
        _ = try loop.createTask {
          parentError.value = await errorThrown {
            try await Asyncio.withTaskGroup { group in
              for _ in 0..<2 { try group.createTask { try await Self.sleepLong(counting: cancellations) } }
              if isInBody { try await Asyncio.sleep(.seconds(10)) }
            }
          }
        }
        try loop.runBriefly()
        try loop.close()
        #expect(parentError.value is CancellationError)
        #expect(cancellations.value == 2)
        #expect(reports.messages == Array(repeating: "Task was destroyed but it is pending!", count: 3))
      }
    }
  }
}
