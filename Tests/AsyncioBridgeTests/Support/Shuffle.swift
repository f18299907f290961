import Foundation
import Testing

/// `ASYNCIOBRIDGE_TEST_SHUFFLE=7 swift test`: the loops of tests run what is ready in an order that the number decides,
/// as far as asyncio leaves it open. A test that is about such an order has the trait ``pinsOrder``.
enum Shuffle {
  private static let seed = ProcessInfo.processInfo.environment["ASYNCIOBRIDGE_TEST_SHUFFLE"].flatMap(UInt64.init)
  @TaskLocal static var isOff = false

  /// For a loop of the current test.
  static var current: EntryShuffle? { isOff ? nil : seed.map(EntryShuffle.init) }
}

/// The test, or each of the suite, is about the order in which things run: its loops don't shuffle.
struct PinsOrder: TestTrait, SuiteTrait, TestScoping {
  var isRecursive: Bool { true }

  @concurrent func provideScope(
    for test: Test,
    testCase: Test.Case?,
    performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    try await Shuffle.$isOff.withValue(true) { try await function() }
  }
}

extension Trait where Self == PinsOrder {
  static var pinsOrder: Self { Self() }
}
