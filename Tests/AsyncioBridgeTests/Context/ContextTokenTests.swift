import Testing

@testable import AsyncioBridge

/// How what was set in a context is undone.
@Suite struct ContextTokenTests {
  private static let variable = Asyncio.ContextVar<Int>("variable", default: -1)
  private static let other = Asyncio.ContextVar<Int>("other", default: -1)

  private func inOwnContext(_ body: () throws -> Void) throws { try Asyncio.Context().run(body) }

  @Test("a token restores the value from before, or that there was none")
  func reset() throws {
    let variable = Self.variable
    try inOwnContext {
      let first = variable.set(1)
      let second = variable.set(2)
      #expect(first.oldValue == nil)
      #expect(second.oldValue == 1)
      #expect(second.variable === variable)
      try variable.reset(second)
      #expect(variable.value == 1)
      try variable.reset(first)
      #expect(variable.value == -1)
      #expect(variable.set(3).oldValue == nil)
    }
  }

  @Test("a token is good for one time, its variable and its context, as in Python")
  func refused() throws {
    let (variable, other) = (Self.variable, Self.other)
    try inOwnContext {
      let token = variable.set(1)
      #expect("\(token)" == "<Token var=<ContextVar name=variable>>")
      #expect(throws: Asyncio.ValueError("\(token) was created by a different ContextVar")) { try other.reset(token) }
      Asyncio.copyContext().run {
        #expect(throws: Asyncio.ValueError("\(token) was created in a different Context")) { try variable.reset(token) }
      }
      #expect(variable.value == 1)
      try variable.reset(token)
      #expect("\(token)" == "<Token used var=<ContextVar name=variable>>")
      #expect(throws: Asyncio.RuntimeError("\(token) has already been used once")) { try variable.reset(token) }
    }
  }

  @Test("a value for the time of a body, whatever the body sets, and however it ends")
  func withValue() throws {
    let variable = Self.variable
    try inOwnContext {
      #expect(variable.withValue(1) { variable.value } == 1)
      #expect(variable.value == -1)
      variable.set(2)
      #expect(throws: TestError()) {
        try variable.withValue(3) {
          variable.set(4)
          throw TestError()
        }
      }
      #expect(variable.value == 2)
    }
  }

  @Test("a value for the time of an asynchronous body, which other tasks do not see, but its own keep")
  func withValueAcrossAwaits() throws {
    let variable = Self.variable
    try runOnLoop { _ in
      let event = Asyncio.Event()
      let bystander = Asyncio.createTask {
        try await event.wait()
        return variable.value
      }
      let child = try await variable.withValue(1) {
        let child = Asyncio.createTask {
          try await Asyncio.sleep(.seconds(2))
          return variable.value
        }
        event.set()
        try await Asyncio.sleep(.seconds(1))
        #expect(variable.value == 1)
        return child
      }
      #expect(variable.value == -1)
      #expect(try await bystander.value == -1)
      #expect(try await child.value == 1)
    }
  }

  @Test("a task that is cancelled within has the value from before again", .pinsOrder)
  func withValueCancelled() throws {
    let variable = Self.variable
    try runOnLoop { _ in
      let task = Asyncio.createTask {
        do {
          try await variable.withValue(1) { try await Asyncio.sleep(.seconds(60)) }
        } catch is CancellationError {}
        return variable.value
      }
      try await Asyncio.sleep(.zero)
      task.cancel()
      #expect(try await task.value == -1)
    }
  }
}
