import AsyncioBridge
final class Box { var n = 0 }
let r = try Asyncio.run {
  let box = Box()
  let a = Asyncio.createTask(name: "a") {
    try await Asyncio.sleep(.milliseconds(10)); box.n += 1; return "A"
  }
  let b = Asyncio.createTask {
    box.n += 1; return 2
  }
  let (x, y) = try await Asyncio.gather(a, b).value
  let (done, pending) = try await Asyncio.wait([a], timeout: .seconds(1), returnWhen: .firstCompleted)
  let v = try await Asyncio.waitFor(a, timeout: .seconds(1))
  let s = try await Asyncio.shield(a).value
  for try await finished in Asyncio.asCompleted([a]) { print(try finished.result()) }
  async let q: Void = Asyncio.sleep(.milliseconds(20))
  try await q
  try await Task.sleep(for: .milliseconds(5))
  print(Asyncio.currentTask() as Any)
  return "\(x) \(y) \(v) \(s) \(done.count) \(pending.count) \(box.n)"
}
print(r)
func f() throws {
  let l = Asyncio.EventLoop(clock: .virtual)
  print(
    try l.runUntilComplete {
      try await Asyncio.sleep(.seconds(1000)); return l.time
    }
  )
  do {
    try l.runUntilComplete {
      let f = l.createFuture(of: Int.self); _ = try await f.value
    }
  } catch { print(error) }
  try l.close()

}
try f()
