import AsyncioBridge

/// Who ran when, as a table: a column for each task, a line for each step, `*` where the schedule departs from first
/// in, first out, with who would have run.
struct ScheduleTable: CustomStringConvertible {
  let interleaving: Interleaving

  /// How many steps are shown; of longer runs, the last.
  private static let length = 100
  private static let width = 18

  var description: String {
    let steps = interleaving.steps
    let shown = steps.suffix(Self.length)
    let columns = Set(shown.map(\.entity)).sorted()
    var lines = ["  step " + columns.map { Self.cell(interleaving.name(of: $0)) }.joined(separator: " ")]
    if shown.count < steps.count { lines.append("     …") }
    for (number, step) in zip(shown.indices, shown) {
      let departure = interleaving.departure(of: step)
      let mark = departure == nil ? " " : "*"
      let cells = columns.map { Self.cell($0 == step.entity ? step.what : "") }.joined(separator: " ")
      lines.append(Self.rightAligned("\(number)", 6) + mark + cells + (departure.map { "  " + $0 } ?? ""))
    }
    return lines.map(Self.trimmed).joined(separator: "\n")
  }

  private static func cell(_ text: String) -> String {
    text.count > width ? text.prefix(width - 1) + "…" : text + String(repeating: " ", count: width - text.count)
  }

  private static func rightAligned(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(width - text.count, 0)) + text
  }

  private static func trimmed(_ line: String) -> String {
    var line = line[...]
    while line.last == " " { line.removeLast() }
    return String(line)
  }
}
