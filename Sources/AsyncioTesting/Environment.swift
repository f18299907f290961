import AsyncioBridge

/// What the environment says about explorations.
enum Environment {
  /// `ASYNCIO_SCHEDULE='withdrawals()=x1-4d-3fa2'`, of the test that is called so, `BankTests/withdrawals()=…`, of that
  /// suite's, or `x1-4d-3fa2`, of all.
  static func schedule(of test: [String]? = nil) -> String? {
    environmentVariable("ASYNCIO_SCHEDULE").flatMap { schedule(in: $0, of: test) }
  }

  static func schedule(in value: String, of test: [String]?) -> String? {
    guard let equals = value.lastIndex(of: "=") else { return value }
    let named = value[..<equals].split(separator: "/")
    guard let test, test.suffix(named.count).elementsEqual(named, by: ==) else { return nil }
    return String(value[value.index(after: equals)...])
  }

  /// `ASYNCIO_SCHEDULES=50000`: how many schedules each exploration tries, however long that takes.
  static var schedules: Int? { environmentVariable("ASYNCIO_SCHEDULES").flatMap { Int($0) } }

  /// `ASYNCIO_SEED=7`: where random numbers begin.
  static var seed: UInt64? { environmentVariable("ASYNCIO_SEED").flatMap { UInt64($0) } }

  /// `ASYNCIO_SCHEDULE_PAGES=build/schedules`: a folder for a page of HTML of each schedule that fails.
  static var pages: String? { environmentVariable("ASYNCIO_SCHEDULE_PAGES") }

  /// `ASYNCIO_EXPLORE=0`: first in, first out only.
  static var explores: Bool { environmentVariable("ASYNCIO_EXPLORE") != "0" }

  /// Whether fewer schedules are tried than an exploration asks for.
  static func triesFewer(than exploration: Asyncio.Exploration) -> Bool {
    !explores || schedules.map { $0 < exploration.schedules } == true
  }
}

extension Asyncio.Exploration {
  func adjustedByEnvironment() -> Self {
    var adjusted = self
    if let schedules = Environment.schedules {
      adjusted.schedules = schedules
      adjusted.time = nil
    }
    if let seed = Environment.seed { adjusted.seed = seed }
    if let pages = Environment.pages { adjusted.pages = pages }
    if !Environment.explores { adjusted.search = .fifo }
    return adjusted
  }
}
