import AsyncioBridge
import Foundation
import Testing

@testable import Replay

/// Programs of tasks, futures, timers, combinators, locks and queues, with what the asyncio of CPython 3.8, or of 3.13,
/// did with them: a loop that follows that version must do the same, event by event and byte by byte.
@Suite struct RecordingsTests {
  @Test(
    "What asyncio did is done again, event by event",
    arguments: ["rules", "rare", "core", "combinators", "sync", "mixed", "newer"],
    [false, true]
  )
  func replay(_ name: String, reusesHosts: Bool) throws {
    try replay(name, LoopSettings(reusesHosts: reusesHosts))
  }

  @Test(
    "What asyncio did in 3.13 is done again on a loop that follows 3.13",
    arguments: ["3.13/rules", "3.13/rare", "3.13/core", "3.13/combinators", "3.13/sync", "3.13/mixed", "newer"],
    [false, true]
  )
  func replayNewer(_ name: String, reusesHosts: Bool) throws {
    try replay(name, LoopSettings(semantics: .python3_13, reusesHosts: reusesHosts))
  }

  @Test(
    "What asyncio did is done again under a schedule that departs nowhere from first in, first out",
    arguments: ["rules", "rare", "core", "combinators", "sync", "mixed", "newer"]
  )
  func replayExplored(_ name: String) throws { try replay(name, LoopSettings(isExplored: true)) }

  private func replay(_ name: String, _ settings: LoopSettings) throws {
    let scenarios = try recording("\(name).scenarios")
    let expected = try recording("\(name).traces").split(separator: UInt8(ascii: "\n")).map {
      String(decoding: $0, as: UTF8.self)
    }
    var actual: [String] = []
    try ReplayCommand.replay(scenarios, from: name, settings) { trace in
      if actual.count < expected.count { #expect(trace.line == expected[actual.count]) }
      actual.append(trace.line)
    }
    #expect(actual.count == expected.count)
    #expect(!expected.isEmpty)
  }

  private func recording(_ name: String) throws -> [UInt8] {
    let url = try #require(Bundle.module.url(forResource: "Recordings/\(name)", withExtension: "jsonl"))
    return Array(try Data(contentsOf: url))
  }
}

@Suite struct ScenarioTests {
  /// Replays one line behind two that are right.
  private func failure(_ line: String) throws -> String {
    let valid = #"{"id":"x","futures":0,"slots":[],"bodies":[[]]}"#
    var traceCount = 0
    do {
      try ReplayCommand.replay(Array([valid, "", line].joined(separator: "\n").utf8), from: "a.jsonl") { _ in
        traceCount += 1
      }
    } catch {
      #expect(traceCount == 1)
      return "\(error)"
    }
    Issue.record("no error for \(line)")
    return ""
  }

  @Test(
    "A text that is not JSON is refused with its line",
    arguments: [
      "{", #"{"id""#, #"{"id":}"#, #"{"id":1,]"#, #"{"id":[1 2]}"#, "{} {}", #"{"id":tru}"#, #"{"id":1-2}"#,
      #"{"id":"a"#,
      #"{"id":"\x"}"#, #"{"id":"\u12g4"}"#, #"{"id":"\ud83d-"}"#, String(repeating: "[", count: 1000),
    ]
  )
  func syntax(_ line: String) throws {
    let text = try failure(line)
    #expect(text.hasPrefix("a.jsonl:3: "))
    #expect(text != "a.jsonl:3: ")
  }

