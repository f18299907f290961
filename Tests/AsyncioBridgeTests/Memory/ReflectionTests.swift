import Testing

@testable import AsyncioBridge

/// What `dump` and tests look into, by reflection, can be looked into.
@Suite struct ReflectionTests {
  @Test("a loop and what belongs to it can be dumped")
  func dumps() throws {
    try withLoop { loop in
      var text = ""
      dump(loop, to: &text)
      dump(loop.threadsafe, to: &text)
      dump(try loop.callSoonThreadsafe {}, to: &text)
      dump(try loop.callSoon {}, to: &text)
      dump(try loop.callLater(.zero) {}, to: &text)
      dump(loop.createFuture(of: String.self), to: &text)
      let textInTask = try loop.runUntilComplete {
        var text = ""
        dump(Asyncio.currentTask(), to: &text)
        dump(Asyncio.Queue<Int>(), to: &text)
        dump(Asyncio.Lock(), to: &text)
        dump(Asyncio.Condition(), to: &text)
        dump(Asyncio.Semaphore(), to: &text)
        dump(Asyncio.Event(), to: &text)
        return text
      }
      dump(Asyncio.ConcurrentFuture<Int>(), to: &text)
      for name in [
        "<EventLoop", "LoopHandle", "<ThreadsafeHandle", "<Handle", "<TimerHandle", "<Future", "ConcurrentFuture",
      ] {
        #expect(text.contains(name), "\(name)")
      }
      for name in ["<Task", "<Queue", "<Lock", "<Condition", "<Semaphore", "<Event"] {
        #expect(textInTask.contains(name), "\(name)")
      }
    }
  }
}
