import AsyncioBridge

/// Eight workers crawl a site. The queue holds what is to be fetched; `join` returns when nothing is left to do.
func crawl() throws {
  try Asyncio.run(clock: .virtual) {
    let loop = Asyncio.EventLoop.running()!
    let site = Site()
    let queue = Asyncio.Queue<Int>()
    var seen: Set<Int> = [1]
    var missing: [Int] = []

    let workers = (1...8).map { number in
      Asyncio.createTask(name: "worker \(number)") {
        while true {
          let page = try await queue.get()
          do {
            for link in try await site.links(of: page) where seen.insert(link).inserted { try queue.putNowait(link) }
          } catch let error as NotFound {
            missing.append(error.page)
          }
          try queue.taskDone()
        }
      }
    }

    try queue.putNowait(1)
    try await queue.join()
    for worker in workers { worker.cancel() }
    let ends = try await Asyncio.gather(returningErrors: workers).value

    print("\(seen.count) pages, of which \(missing) are missing")
    print("took \(loop.time), one after the other it would have taken \(site.totalDelay)")
    print("at most \(site.mostAtOnce) fetches at once, \(ends.count) workers ended")
  }
}

private struct NotFound: Error { let page: Int }

/// A site of 60 pages, in place of the network: each links to a few others, and takes a while.
private final class Site {
  private(set) var totalDelay: Duration = .zero
  private(set) var mostAtOnce = 0
  private var atOnce = 0

  func links(of page: Int) async throws -> [Int] {
    let delay = Duration.milliseconds(50 + page * 37 % 100)
    totalDelay += delay
    atOnce += 1
    mostAtOnce = max(mostAtOnce, atOnce)
    defer { atOnce -= 1 }
    try await Asyncio.sleep(delay)
    if page % 29 == 0 { throw NotFound(page: page) }
    return [page * 2, page * 2 + 1, page / 2 + 1].filter { $0 <= 60 }
  }
}
