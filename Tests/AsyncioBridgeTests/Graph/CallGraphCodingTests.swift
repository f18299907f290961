import Foundation
import Testing

@testable import AsyncioBridge

/// Call graphs for another process.
@Suite struct CallGraphCodingTests {
  private func graphOfTwo() throws -> Asyncio.CallGraph {
    try runOnLoop { _ in
      let lock = Asyncio.Lock()
      let holder = Asyncio.createTask(name: "holder") {
        try await lock.withLock { try await Asyncio.sleep(.seconds(60)) }
      }
      Asyncio.createTask(name: "waiter") { try await lock.acquire() }
      try await Asyncio.waitUntilIdle()
      return try #require(Asyncio.captureCallGraph(holder))
    }
  }

  @Test("a graph that was written and read is the same, and so is its text", .pinsOrder)
  func roundTrip() throws {
    let graph = try graphOfTwo()
    let data = try JSONEncoder().encode(graph)
    let copy = try JSONDecoder().decode(Asyncio.CallGraph.self, from: data)
    #expect(copy == graph)
    #expect(copy.hashValue == graph.hashValue)
    #expect(copy.description == graph.description)
    #expect(
      copy.task(named: "holder")?.creationSite?.hasPrefix("AsyncioBridgeTests/CallGraphCodingTests.swift:") == true
    )
    #expect(copy.subject == graph.subject)
    #expect(copy.awaited(by: try #require(copy.task(named: "waiter"))).map(\.kind) == [.lock])
  }

  @Test(
    "a graph that refers to nodes that there are not is refused",
    arguments: [#""awaits":[7]"#, #""awaitedBy":[-1]"#, #""id":1"#, #""subject":1"#]
  )
  func corrupted(_ fault: String) throws {
    let node: [String: String] = [
      "id": "0", "kind": #""Task""#, "state": #""waiting""#, "details": "[]", "awaits": "[]", "awaitedBy": "[]",
    ]
    let parts = fault.split(separator: ":").map { $0.trimmingCharacters(in: ["\""]) }
    var fields = node
    if parts[0] != "subject" { fields[parts[0]] = parts[1] }
    let text = fields.map { "\"\($0)\":\($1)" }.joined(separator: ",")
    let subject = parts[0] == "subject" ? parts[1] : "0"
    let json = "{\"nodes\":[{\(text)}],\"subject\":\(subject)}"
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(Asyncio.CallGraph.self, from: Data(json.utf8))
    }
  }
}
