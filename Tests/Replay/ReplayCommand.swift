import Foundation

/// Reads scenarios, one a line, and writes their traces, one a line:
/// `swift run -c release Replay [--kept-hosts] [FILE...]`.
@main
struct ReplayCommand {
  /// Why there is no trace for a line.
  struct Failure: Error, CustomStringConvertible {
    let source: String
    let line: Int
    let reason: any Error

    /// `scenarios.jsonl:12: bodies[1][3].slot: expected a string`.
    var description: String { "\(source):\(line): \((reason as? DecodingError)?.text ?? "\(reason)")" }
  }

  struct UnreadableFile: Error, CustomStringConvertible {
    let path: String
    var description: String { "\(path): cannot be read" }
  }

  static func main() { exit(run(Array(CommandLine.arguments.dropFirst()))) }

  /// - Parameter arguments: the files to read; `-`, or none: standard input. Before them, `--kept-hosts` has the loops keep
  ///   the Swift tasks that run the bodies, which must make no difference.
  /// - Returns: the exit status.
  private static func run(_ arguments: [String]) -> Int32 {
    let output = FileHandle.standardOutput
    let reusesHosts = arguments.first == "--kept-hosts"
    let files = Array(arguments.dropFirst(reusesHosts ? 1 : 0))
    var pending = ""
    do {
      defer { try? output.write(contentsOf: Data(pending.utf8)) }
      for file in files.isEmpty ? ["-"] : files {
        try replay(try read(file), from: file == "-" ? "standard input" : file, reusesHosts: reusesHosts) { trace in
          pending += trace.line
          pending += "\n"
          if pending.utf8.count >= 1 << 16 {
            try output.write(contentsOf: Data(pending.utf8))
            pending = ""
          }
        }
      }
      return 0
    } catch {
      try? FileHandle.standardError.write(contentsOf: Data("replay: \(error)\n".utf8))
      return 1
    }
  }

  private static func read(_ file: String) throws -> [UInt8] {
    if file == "-" { return Array(try FileHandle.standardInput.readToEnd() ?? Data()) }
    guard let text = FileManager.default.contents(atPath: file) else { throw UnreadableFile(path: file) }
    return Array(text)
  }

  /// Runs the scenarios of a text one after the other. Empty lines don't count.
  /// - Throws: ``Failure`` for the first line that holds no scenario; what `write` throws.
  static func replay(
    _ text: [UInt8],
    from source: String,
    reusesHosts: Bool = false,
    write: (Trace) throws -> Void
  ) throws {
    let decoder = JSONDecoder()
    for (index, line) in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
      if line.allSatisfy({ $0 <= UInt8(ascii: " ") }) { continue }
      let trace: Trace
      do {
        let scenario = try decoder.decode(Scenario.self, from: Data(line))
        trace = try Interpreter.trace(of: scenario, reusesHosts: reusesHosts)
      } catch {
        throw Failure(source: source, line: index + 1, reason: error)
      }
      try write(trace)
    }
  }
}