  @Test(
    "A scenario with a wrong field is refused with the field's path",
    arguments: [
      ("[]", "expected an object"),
      (#"{"futures":0,"slots":[],"bodies":[[]]}"#, "id: missing"),
      (#"{"id":"x","futures":"2","slots":[],"bodies":[[]]}"#, "futures: expected an integer"),
      (#"{"id":"x","futures":1.5,"slots":[],"bodies":[[]]}"#, "futures: expected an integer"),
      (#"{"id":"x","futures":-1,"slots":[],"bodies":[[]]}"#, "futures: expected an integer of 0 at least"),
      (#"{"id":"x","futures":0,"slots":["a",1],"bodies":[[]]}"#, "slots[1]: expected a string"),
      (#"{"id":"x","futures":0,"slots":[],"bodies":[]}"#, "bodies: expected one body at least"),
      (#"{"id":"x","futures":0,"slots":[],"bodies":[[]],"body":1}"#, "body: unexpected field"),
      (#"{"id":"x","futures":0,"slots":[],"bodies":[[]],"drain":0}"#, "drain: expected true or false"),
      (
        #"{"id":"x","futures":0,"slots":[],"objects":[{"name":"l1","kind":"mutex"}],"bodies":[[]]}"#,
        "objects[0].kind: unknown name 'mutex', expected one of 'queue', 'lock', 'event', 'condition', 'semaphore', "
          + "'barrier', 'lifo_queue', 'priority_queue', 'bounded_semaphore'"
      ),
      (
        #"{"id":"x","futures":0,"slots":[],"callbacks":[{"id":"k0","ops":[{"op":"sleep","ms":1}]}],"bodies":[[]]}"#,
        "callbacks[0].ops[0].op: 'sleep' is no op of a callback"
      ),
    ]
  )
  func fields(_ line: String, _ message: String) throws {
    #expect(try failure(line) == "a.jsonl:3: \(message)")
  }

  @Test(
    "A scenario with a wrong op is refused with the path of the op's field",
    arguments: [
      (#"{"op":"await","slot":3}"#, "slot: expected a string"),
      (#"{"op":"await","slot":"f1"}"#, "slot: unknown slot 'f1'"),
      (#"{"op":"await"}"#, "slot: missing"),
      (#"{"op":"await","slot":"f0","timeout":1}"#, "timeout: unexpected field"),
      (#"{"op":"wake"}"#, "op: 'wake' is no op"),
      (#"{"op":1}"#, "op: expected a string"),
      (#"{"ms":1}"#, "op: missing"),
      (#"{"op":"sleep","ms":null}"#, "ms: expected an integer"),
      (#"{"op":"return","value":"a"}"#, "value: expected an integer or null"),
      (
        #"{"op":"raise","error":"E4"}"#,
        "error: unknown name 'E4', expected one of 'E1', 'E2', 'E3', 'CancelledError', 'TimeoutError'"
      ),
      (#"{"op":"spawn","slot":"t1","body":0}"#, "body: there is no body 0 to run"),
      (#"{"op":"call","body":2}"#, "body: there is no body 2 to run"),
      (#"{"op":"add_cb","slot":"f0","cb":"k1"}"#, "cb: unknown callback 'k1'"),
      (#"{"op":"put","obj":"q1","value":1}"#, "obj: unknown object 'q1'"),
      (#"{"op":"get","obj":"l1"}"#, "obj: 'l1' is not a queue"),
      (#"{"op":"gather","slot":"t1","of":["f0",{"body":1}]}"#, "of[1].slot: missing"),
      (#"{"op":"shield","slot":"t1","of":1}"#, "of: expected a slot or a body"),
      (
        #"{"op":"wait","of":["f0"],"return_when":"NEVER"}"#,
        "return_when: unknown name 'NEVER', expected one of 'FIRST_COMPLETED', 'FIRST_EXCEPTION', 'ALL_COMPLETED'"
      ),
      (#"{"op":"reraise"}"#, "op: 'reraise' is allowed in an 'except' clause only"),
      (#"{"op":"try","body":[],"finally":[{"op":"return"}]}"#, "finally[0].op: 'return' is not allowed in 'finally'"),
      (#"{"op":"try","body":[],"except":[{"kind":"any","ops":[{"op":"log"}]}]}"#, "except[0].ops[0].text: missing"),
      (
        #"{"op":"repeat","n":2,"ops":[{"op":"call_soon","ops":[{"op":"get"}]}]}"#,
        "ops[0].ops[0].op: 'get' is no op of a callback"
      ),
    ]
  )
  func ops(_ op: String, _ message: String) throws {
    let line =
      #"{"id":"x","futures":1,"slots":["t1"],"objects":[{"name":"l1","kind":"lock"}],"#
      + #""callbacks":[{"id":"k0"}],"bodies":[[{"op":"current"},\#(op)],[]]}"#
    #expect(try failure(line) == "a.jsonl:3: bodies[0][1].\(message)")
  }

  @Test("Names and texts with escapes come out as they went in")
  func escapes() throws {
    let text = #"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00 ~"#
    let line = #"{ "id" : "\#(text)" , "futures":0, "slots":[], "bodies":[[{"op":"log","text":"\#(text)"}]] }"#
    var trace = ""
    try ReplayCommand.replay(Array(line.utf8), from: "a.jsonl") { trace = $0.line }
    let shown = #"\"\\/\b\f\n\r\t\u00e9\ud83d\ude00 ~"#
    #expect(
      trace == #"{"id":"\#(shown)","trace":[[0,"main","begin b0"],[0,"main","log \#(shown)"],"#
        + #"[0,"main","end b0 = None"],[0,"-","main = None"],[0,"-","final main result None"]]}"#
    )
  }

  @Test("A scenario that never comes to rest is stopped after 5000 turns")
  func limit() throws {
    let line = #"{"id":"x","futures":0,"slots":[],"bodies":[[{"op":"repeat","n":5001,"ops":[{"op":"sleep","ms":0}]}]]}"#
    var trace = ""
    try ReplayCommand.replay(Array(line.utf8), from: "a.jsonl") { trace = $0.line }
    #expect(trace.hasSuffix(#",[0,"main","sleep 0 = None"],[0,"-","limit"],[0,"-","final main pending"]]}"#))
  }
}
