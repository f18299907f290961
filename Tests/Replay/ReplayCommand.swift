import AsyncioBridge
import Foundation

/// Reads scenarios, one a line, and writes their traces, one a line:
/// `swift run -c release Replay [--semantics VERSION] [--kept-hosts] [--explored] [FILE...]`.
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

  struct UnknownVersion: Error, CustomStringConvertible {
    let name: String?
    var description: String { "--semantics: expected 3.8 or 3.13, not '\(name ?? "")'" }
  }

  static func main() { exit(run(Array(CommandLine.arguments.dropFirst()))) }

  /// - Parameter arguments: the files to read; `-`, or none: standard input. Before them, `--semantics` tells which
  ///   Python the loops follow, 3.8 (the default) or 3.13; `--kept-hosts` has them keep the Swift tasks that run the
  ///   bodies, and with `--explored` a schedule chooses what runs next, which must make no difference.
  /// - Returns: the exit status.
  private static func run(_ arguments: [String]) -> Int32 {
    let output = FileHandle.standardOutput
    var files = arguments[...]
    var settings = LoopSettings()
    var pending = ""
    do {
      defer { try? output.write(contentsOf: Data(pending.utf8)) }
      options: while let option = files.first {
        switch option {
        case "--semantics":
          settings.semantics = try version(files.dropFirst().first)
          files = files.dropFirst(2)
        case "--kept-hosts":
          settings.reusesHosts = true
          files = files.dropFirst()
        case "--explored":
          settings.isExplored = true
          files = files.dropFirst()
        default: break options
        }
      }
      for file in files.isEmpty ? ["-"] : files {
        let source = file == "-" ? "standard input" : file
        try replay(try read(file), from: source, settings) { trace in
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

  private static func version(_ name: String?) throws -> Asyncio.Semantics {
    let versions: [Asyncio.Semantics] = [.python3_8, .python3_13]
    guard let version = versions.first(where: { $0.description == name }) else { throw UnknownVersion(name: name) }
    return version
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
    _ settings: LoopSettings = LoopSettings(),
    write: (Trace) throws -> Void
  ) throws {
    let decoder = JSONDecoder()
    for (index, line) in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
      if line.allSatisfy({ $0 <= UInt8(ascii: " ") }) { continue }
      let trace: Trace
      do {
        let scenario = try decoder.decode(Scenario.self, from: Data(line))
        trace = try Interpreter.trace(of: scenario, settings)
      } catch {
        throw Failure(source: source, line: index + 1, reason: error)
      }
      try write(trace)
    }
  }
}
