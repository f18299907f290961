import Foundation

/// The programs that come with AsyncioBridge, a subcommand each: `swift run -c release Examples NAME`.
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

  static let commands: [Command] = []

  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst()
    guard let command = commands.first(where: { $0.name == arguments.first }) else {
      print("usage: Examples COMMAND [ARGUMENT...]\n")
      for command in commands { print("  \(command.name): \(command.summary)") }
      exit(arguments.isEmpty ? 0 : 2)
    }
    exit(try command.run(Array(arguments.dropFirst())))
  }
}
