import Foundation
import Testing

@testable import AsyncioBridge

// Each test is a process of its own, since it is the process that is interrupted.

extension RunnerTests {
  @Test("RUNNER-11: an interrupt while the main task never waits cancels it; the run throws KeyboardInterrupt")
  func interruptBusyLoop() async {
    await #expect(processExitsWith: .success) {
      let told = Box(false)
      let error = try interrupted { runner in
        try runner.run {
          let loop = try runner.loop
          let end = loop.time.advanced(by: .seconds(20))
          raise(SIGINT)
          do {
            while loop.time < end { try await Asyncio.sleep(.zero) }
          } catch is CancellationError {
            told.value = true
            throw CancellationError()
          }
        }
      }
      #expect(error is Asyncio.KeyboardInterrupt)
      #expect(told.value)
    }
  }

  @Test("RUNNER-12: an interrupt while the main task waits cancels what it waits for; the run throws KeyboardInterrupt")
  func interruptWait() async {
    await #expect(processExitsWith: .success) {
      let waiters = Box<[Asyncio.AnyFuture]>([])
      let error = try interrupted { runner in
        let loop = try runner.loop
        let future = loop.createFuture(of: Int.self)
        waiters.value.append(future)
        _ = try runner.run {
          waiters.value.append(try #require(Asyncio.currentTask()))
          try loop.callLater(.milliseconds(5)) { kill(getpid(), SIGINT) }
          return try await future.value
        }
      }
      #expect(error is Asyncio.KeyboardInterrupt)
      #expect(waiters.value.map(\.isCancelled) == [true, true])
      #expect((waiters.value.last as? any Asyncio.TaskProtocol)?.cancelling == 0)
    }
  }

  @Test("RUNNER-13: if somebody else has cancelled the main task too, the run throws CancelledError")
  func interruptCancelledTask() async {
    await #expect(processExitsWith: .success) {
      let error = try interrupted { runner in
        try runner.run {
          let main = try #require(Asyncio.currentTask())
          Asyncio.createTask {
            main.cancel()
            raise(SIGINT)
          }
          try await Asyncio.sleep(.seconds(10))
        }
      }
      #expect(error is CancellationError)
    }
  }

  @Test("RUNNER-14: where interrupts are ignored, or handled otherwise, the run proceeds without handling them")
  func interruptsAreHandledOtherwise() async {
    await #expect(processExitsWith: .success) {
      allowInterrupts()
      for handler in [SIG_IGN, { @Sendable _ in }] as [(@convention(c) (Int32) -> Void)?] {
        signal(SIGINT, handler)
        let value = try runInProcess(handlingInterrupt: true) {
          raise(SIGINT)
          try await Asyncio.sleep(.milliseconds(1))
          return 1
        }
        #expect(value == 1)
        let left = signal(SIGINT, SIG_DFL)
        #expect(unsafeBitCast(left, to: UInt.self) == unsafeBitCast(handler, to: UInt.self))
      }
    }
  }

  @Test("of two runs at a time on two threads one handles interrupts, and the other is left alone")
  func twoRuns() async {
    await #expect(processExitsWith: .success) {
      let error = try interrupted { runner in
        try runner.run {
          let other = try joinThread {
            try Asyncio.run(handlingInterrupt: true) {
              try await Asyncio.sleep(.milliseconds(1))
              return "undisturbed"
            }
          }
          #expect(other == "undisturbed")
          raise(SIGINT)
          try await Asyncio.sleep(.seconds(10))
        }
      }
      #expect(error is Asyncio.KeyboardInterrupt)
    }
  }

  @Test("runs on several threads take turns in handling interrupts, and none hangs")
  func manyRuns() async {
    await #expect(processExitsWith: .success) {
      allowInterrupts()
      let finished = Shared(0)
      let ends = (0..<4).map { _ in ThreadEvent() }
      for end in ends {
        startThread {
          for number in 0..<100 {
            let value = try? runInProcess(handlingInterrupt: true) { number }
            if value == number { finished.update { $0 += 1 } }
          }
          end.set()
        }
      }
      for end in ends { #expect(end.wait(timeout: .patience)) }
      #expect(finished.value == 400)
    }
  }

  @Test("an interrupt ends the wait for tasks that are left; the run throws KeyboardInterrupt")
  func interruptLeftovers() async {
    await #expect(processExitsWith: .success) {
      let loops = Box<[Asyncio.EventLoop]>([])
      let error = try interrupted { runner in
        loops.value.append(try runner.loop)
        try runner.run {
          Asyncio.createTask {
            do { try await Asyncio.sleep(.seconds(60)) } catch is CancellationError {
              raise(SIGINT)
              try await Asyncio.sleep(.seconds(60))
            }
          }
          try await Asyncio.sleep(.zero)
        }
      }
      #expect(error is Asyncio.KeyboardInterrupt)
      #expect(loops.value.map(\.isClosed) == [true])
    }
  }

  @Test("an interrupt ends the wait for the executor; closing throws KeyboardInterrupt")
  func interruptShutdown() async {
    await #expect(processExitsWith: .success) {
      allowInterrupts()
      #expect(throws: Asyncio.KeyboardInterrupt.self) { try closeAndInterrupt() }
    }
  }

  @Test(
    "a body that goes on in spite of an interrupt returns its value; the second interrupt ends the run all the same"
  )
  func secondInterrupt() async {
    await #expect(processExitsWith: .success) {
      allowInterrupts()
      let value = try runInProcess(handlingInterrupt: true) {
        raise(SIGINT)
        do { try await Asyncio.sleep(.seconds(10)) } catch is CancellationError {}
        return 1
      }
      #expect(value == 1)
      let cleanedUp = Box(false)
      let error = try interrupted { runner in
        let main = try runner.loop.createFuture(of: Asyncio.AnyFuture.self)
        #expect(throws: Asyncio.KeyboardInterrupt.self) {
          try runner.run {
            defer { cleanedUp.value = true }
            try main.setResult(try #require(Asyncio.currentTask()))
            raise(SIGINT)
            do { try await Asyncio.sleep(.seconds(10)) } catch is CancellationError {}
            raise(SIGINT)
            try await Asyncio.sleep(.seconds(10))
          }
        }
        #expect(try !main.result().isDone)
        #expect(!cleanedUp.value)
      }
      // The main task was cancelled with what else was left, when the runner was closed.
      #expect(error == nil)
      #expect(cleanedUp.value)
    }
  }

  @Test("an interrupt that comes too late to cancel the main task is not lost")
  func lateInterrupt() async {
    await #expect(processExitsWith: .success) {
      let error = try interrupted { runner in
        _ = try runner.run {
          raise(SIGINT)
          return 1
        }
      }
      #expect(error is Asyncio.KeyboardInterrupt)
    }
  }

  @Test("several runs handle interrupts one after the other")
  func severalHandledRuns() async {
    await #expect(processExitsWith: .success) {
      let error = try interrupted { runner in
        for _ in 0..<3 {
          #expect(throws: Asyncio.KeyboardInterrupt.self) {
            try runner.run {
              raise(SIGINT)
              try await Asyncio.sleep(.seconds(10))
            }
          }
          let value = try runner.run { 1 }
          #expect(value == 1)
        }
      }
      #expect(error == nil)
    }
  }

  @Test("a third interrupt ends the process, even if a body keeps the thread busy")
  func thirdInterrupt() async {
    await #expect(processExitsWith: .signal(SIGINT)) {
      allowInterrupts()
      try runInProcess(handlingInterrupt: true) { for _ in 0..<3 { raise(SIGINT) } }
    }
  }

  @Test("DIFF-44: by default, and after a run that handles them, interrupts end the process")
  func defaultInterrupt() async {
    await #expect(processExitsWith: .signal(SIGINT)) {
      allowInterrupts()
      try runInProcess(handlingInterrupt: false) {
        raise(SIGINT)
        try await Asyncio.sleep(.zero)
      }
    }
    await #expect(processExitsWith: .signal(SIGINT)) {
      allowInterrupts()
      try runInProcess(handlingInterrupt: true) {}
      raise(SIGINT)
    }
  }
}

