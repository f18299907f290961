// What a client can't get at. See `CompileTimeTests`. Apart from the rest, since the compiler looks for races only in
// what is accessible.

import AsyncioBridge

/// Who has only the read end of a future can't end it.
nonisolated func readEnd() {
  let promise = Asyncio.Promise<Int>()
  promise.future.resolve(.success(1))  // error: 'resolve' is inaccessible due to 'internal' protection level
  _ = promise.future.setRunning()  // error: 'setRunning' is inaccessible due to 'internal' protection level
  _ = Asyncio.ConcurrentFuture<Int>()  // error: initializer is inaccessible due to 'internal' protection level
  promise.resolve(.success(1))
}
