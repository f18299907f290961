import AsyncioBridge
import Testing

/// What whoever reports to a loop's exception handler may add.
@Suite struct UserInfoTests {
  @Test("what is added reaches the handler, and is in the text, by its names in order")
  func userInfo() throws {
    let loop = Asyncio.EventLoop(clock: .virtual)
    var contexts: [Asyncio.ExceptionContext] = []
    loop.exceptionHandler = { _, context in contexts.append(context) }
    let report = Asyncio.ExceptionContext(message: "lost", userInfo: ["peer": "10.0.0.1", "attempt": 3])
    loop.callExceptionHandler(report)
    try loop.close()
    #expect(contexts.first?.userInfo["attempt"] as? Int == 3)
    #expect(contexts.first?.description == "lost\n  attempt: 3\n  peer: 10.0.0.1")
  }

  @Test("a handler may add to what it passes on")
  func handlerAdds() throws {
    let loop = Asyncio.EventLoop(clock: .virtual)
    var logged: [String] = []
    loop.logger = { logged.append($0) }
    loop.exceptionHandler = { loop, context in
      var context = context
      context.userInfo["server"] = "a"
      loop.defaultExceptionHandler(context)
    }
    loop.callExceptionHandler(Asyncio.ExceptionContext(message: "lost"))
    try loop.close()
    #expect(logged == ["lost\n  server: a"])
  }
}
