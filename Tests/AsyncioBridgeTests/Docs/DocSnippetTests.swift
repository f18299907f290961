import Foundation
import Testing

@testable import AsyncioBridge

/// The code in the guides and the catalogue's articles, one test each: it compiles, and prints what they say.
@Suite struct DocSnippetTests {
  @Test("every block of Swift code in the guides and articles is in these tests, letter by letter")
  func snippetsAreTested() throws {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let package = (0..<3).reduce(tests) { folder, _ in folder.deletingLastPathComponent() }
    let files = FileManager.default
    func sources(in folder: URL, where isWanted: (String) -> Bool) throws -> [(name: String, text: String)] {
      try files.contentsOfDirectory(atPath: folder.path).filter(isWanted).sorted().map {
        ($0, try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8))
      }
    }
    var guides = try sources(in: package.appendingPathComponent("Docs")) { $0.hasSuffix(".md") }
    guides += try sources(in: package) { $0 == "README.md" }
    let catalogue = package.appendingPathComponent("Sources/AsyncioBridge/AsyncioBridge.docc")
    guides += try sources(in: catalogue.appendingPathComponent("Articles")) { $0.hasSuffix(".md") }
    var code = try sources(in: tests) { $0.hasPrefix("DocSnippetTests") }
    for folder in [
      "Sources/Examples/Programs", "Tests/Clients/Explored/Sources/Bank", "Tests/Clients/Explored/Tests/BankTests",
    ] {
      code += try sources(in: package.appendingPathComponent(folder)) { $0.hasSuffix(".swift") }
    }
    let known = code.map { Self.withoutIndentation($0.text) }

    var count = 0
    for (name, text) in guides {
      for block in text.components(separatedBy: "```swift\n").dropFirst() {
        let snippet = String(block.prefix(upTo: try #require(block.range(of: "```")).lowerBound))
        count += 1
        #expect(known.contains { $0.contains(Self.withoutIndentation(snippet)) }, "\(name): \(snippet)")
      }
    }
    #expect(count > 20)
  }

  private static func withoutIndentation(_ text: String) -> String {
    text.split(separator: "\n").map { $0.drop { $0 == " " } }.joined(separator: "\n") + "\n"
  }

  /// What a snippet prints.
  final class Printed: Sendable {
    private let text = Locked<[String]>([])
    var lines: [String] { text.withLock { $0 } }
    func add(_ items: [Any]) {
      let line = items.map { "\($0)" }.joined(separator: " ")
      text.withLock { $0.append(line) }
    }
  }
}
