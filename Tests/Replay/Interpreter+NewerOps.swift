import AsyncioBridge

// The ops of what asyncio gained after 3.8.

extension Interpreter {
  func runTimeout(
    _ name: String,
    _ deadline: Scenario.Deadline,
    _ ops: [Scenario.Op],
    handling handled: (any Error)?
  ) async throws -> Value? {
    var isExpired: () -> Value = { .null }
    func enter(_ timeout: Asyncio.Timeout) async throws -> Value? {
      isExpired = { .bool(timeout.isExpired) }
      timeouts[name] = timeout
      log("enter \(name) when=\(timeout.whenText)")
      return try await run(ops, handling: handled)
    }
    do {
      let value =
        switch deadline {
        case .after(let delay): try await Asyncio.timeout(delay.map { .milliseconds($0) }, enter)
        case .at(let time): try await Asyncio.timeoutAt(time.map { .init(offset: .milliseconds($0)) }, enter)
        }
      log("leave \(name) expired=\(isExpired())")
      return value
    } catch {
      log("leave \(name) ! \(errorName(error)) expired=\(isExpired())")
      throw error
    }
  }

  func runGroup(_ name: String, _ ops: [Scenario.Op], handling handled: (any Error)?) async throws -> Value? {
    do {
      let value = try await Asyncio.withTaskGroup { group in
        groups[name] = group
        log("enter \(name)")
        return try await run(ops, handling: handled)
      }
      log("leave \(name)")
      return value
    } catch {
      log("leave \(name) ! \(errorName(error))")
      throw error
    }
  }

  func runCompleted(
    _ names: [String],
    _ timeout: Int?,
    _ first: [Scenario.Op],
    handling handled: (any Error)?
  ) async throws {
    var seen = Set<String>()
    var futures = names.filter { seen.insert($0).inserted }.compactMap { name in slots[name].map { (name, $0) } }
    // Of the futures that are done already only the first is kept: the order of several is undefined in Python.
    let firstDone = futures.first { $0.1.isDone }?.1
    futures.removeAll { $0.1.isDone && $0.1 !== firstDone }

    let completed = try Asyncio.asCompleted(starting: futures.map(\.1), timeout: timeout.map { .milliseconds($0) })
    completions.append(completed)
    _ = try await run(first, handling: handled)
    do {
      for try await future in completed {
        let name = futures.first { $0.1 === future }?.0 ?? "?"
        log("completed \(name) \(future.stateText)")
      }
    } catch {
      log("completed ! \(errorName(error))")
      throw error
    }
    log("completed all")
  }
}

extension Asyncio.Timeout {
  /// The deadline in milliseconds, as traces show it.
  var whenText: String {
    guard let when else { return "None" }
    return "\(Int(when.offset / .milliseconds(1)))"
  }
}
