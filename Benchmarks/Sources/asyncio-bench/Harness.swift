#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif
import AsyncioBridge

/// A workload: how many operations a run has by default, and a function that runs `n` and returns what one costs.
struct Workload: Sendable {
  let name: String
  let n: Int
  /// Nanoseconds (for `mem`: bytes) per operation.
  let measure: @Sendable (Int) throws -> Double
}

/// Whether the loops keep the Swift tasks that run bodies: the option `--kept-hosts`.
let reusesHosts = CommandLine.arguments.contains("--kept-hosts")

func seconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// A body that has only itself to run, as small as they come.
func noop() async -> Int { 1 }

/// Measures `body` as the main task of a new loop.
func onLoop(
  _ name: String,
  _ n: Int,
  clock: Asyncio.LoopClock.Kind = .monotonic,
  _ body: @escaping @Sendable (EventLoop, Int) async throws -> Void
) -> Workload {
  Workload(name: name, n: n) { n in
    let loop = EventLoop(clock: clock, reusesHosts: reusesHosts)
    defer { try? loop.close() }
    let duration = try loop.runUntilComplete {
      let start = seconds()
      try await body(loop, n)
      return seconds() - start
    }
    return duration / Double(n) * 1e9
  }
}

typealias EventLoop = Asyncio.EventLoop
