import AsyncioBridge
import AsyncioTesting
import XCTest

/// Explorations in tests of XCTest: in the blocking form, and in an async test.
final class ExploreXCTests: XCTestCase {
  func testWhatIsRightIsSilent() throws {
    let result = try Asyncio.explore(
      Asyncio.Exploration(schedules: 100, time: nil),
      failures: { self.testRun?.failureCount ?? 0 }
    ) {
      let cell = Cell()
      async let write: Void = cell.set(1)
      await write
      let value = await cell.value
      XCTAssertEqual(value, 1)
    }
    XCTAssertEqual(result.schedules, 100)
  }

  func testWhatTheFrameworkCountsIsAFailure() throws {
    // In the place of the count that an assertion would raise.
    let count = Shared(0)
    XCTAssertThrowsError(
      try Asyncio.explore(Asyncio.Exploration(schedules: 100, time: nil), failures: { count.current }) {
        if await raced() { count.withLock { $0 += 1 } }
      }
    ) { error in
      let failure = error as? Asyncio.ScheduleFailure
      XCTAssertEqual(failure?.failure, "1 failures were recorded")
    }
  }

  func testInAnAsyncTest() async throws {
    do {
      try await Asyncio.explore { if await raced() { throw CancellationError() } }
      XCTFail("nothing was found")
    } catch let failure as Asyncio.ScheduleFailure {
      XCTAssertTrue(failure.schedule.hasPrefix("x1-"))
    }
    let passed = try await Asyncio.withVirtualTime {
      let start = ContinuousClock.now
      try await Task.sleep(for: .seconds(60))
      return ContinuousClock.now - start
    }
    XCTAssertEqual(passed, .seconds(60))
  }
}

/// Whether the second of two tasks came first.
@Sendable private func raced() async -> Bool {
  let cell = Cell()
  async let first: Void = cell.set(1)
  async let second: Void = cell.set(2)
  _ = await (first, second)
  return await cell.value == 1
}
