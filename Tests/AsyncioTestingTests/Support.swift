import AsyncioBridge
import AsyncioTesting
import Foundation
import Testing

/// The failure that an exploration finds.
func foundFailure(
  _ exploration: Asyncio.Exploration = Asyncio.Exploration(time: nil),
  replaying schedule: String? = nil,
  sourceLocation: SourceLocation = #_sourceLocation,
  _ body: @escaping @Sendable () async throws -> Void
) async throws -> Asyncio.ScheduleFailure {
  let failure = await #expect(throws: Asyncio.ScheduleFailure.self, sourceLocation: sourceLocation) {
    try await Asyncio.explore(exploration, replaying: schedule, body)
  }
  return try #require(failure, sourceLocation: sourceLocation)
}

/// A value that threads share. Not by a `Mutex` of Swift's, which the Thread Sanitizer does not see.
final class Shared<Value>: @unchecked Sendable {
  private let lock = NSLock()
  private var value: Value

  init(_ value: Value) { self.value = value }

  var current: Value { withLock { $0 } }
  func withLock<Result>(_ body: (inout Value) -> Result) -> Result { lock.withLock { body(&value) } }
  func append<Element>(_ element: Element) where Value == [Element] { withLock { $0.append(element) } }
}
