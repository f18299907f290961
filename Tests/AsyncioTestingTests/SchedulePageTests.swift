import AsyncioBridge
import AsyncioTesting
import Foundation
import Testing

@Suite struct SchedulePageTests {
  @Test("the page has the schedule, a line for each step, marks, reasons and who else could have run")
  func contents() async throws {
    let found = try await foundFailure { try await tornRead() }
    let page = found.page
    #expect(page.contains("<h1>A schedule: \(found.schedule)</h1>"))
    let rows = page.split(separator: "\n").filter { $0.hasPrefix("<tr id=") }
    let steps = found.table.split(separator: "\n").dropFirst()
    #expect(rows.count == steps.count)
    #expect(rows.count { $0.contains("class=\"deviation\"") } == steps.count { $0.prefix(8).contains("*") })
    #expect(rows.contains { $0.contains("instead of task ") })
    #expect(rows.contains { $0.contains("ready since <a href=\"#s") })
    #expect(rows.contains { $0.contains("or task 2") || $0.contains("or task 3") })
  }

  @Test("what a program calls its tasks can't break the page")
  func escaping() async throws {
    let found = try await foundFailure {
      try await Asyncio.createTask(name: "<script>&\"") { throw CancellationError() }.value
    }
    #expect(found.page.contains("'&lt;script&gt;&amp;&quot;'"))
    #expect(!found.page.contains("<script>"))
  }

  @Test("the page is written where the exploration says, under the schedule's name")
  func writing() async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    let found = try await foundFailure(Asyncio.Exploration(pages: folder.path)) { try await tornRead() }
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(names == ["\(found.schedule.replacing(":", with: "_").replacing(",", with: "_")).html"])
    #expect(found.description.hasSuffix("as a page: \(folder.path)/\(names[0])"))
    let nowhere = try await foundFailure(Asyncio.Exploration(pages: "/dev/null/pages")) { try await tornRead() }
    #expect(nowhere.description.contains("no page could be written to /dev/null/pages/"))
  }
}
