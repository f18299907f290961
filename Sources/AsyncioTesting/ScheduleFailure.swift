public import AsyncioBridge
import Foundation

extension Asyncio {
  /// A body fails under a schedule.
  public struct ScheduleFailure: Error, Sendable, CustomStringConvertible {
    /// The schedule as text, for a replay: ``explore(_:replaying:failures:_:)``, or the environment's
    /// `ASYNCIO_SCHEDULE`.
    public let schedule: String
    /// What went wrong.
    public let failure: String
    /// How many schedules had been tried when it was found, itself included; 0 for a replay.
    public let schedules: Int
    /// How it was found.
    let circumstances: String
    let interleaving: Interleaving
    /// Where the page is.
    private(set) var pageNote: String?

    /// Who ran when, for the terminal: a column for each task, a line for each step.
    public var table: String { "\(ScheduleTable(interleaving: interleaving))" }

    /// Who ran when, as a page of HTML: what ``table`` has, with who else could have run, and what made each step
    /// ready.
    public var page: String { page(of: "A schedule") }

    /// All of it, but for the page.
    public var description: String {
      "fails under schedule \(schedule) (\(circumstances))\n\(failure)\n\(table)" + (pageNote.map { "\n" + $0 } ?? "")
    }

    private func page(of test: String) -> String {
      "\(SchedulePage(title: "\(test): \(schedule)", failure: failure, interleaving: interleaving))"
    }

    /// Writes the page into a folder, which is made if need be, and notes where it is, or why it isn't.
    mutating func writePage(of test: String?, in folder: String) {
      let name = [test, schedule].compactMap(\.self).joined(separator: "-").map { character in
        character.isASCII && (character.isLetter || character.isNumber || character == "-") ? character : "_"
      }
      let file = URL(fileURLWithPath: folder).appendingPathComponent(String(name) + ".html")
      do {
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(page(of: test ?? "A schedule").utf8).write(to: file)
        pageNote = "as a page: \(file.path)"
      } catch {
        pageNote = "no page could be written to \(file.path): \(error)"
      }
    }
  }

  /// A schedule can't be replayed.
  public struct ReplayError: Error, Sendable, CustomStringConvertible {
    /// Why, and what to do.
    public let description: String
  }
}
