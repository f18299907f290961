import AsyncioBridge
import Foundation
import Testing

@testable import AsyncioTesting

@Suite struct StepWatchTests {
  @Test("a step that blocks its thread is told of once, and by the number of its task")
  func blocked() async throws {
    let reports = try await onOwnThread {
      let (reported, texts) = (DispatchSemaphore(value: 0), Shared<[String]>([]))
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
      return texts.current
    }
    #expect(reports.count == 1)
    #expect(reports.first?.hasPrefix("task 1 has kept its thread for 0.02 seconds, and no other task can run") == true)
  }

  private static func block(_ semaphore: DispatchSemaphore) { semaphore.wait() }

  @Test("between steps nothing is watched, however long that takes")
  func progress() async throws {
    let (before, during, after) = try await onOwnThread {
      let watch = StepWatch(limit: .seconds(3600)) { _ in }
      let during = Shared<ScheduleProgress.Step?>(nil)
      let before = watch.progress.running
      var search = ScheduleSearch(
        Asyncio.Exploration(search: .fifo, time: nil),
        progress: watch.progress,
        issues: { [] }
      ) {
        during.withLock { $0 = watch.progress.running }
      }
      search.search()
      return (before, during.current, watch.progress.running)
    }
    #expect(before == nil)
    #expect(during?.entity == 1)
    #expect(after == nil)
  }
}
