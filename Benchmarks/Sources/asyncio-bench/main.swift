#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// `asyncio-bench [--kept-hosts] WORKLOAD [N] [RUNS]`, or `asyncio-bench list`.
func runBenchmark() throws -> Int32 {
  let arguments = CommandLine.arguments.dropFirst(reusesHosts ? 2 : 1)
  guard let name = arguments.first, name != "list" else {
    for workload in workloads { print(workload.name) }
    return 0
  }
  guard let workload = workloads.first(where: { $0.name == name }) else {
    print("unknown workload: \(name)")
    return 2
  }
  let n = arguments.dropFirst().first.flatMap { Int($0) } ?? workload.n
  let runs = workload.name == "mem" ? 1 : arguments.dropFirst(2).first.flatMap { Int($0) } ?? 3
  if workload.name != "mem", runs > 0 { _ = try workload.measure(max(n / 10, 1000)) }
  let results = try (0..<max(runs, 1)).map { _ in try workload.measure(n) }
  print(workload.name, results.map { String(($0 * 10).rounded() / 10) }.joined(separator: " "))
  return 0
}

exit(try runBenchmark())
