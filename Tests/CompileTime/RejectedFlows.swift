// What the compiler rejects because of where values go: state of a loop that two threads could use at once. A comment
// behind a line is what the error on it says. See `CompileTimeTests`.

import AsyncioBridge

nonisolated final class Account {
  var balance = 0

  // By default it may run on any thread, so its object is sent to one.
  func addLater() async { balance += 1 }
}

func futureInADetachedTask() throws {
  try Asyncio.run {
    let future = Asyncio.EventLoop.running!.createFuture(of: Int.self)
    Task.detached { try await future.value }  // error: risks causing data races
    try future.setResult(1)
  }
}

func loopInADetachedTask() throws {
  try Asyncio.run {
    let loop = Asyncio.EventLoop.running!
    Task.detached { loop.stop() }  // error: risks causing data races
    loop.stop()
  }
}

func stateInADetachedTask() throws {
  try Asyncio.run {
    let account = Account()
    let task = Asyncio.createTask { account.balance += 1 }
    Task.detached { account.balance += 1 }  // error: risks causing data races
    try await task.value
  }
}

func stateInAnUnstructuredTask() throws {
  try Asyncio.run {
    let account = Account()
    let task = Asyncio.createTask { account.balance += 1 }
    Task { account.balance += 1 }  // error: risks causing data races
    try await task.value
  }
}

func stateInAChild() throws {
  try Asyncio.run {
    let account = Account()
    async let child: Void = { account.balance += 1 }()  // error: risks causing data races
    account.balance += 1
    await child
  }
}

func stateInAChildOfAGroup() throws {
  try Asyncio.run {
    let account = Account()
    let task = Asyncio.createTask { account.balance += 1 }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { account.balance += 1 }  // error: risks causing data races
    }
    try await task.value
  }
}

func futureForAnActor() throws {
  try Asyncio.run {
    let future = Asyncio.EventLoop.running!.createFuture(of: Int.self)
    let task = Asyncio.createTask { try await future.value }
    await Elsewhere().take(future)  // error: risks causing data races
    await show(future)  // error: risks causing data races
    _ = try await task.value
  }
}

actor Elsewhere {
  func take(_ future: Asyncio.Future<Int>) { future.cancel() }
}

@MainActor
func show(_ future: Asyncio.Future<Int>) { print(future) }

func stateThatIsUsedAfterItWasHandedOver(_ loop: Asyncio.LoopHandle) throws {
  let account = Account()
  _ = loop.runCoroutineThreadsafe { account.balance += 1 }  // error: risks causing data races
  account.balance += 1
  let another = Account()
  try loop.callSoonThreadsafe { another.balance += 1 }  // error: risks causing data races
  another.balance += 1
}

func stateOfTheCaller() async throws {
  let account = Account()
  try await Asyncio.run { account.balance += 1 }  // error: risks causing data races
  account.balance += 1
}

func methodThatMayRunAnywhere() throws {
  try Asyncio.run {
    let account = Account()
    let task = Asyncio.createTask {
      await account.addLater()  // error unless NonisolatedNonsendingByDefault: risks causing data races
    }
    try await task.value
    account.balance += 1
  }
}
