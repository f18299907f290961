import Testing

@testable import AsyncioBridge

/// Done callbacks: when they are called, in which order, and how they are removed.
@Suite struct FutureCallbackTests {
  /// Callbacks that write down a number.
  private final class Recorder {
    var calls: [Int] = []
    func callback(_ number: Int) -> Asyncio.DoneCallback {
      Asyncio.DoneCallback { [unowned self] _ in calls.append(number) }
    }
  }

  @Test("FUT-42: callbacks are called after a result was set, on a turn of the loop, in order")
  func afterResult() throws {
    try withLoop { loop in
      let recorder = Recorder()
      let future = loop.createFuture(of: String.self)
      future.addDoneCallback(recorder.callback(42))
      future.addDoneCallback(recorder.callback(17))
      #expect(recorder.calls == [])
      try future.setResult("foo")
      #expect(recorder.calls == [])
      try loop.runBriefly()
      #expect(recorder.calls == [42, 17])
      #expect(try future.result() == "foo")
    }
  }

  @Test("FUT-43: callbacks are called after an error was set, which can still be read")
  func afterError() throws {
    try withLoop { loop in
      let recorder = Recorder()
      let future = loop.createFuture(of: String.self)
      future.addDoneCallback(recorder.callback(100))
      let error = ObjectError()
      try future.setException(error)
      #expect(recorder.calls == [])
      try loop.runBriefly()
      #expect(recorder.calls == [100])
      #expect(try future.exception() as? ObjectError === error)
    }
  }

  @Test("FUT-44, FUT-45, FUT-46: removed callbacks are not called, the others are, in order")
  func removal() throws {
    try withLoop { loop in
      for (removed, called) in [([0], [17, 100]), ([0, 1], [100]), ([2], [42, 17])] {
        let recorder = Recorder()
        let callbacks = [42, 17, 100].map(recorder.callback)
        let future = loop.createFuture(of: String.self)
        for callback in callbacks { future.addDoneCallback(callback) }
        for index in removed { #expect(future.removeDoneCallback(callbacks[index]) == 1) }
        #expect(future.removeDoneCallback(callbacks[removed[0]]) == 0)
        try future.setResult("foo")
        try loop.runBriefly()
        #expect(recorder.calls == called)
        #expect(try future.result() == "foo")
      }
    }
  }

  @Test("FUT-47, FUT-48: removing tells how many registrations there were: one, none, or six of the same callback")
  func removalCounts() throws {
    try withLoop { loop in
      let recorder = Recorder()
      let one = recorder.callback(1)
      let two = recorder.callback(2)
      let three = recorder.callback(3)

      let future = loop.createFuture(of: Void.self)
      future.addDoneCallback(one)
      #expect(future.removeDoneCallback(two) == 0)
      #expect(future.removeDoneCallback(one) == 1)
      #expect(future.removeDoneCallback(one) == 0)

      for _ in 0..<3 { future.addDoneCallback(two) }
      future.addDoneCallback(three)
      for _ in 0..<3 { future.addDoneCallback(two) }
      #expect(future.callbackCount == 7)
      #expect(future.removeDoneCallback(two) == 6)
      #expect(future.callbackCount == 1)
      try future.setResult()
      try loop.runBriefly()
      #expect(recorder.calls == [3])
    }
  }

  @Test("FUT-51: a callback that is added to a done future is scheduled, not called at once", .pinsOrder)
  func addedWhenDone() throws {
    try withLoop { loop in
      let recorder = Recorder()
      let future = loop.createFuture(of: Void.self)
      try future.setResult()
      try loop.callSoon { recorder.calls.append(0) }
      future.addDoneCallback(recorder.callback(1))
      #expect(recorder.calls == [])
      #expect(future.removeDoneCallback(recorder.callback(1)) == 0)
      try loop.runBriefly()
      #expect(recorder.calls == [0, 1])
    }
  }

  @Test("FUT-52: a callback receives the future itself")
  func argument() throws {
    try withLoop { loop in
      let future = loop.createFuture(of: Int.self)
      var received: [Asyncio.AnyFuture] = []
      future.addDoneCallback { received.append($0) }
      future.addDoneCallback(Asyncio.DoneCallback { received.append($0) })
      try future.setResult(1)
      try loop.runBriefly()
      #expect(received.count == 2)
      #expect(received.allSatisfy { $0 === future })
    }
  }

  @Test("FUT-56: a callback that is registered twice is called twice")
  func registeredTwice() throws {
    try withLoop { loop in
      let recorder = Recorder()
      let callback = recorder.callback(1)
      let future = loop.createFuture(of: Void.self)
      future.addDoneCallback(callback)
      future.addDoneCallback(recorder.callback(2))
      future.addDoneCallback(callback)
      try future.setResult()
      try loop.runBriefly()
      #expect(recorder.calls == [1, 2, 1])
    }
  }
}
