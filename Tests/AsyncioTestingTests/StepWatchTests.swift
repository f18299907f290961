import AsyncioBridge
import Foundation
import Testing

@testable import AsyncioTesting

@Suite struct StepWatchTests {
  @Test("a step that blocks its thread is told of once, and by the number of its task")
  func blocked() async throws {
    let reports = try await onOwnThread {
      let (reported, texts) = (DispatchSemaphore(value: 0), Texts())
      let watch = StepWatch(limit: .milliseconds(20)) { text in
        texts.append(text)
        reported.signal()
      }
      var search = ScheduleSearch(
        Asyncio.Exploration(search: .fifo, time: nil),
        progress: watch.progress,
        issues: { [] }
      ) {
        // Until the watch has told of it.
        Self.block(reported)
      }
      watch.watch { search.search() }
      #expect(search.failed == nil)
      return texts.all
    }
    #expect(reports.count == 1)
    #expect(reports.first?.hasPrefix("task 1 has kept its thread for 0.02 seconds, and no other task can run") == true)
  }

  private static func block(_ semaphore: DispatchSemaphore) { semaphore.wait() }

  @Test("steps that end are not told of, however long the schedules take")
  func progress() {
    let watch = StepWatch(limit: .seconds(3600)) { Issue.record("\($0)") }
    watch.watch {
      #expect(watch.progress.running == nil)
    }
  }
}

private final class Texts: @unchecked Sendable {
  private let lock = NSLock()
  private var texts: [String] = []

  var all: [String] { lock.withLock { texts } }
  func append(_ text: String) { lock.withLock { texts.append(text) } }
}
