import Foundation

/// The programs that come with AsyncioBridge, a subcommand each: `swift run Examples NAME`. Without a name, a tour.
@main
struct Program {
  static func main() throws {
    guard let name = CommandLine.arguments.dropFirst().first else { return try tour() }
    if ["help", "--help", "-h"].contains(name) { return print(help) }
    guard let demonstration = demonstrations.first(where: { $0.name == name }) else {
      FileHandle.standardError.write(Data("Examples: there is no program '\(name)'\n\n\(help)\n".utf8))
      exit(2)
    }
    try demonstration.run()
  }

  private static var help: String {
    let width = demonstrations.map(\.name.count).max() ?? 0
    let list = demonstrations.map {
      "  \($0.name.padding(toLength: width, withPad: " ", startingAt: 0))  \($0.summary)"
    }
    return """
      usage: Examples [PROGRAM]

      Without a program: a tour of all of them.

      \(list.joined(separator: "\n"))
      """
  }
}
