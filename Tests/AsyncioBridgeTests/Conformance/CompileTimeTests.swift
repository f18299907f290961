import Foundation
import Testing

/// What the compiler makes of programs that use the library: those in `Tests/CompileTime`, under the settings that a
/// client may have. Each line with a comment `// error: TEXT` must be an error that says so, and nothing else may be.
@Suite(.enabled(if: Compiler.path != nil, "there is no Swift compiler"))
struct CompileTimeTests {
  /// Settings of a client.
  enum Settings: String, CaseIterable, Sendable {
    case plain = ""
    case nonisolatedNonsending = "NonisolatedNonsendingByDefault"
    case mainActorByDefault = "MainActor"
    case both = "NonisolatedNonsendingByDefault, MainActor"

    var isMainActorDefault: Bool { self == .mainActorByDefault || self == .both }

    var arguments: [String] {
      let nonsending = ["-enable-upcoming-feature", "NonisolatedNonsendingByDefault"]
      let mainActor = ["-default-isolation", "MainActor"]
      return switch self {
      case .plain: []
      case .nonisolatedNonsending: nonsending
      case .mainActorByDefault: mainActor
      case .both: nonsending + mainActor
      }
    }
  }

  @Test(
    "state that tasks of one loop share compiles, and so does every other legitimate use",
    arguments: Settings.allCases
  )
  func accepted(_ settings: Settings) async throws {
    try await check("Accepted", settings)
  }

  @Test(
    "closures that run elsewhere take nothing of a loop's along, and nothing leaves it",
    arguments: Settings.allCases
  )
  func rejectedByType(_ settings: Settings) async throws {
    try await check("RejectedTypes", settings)
  }

  @Test("the read end of a future can't end it", arguments: Settings.allCases)
  func rejectedByAccess(_ settings: Settings) async throws {
    try await check("RejectedAccess", settings)
  }

  @Test(
    "a module whose default is the main actor says nonisolated before each top-level declaration, and not in main.swift"
  )
  func mainActorModule() async throws {
    let files = ["Inventory", "main"].map { Self.folder.appendingPathComponent("MainActorModule/\($0).swift") }
    let diagnostics = try await onOwnThread { try Compiler.check(files, Settings.both.arguments, asLibrary: false) }
    for diagnostic in diagnostics { Issue.record("line \(diagnostic.line): \(diagnostic.message)") }
  }

  @Test(
    "the example programs compile elsewhere; where the main actor is the default, with nonisolated on what is top-level",
    arguments: [Settings.nonisolatedNonsending, .both]
  )
  func examples(_ settings: Settings) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let programs = Self.folder.deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Sources/Examples/Programs")
    let copies = try FileManager.default.contentsOfDirectory(at: programs, includingPropertiesForKeys: nil).map {
      program in
      let copy = folder.appendingPathComponent(program.lastPathComponent)
      var source = try String(contentsOf: program, encoding: .utf8)
      if settings.isMainActorDefault {
        let declaration = #/^(?=(?:private )?(?:final )?(?:func|struct|class|enum|extension) )/#
          .anchorsMatchLineEndings()
        source.replace(declaration, with: "nonisolated ")
      }
      try source.write(to: copy, atomically: true, encoding: .utf8)
      return copy
    }
    #expect(copies.count > 10)
    let diagnostics = try await onOwnThread { try Compiler.check(copies, settings.arguments) }
    for diagnostic in diagnostics { Issue.record("line \(diagnostic.line): \(diagnostic.message)") }
  }

  @Test("no two threads get at the same state of a loop", arguments: Settings.allCases)
  func rejectedByFlow(_ settings: Settings) async throws {
    try await check("RejectedFlows", settings)
  }

  @Test("a new user's first file, main.swift, compiles with and without await", arguments: Settings.allCases)
  func topLevel(_ settings: Settings) async throws {
    let file = Self.folder.appendingPathComponent("TopLevel/main.swift")
    let diagnostics = try await onOwnThread { try Compiler.check([file], settings.arguments, asLibrary: false) }
    for diagnostic in diagnostics where diagnostic.isError {
      Issue.record("line \(diagnostic.line): \(diagnostic.message)")
    }
    let warnings = diagnostics.filter { !$0.isError }.map(\.message)
    #expect(warnings == ["no 'async' operations occur within 'await' expression"])
  }

  @Test("a body that would belong to the actor that waits for it does not compile", arguments: Settings.allCases)
  func blockingAnActor(_ settings: Settings) async throws {
    let file = Self.folder.appendingPathComponent("RejectedCallers.swift")
    // In the expansion of a macro, and so on no line of the file.
    let messages = try await onOwnThread { try Compiler.check([file], settings.arguments).map(\.message) }
    #expect(messages.count == 2)
    for actor in ["MainActor", "Server"] {
      let text = "cannot convert value of type '\(actor)' to expected argument type 'Asyncio.NonisolatedCaller'"
      #expect(messages.contains(text), "\(messages)")
    }
  }

  /// Where the programs are.
  private static let folder = (0..<3).reduce(URL(fileURLWithPath: #filePath)) { folder, _ in
    folder.deletingLastPathComponent()
  }.appendingPathComponent("CompileTime")

  private func check(_ name: String, _ settings: Settings) async throws {
    let file = Self.folder.appendingPathComponent("\(name).swift")
    let expected = try Self.expectations(in: String(contentsOf: file, encoding: .utf8), settings)
    #expect(expected.isEmpty == (name == "Accepted"))

    let diagnostics = try await onOwnThread { try Compiler.check([file], settings.arguments) }
    for (line, text) in expected {
      let messages = diagnostics.filter { $0.line == line && $0.isError }.map(\.message)
      #expect(messages.contains { $0.contains(text) }, "line \(line) is no such error: \(messages)")
    }
    for diagnostic in diagnostics where expected[diagnostic.line] == nil {
      Issue.record("line \(diagnostic.line): \(diagnostic.message)")
    }
  }

  /// The lines that are errors, with what those say.
  private static func expectations(in source: String, _ settings: Settings) -> [Int: String] {
    var expectations: [Int: String] = [:]
    for (index, line) in source.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      guard let comment = line.range(of: "// error"),
        let colon = line.range(of: ": ", range: comment.upperBound..<line.endIndex)
      else { continue }
      let exception = line[comment.upperBound..<colon.lowerBound].replacingOccurrences(of: " unless ", with: "")
      if !exception.isEmpty, settings.rawValue.contains(exception) { continue }
      expectations[index + 1] = String(line[colon.upperBound...])
    }
    return expectations
  }
}

