import Foundation

/// The programs that come with AsyncioBridge, a subcommand each: `swift run Examples NAME`. Without a name, a tour.
@main
struct Program {
  /// A subcommand.
  struct Command: Sendable {
    let name: String
    /// One line for the list of commands.
    let summary: String
    /// Runs it with the arguments behind its name, and returns the exit status.
    let run: @Sendable ([String]) throws -> Int32
  }

  static let commands =
    demonstrations + [
      Command(name: "replay", summary: "runs scenarios of a file, and writes the trace of each", run: ReplayCommand.run)
    ]

  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst()
    guard let name = arguments.first else { return try tour() }
    if ["help", "--help", "-h"].contains(name) { return print(help) }
    guard let command = commands.first(where: { $0.name == name }) else {
      FileHandle.standardError.write(Data("Examples: there is no command '\(name)'\n\n\(help)\n".utf8))
      exit(2)
    }
    exit(try command.run(Array(arguments.dropFirst())))
  }

  private static var help: String {
    let width = commands.map(\.name.count).max() ?? 0
    let list = commands.map { "  \($0.name.padding(toLength: width, withPad: " ", startingAt: 0))  \($0.summary)" }
    return """
      usage: Examples [COMMAND [ARGUMENT...]]

      Without a command: a tour of the demonstrations.

      \(list.joined(separator: "\n"))
      """
  }
}
