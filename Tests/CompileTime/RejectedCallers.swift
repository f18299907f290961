// What the compiler rejects because of who calls: a body that is formed in code of an actor would belong to that, and
// wait for the thread that waits for it. See `CompileTimeTests`.

import AsyncioBridge

@MainActor func onTheMainActor() throws {
  try Asyncio.runBlocking {}
}

actor Server {
  func serve() throws {
    try Asyncio.runBlocking {}
  }
}