extension RunnerTests {
  // That one on the main thread handles them is shown by `Tests/Clients/Awaits`: here is no main thread any more.
  @Test("DIFF-44: in 3.13 a run on another thread leaves interrupts as they are, unless it is told to handle them")
  func interruptsOfOtherThreads() async {
    await #expect(processExitsWith: .success) {
      let error = try await onOwnThread { UncheckedBox(errorOfInterruptedRun(handlingInterrupt: true)) }.value
      try #require(error is Asyncio.KeyboardInterrupt)
    }
    await #expect(processExitsWith: .signal(SIGINT)) {
      _ = try await onOwnThread { UncheckedBox(errorOfInterruptedRun(handlingInterrupt: nil)) }
    }
  }
}

/// What a run throws that follows 3.13, and is interrupted.
private func errorOfInterruptedRun(handlingInterrupt: Bool?) -> (any Error)? {
  allowInterrupts()
  do {
    let runner = Asyncio.Runner(semantics: .python3_13, handlingInterrupt: handlingInterrupt)
    try runner.closing { runner in
      try runner.run {
        raise(SIGINT)
        try await Asyncio.sleep(.seconds(600))
      }
    }
    return nil
  } catch { return error }
}

/// Lets the calling thread be interrupted, which threads of Swift's pool are not, and interrupts end the process.
func allowInterrupts() {
  signal(SIGINT, SIG_DFL)
  var interrupt = sigset_t()
  sigemptyset(&interrupt)
  sigaddset(&interrupt, SIGINT)
  pthread_sigmask(SIG_UNBLOCK, &interrupt, nil)
}

/// The blocking form of `run`, for a process that is all a test's own.
/// Closes a runner, and interrupts that when it waits for the executor.
private func closeAndInterrupt() throws {
  let (hasRun, mayEnd) = (ThreadEvent(), ThreadEvent())
  let runner = Asyncio.Runner(semantics: .python3_13, handlingInterrupt: true)
  defer { mayEnd.set() }
  try runner.run {
    _ = try runner.loop.runInExecutor {
      _ = hasRun.wait(timeout: .patience)
      while !InterruptSignal.isInstalled { sched_yield() }
      raise(SIGINT)
      _ = mayEnd.wait(timeout: .patience)
    }
  }
  hasRun.set()
  try runner.close()
}

private func runInProcess<Value>(
  handlingInterrupt: Bool,
  _ body: sending @escaping () async throws -> Value
) throws -> Value {
  try Asyncio.run(handlingInterrupt: handlingInterrupt, body)
}

/// The error that `body` throws with a runner that handles interrupts, in a process that they would end by default.
private func interrupted(_ body: (Asyncio.Runner) throws -> Void) throws -> (any Error)? {
  allowInterrupts()
  do {
    let runner = Asyncio.Runner(handlingInterrupt: true)
    try runner.closing(body)
    return nil
  } catch { return error }
}
