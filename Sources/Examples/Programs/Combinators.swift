import AsyncioBridge

/// Each of asyncio's combinators once, on work that takes its time.
func combinators() throws {
  try Asyncio.run(clock: .virtual) {
    let loop = Asyncio.EventLoop.running()!

    // sleep gives way to other tasks, and can hand on a value.
    let word = try await Asyncio.sleep(.seconds(1), result: "rested")
    print("sleep: \(word) at \(loop.time)")

    // gather waits for all, and keeps each result's type.
    let (primes, longest) = try await Asyncio.gather(
      Asyncio.createTask { try await countPrimes(below: 10_000) },
      Asyncio.Coroutine { longestWord(in: "first come the ones that are already done") }
    ).value
    print("gather: \(primes) primes, '\(longest)'")

    // gather can also return errors as results.
    let outcomes = try await Asyncio.gather(returningErrors: [6, 0].map { task(dividing: 42, by: $0) }).value
    for outcome in outcomes {
      switch outcome {
      case .success(let value): print("gather(returningErrors:): \(value)")
      case .failure(let error): print("gather(returningErrors:): \(error)")
      }
    }

    // wait tells what is done, and leaves the rest running.
    let runners = [3, 1, 2].map(runner)
    let (done, pending) = try await Asyncio.wait(runners, returnWhen: .firstCompleted)
    print("wait: \(done.map(\.name)) is done, \(pending.count) still run")

    // waitFor limits a wait, and cancels what is too slow.
    do {
      try await Asyncio.waitFor(timeout: .seconds(5)) { try await Asyncio.sleep(.seconds(60)) }
    } catch is Asyncio.TimeoutError {
      print("waitFor: gave up at \(loop.time)")
    }

    // asCompleted delivers results in the order in which they come.
    var order: [Int] = []
    for try await runner in Asyncio.asCompleted([3, 1, 2].map(runner)) { order.append(try runner.result()) }
    print("asCompleted: \(order)")

    // shield lets a wait be cancelled without the work.
    let work = runner(2)
    let waiting = Asyncio.shield(work)
    waiting.cancel()
    print("shield: the wait was cancelled (\(waiting.isCancelled)), the work came to \(try await work.value)")

    // ensureFuture takes a future as it is, and makes a task of a body.
    let future = loop.createFuture(of: Int.self)
    try loop.callLater(.seconds(1)) { try future.setResult(7) }
    let same = try Asyncio.ensureFuture(future)
    let body = try Asyncio.ensureFuture(Asyncio.Coroutine { 8 })
    print("ensureFuture: \(same === future), \(try await same.value), \(try await body.value)")

    // runCoroutineThreadsafe is for other threads: here one of the loop's own pool asks the loop.
    let handle = loop.threadsafe
    let answer = try loop.runInExecutor {
      try handle.runCoroutineThreadsafe { try await countPrimes(below: 100) }.result(timeout: .seconds(10))
    }
    print("runCoroutineThreadsafe: \(try await answer.value) primes")
  }
}

/// Counts in slices, so that other tasks get their turns.
private func countPrimes(below limit: Int) async throws -> Int {
  var count = 0
  for number in 2..<limit {
    if number % 1000 == 0 { try await Asyncio.sleep(.zero) }
    if !(2...).prefix(while: { $0 * $0 <= number }).contains(where: { number % $0 == 0 }) { count += 1 }
  }
  return count
}

private func longestWord(in text: String) -> String {
  text.split(separator: " ").map(String.init).max { $0.count < $1.count } ?? ""
}

private func task(dividing a: Int, by b: Int) -> Asyncio.Task<Int> {
  Asyncio.createTask {
    if b == 0 { throw Asyncio.ValueError("division by zero") }
    return a / b
  }
}

/// A task that returns how many seconds it took.
private func runner(_ seconds: Int) -> Asyncio.Task<Int> {
  Asyncio.createTask(name: "runner \(seconds)") { try await Asyncio.sleep(.seconds(seconds), result: seconds) }
}
