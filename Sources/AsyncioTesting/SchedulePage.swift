import AsyncioBridge

/// Who ran when, as a page of HTML that needs nothing else: a column for each task, a line for each step, with the
/// steps that depart from first in, first out, who else could have run, and what made a step ready.
struct SchedulePage: CustomStringConvertible {
  let title: String
  let failure: String
  let interleaving: Interleaving

  var description: String {
    let columns = Set(interleaving.steps.map(\.entity)).sorted()
    let headings = columns.map { "<th>\(Self.escaped(interleaving.name(of: $0)))</th>" }.joined()
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <title>\(Self.escaped(title))</title>
      <style>
      body { font: 14px/1.4 system-ui, sans-serif; margin: 2em; color-scheme: light dark; }
      table { border-collapse: collapse; }
      th { position: sticky; top: 0; background: Canvas; text-align: left; }
      th, td { padding: 2px 12px; border-bottom: 1px solid color-mix(in srgb, CanvasText 15%, Canvas); }
      td.step { color: GrayText; text-align: right; }
      td.runs { background: color-mix(in srgb, SteelBlue 35%, Canvas); }
      tr.deviation td.runs { background: color-mix(in srgb, OrangeRed 55%, Canvas); font-weight: bold; }
      tr:target td { outline: 2px solid SteelBlue; }
      td.why { color: GrayText; }
      </style>
      </head>
      <body>
      <h1>\(Self.escaped(title))</h1>
      <pre>\(Self.escaped(failure))</pre>
      <table>
      <tr><th>step</th>\(headings)<th>why it could run, and who else</th></tr>
      \(interleaving.steps.indices.map { row($0, columns) }.joined(separator: "\n"))
      </table>
      </body>
      </html>

      """
  }

  private func row(_ number: Int, _ columns: [Int]) -> String {
    let step = interleaving.steps[number]
    let cells = columns.map { $0 == step.entity ? "<td class=\"runs\">\(Self.escaped(step.what))</td>" : "<td></td>" }
    return """
      <tr id="s\(number)"\(step.departure == nil ? "" : " class=\"deviation\"")>\
      <td class="step">\(number)</td>\(cells.joined())<td class="why">\(why(step))</td></tr>
      """
  }

  private func why(_ step: Schedule.Step) -> String {
    var parts = interleaving.departure(of: step).map { [Self.escaped($0)] } ?? []
    if let cause = step.cause { parts.append("ready since <a href=\"#s\(cause)\">step \(cause)</a>") }
    if !step.others.isEmpty {
      parts.append("or " + step.others.map { Self.escaped(interleaving.name(of: $0)) }.joined(separator: ", "))
    }
    return parts.joined(separator: "; ")
  }

  private static func escaped(_ text: String) -> String {
    var escaped = ""
    for character in text {
      switch character {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      default: escaped.append(character)
      }
    }
    return escaped
  }
}
