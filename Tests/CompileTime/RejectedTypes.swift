// What the compiler rejects by types alone: closures that run elsewhere, and results that leave the loop. A comment
// behind a line is what the error on it says. See `CompileTimeTests`.

import AsyncioBridge

nonisolated final class Account {
  var balance = 0
}

/// Work for other threads does not take the loop's objects along.
func otherThreads() throws {
  try Asyncio.run {
    let loop = Asyncio.EventLoop.running()!
    let account = Account()
    let queue = Asyncio.Queue<Int>()
    _ = Asyncio.ensureFuture(operation: { account.balance += 1 })  // error: non-Sendable type 'Account'
    _ = Asyncio.ensureFuture(operation: { queue.qsize })  // error: non-Sendable type 'Asyncio.Queue<Int>'
    _ = try loop.runInExecutor { account.balance += 1 }  // error: non-Sendable type 'Account'
    _ = try await Asyncio.toThread { loop.stop() }  // error: non-Sendable type 'Asyncio.EventLoop'
    let result = Asyncio.Promise<Int>().future
    result.addDoneCallback { _ in account.balance += 1 }  // error: non-Sendable type 'Account'
  }
}

/// What is not `Sendable` does not leave the loop as a result.
func results(_ loop: Asyncio.LoopHandle) async throws {
  _ = try await Asyncio.run { Account() }  // error: 'Account' does not conform to the 'Sendable' protocol
  _ = try await Asyncio.run { Asyncio.createTask { 1 } }  // error: does not conform to the 'Sendable' protocol
  _ = loop.runCoroutineThreadsafe { Asyncio.EventLoop.running()! }  // error: not conform to the 'Sendable'
  _ = Asyncio.Promise<Account>()  // error: 'Account' does not conform to the 'Sendable' protocol
}

/// What is `Sendable` has no loop's objects in it.
nonisolated struct Carrier: Sendable {
  let future: Asyncio.Future<Int>  // error: non-Sendable type 'Asyncio.Future<Int>'
  let lock: Asyncio.Lock  // error: non-Sendable type 'Asyncio.Lock'
}

/// Blocking calls are not for asynchronous code.
func blocking() async throws {
  let loop = Asyncio.EventLoop()
  try loop.runForever()  // error: unavailable from asynchronous contexts
  _ = try loop.runUntilComplete { 1 }  // error: unavailable from asynchronous contexts
  try Asyncio.Runner().close()  // error: unavailable from asynchronous contexts
  _ = try Asyncio.Promise<Int>().future.result()  // error: unavailable from asynchronous contexts
}