/// The compiler that has built these tests, or the one that the shell would find.
private enum Compiler {
  struct Diagnostic {
    let line: Int
    let isError: Bool
    let message: String
  }

  static let path: String? = {
    let toolchain = runtimeLibrary.map { library in
      // …/usr/lib/swift/linux/libswiftCore.so belongs to …/usr/bin/swiftc.
      var folder = URL(fileURLWithPath: library)
      for _ in 0..<4 { folder.deleteLastPathComponent() }
      return folder.appendingPathComponent("bin").path
    }
    let folders = [toolchain].compactMap { $0 } + (searchPath?.split(separator: ":").map(String.init) ?? [])
    return folders.map { $0 + "/swiftc" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }()

  private static var searchPath: String? { ProcessInfo.processInfo.environment["PATH"] }

  /// The file of Swift's own library, where the system shows what a process has loaded.
  private static var runtimeLibrary: String? {
    let maps = try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8)
    let line = maps?.split(separator: "\n").first { $0.hasSuffix("/libswiftCore.so") }
    return line?.firstIndex(of: "/").flatMap { start in line.map { String($0[start...]) } }
  }

  /// Compiles a module against the library that was built beside these tests, as far as errors go.
  static func check(_ files: [URL], _ settings: [String], asLibrary: Bool = true) throws -> [Diagnostic] {
    let modules = Bundle.module.bundleURL.deletingLastPathComponent().appendingPathComponent("Modules")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(path))
    process.arguments =
      ["-swift-version", "6", "-diagnostic-style", "llvm", "-wmo", "-emit-sil", "-o", "/dev/null"]
      + (asLibrary ? ["-parse-as-library"] : [])
      + ["-I", modules.path] + settings + files.map(\.path)
    let output = Pipe()
    process.standardError = output
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()

    let diagnostics = text.split(separator: "\n").compactMap { line -> Diagnostic? in
      // PATH:LINE:COLUMN: KIND: MESSAGE
      let parts = line.split(separator: ": ", maxSplits: 2)
      guard parts.count == 3, ["error", "warning"].contains(parts[1]) else { return nil }
      let place = parts[0].split(separator: ":")
      guard place.count >= 3, let number = Int(place[place.count - 2]) else { return nil }
      return Diagnostic(line: number, isError: parts[1] == "error", message: String(parts[2]))
    }
    // What is not about a line of a file, as a library that is not found, must not look like a program that is fine.
    if diagnostics.isEmpty, process.terminationStatus != 0 { throw CompilerFailure(output: text) }
    return diagnostics
  }
}

private struct CompilerFailure: Error {
  let output: String
}
