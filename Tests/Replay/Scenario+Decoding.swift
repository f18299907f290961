import Foundation

extension Scenario: Decodable {
  /// Decodes a scenario, and checks that all it names is there.
  /// - Throws: `DecodingError`.
  init(from decoder: any Decoder) throws {
    self = try Fields.read(decoder, in: Scope()) { fields in
      let id: String = try fields.required("id")
      let futureCount = try fields.required("futures", atLeast: 0)
      let slots: [String] = try fields.required("slots")

      // Ops may name any callback and any body: what there are is to be known before the first op is decoded.
      var scope = Scope()
      scope.slots = Set(slots + (0..<futureCount).map { "f\($0)" } + ["main"])
      scope.callbacks = Set((try fields.optional("callbacks") as [CallbackID]? ?? []).map(\.id))
      scope.bodyCount = (try fields.required("bodies") as [Skipped]).count
      if scope.bodyCount == 0 { throw fields.malformed("bodies", "expected one body at least") }
      let objects = try fields.elements("objects") { element in
        let object = try ObjectDefinition(from: element, configuration: scope)
        scope.objects[object.name] = object.kind
        return object
      }

      return Scenario(
        id: id,
        futureCount: futureCount,
        objects: objects,
        callbacks: try fields.optional("callbacks", in: scope) ?? [],
        slots: slots,
        drains: try fields.optional("drain") ?? false,
        bodies: try fields.required("bodies", in: scope)
      )
    }
  }

  private struct CallbackID: Decodable {
    let id: String
  }

  private struct Skipped: Decodable {
    init(from decoder: any Decoder) {}
  }
}

extension Scenario.ObjectDefinition: DecodableWithConfiguration {
  init(from decoder: any Decoder, configuration scope: Scope) throws {
    self = try Fields.read(decoder, in: scope) { fields in
      Scenario.ObjectDefinition(name: try fields.required("name"), kind: try Kind(&fields))
    }
  }
}

extension Scenario.ObjectDefinition.Kind {
  private enum Name: String, NameOfCase {
    case queue, lock, event, condition, semaphore, barrier
    case lifoQueue = "lifo_queue"
    case priorityQueue = "priority_queue"
    case boundedSemaphore = "bounded_semaphore"
  }

  fileprivate init(_ fields: inout Fields) throws {
    func maxsize() throws -> Int { try fields.optional("maxsize") ?? 0 }
    func value() throws -> Int { try fields.optional("value", atLeast: 0) ?? 1 }
    self =
      switch try fields.required("kind") as Name {
      case .queue: .queue(maxsize: try maxsize())
      case .lifoQueue: .lifoQueue(maxsize: try maxsize())
      case .priorityQueue: .priorityQueue(maxsize: try maxsize())
      case .lock: .lock
      case .event: .event
      case .condition: .condition(lock: try fields.sharedLock())
      case .semaphore: .semaphore(value: try value())
      case .boundedSemaphore: .boundedSemaphore(value: try value())
      case .barrier: .barrier(parties: try fields.required("parties", atLeast: 1))
      }
  }
}

extension Scenario.CallbackDefinition: DecodableWithConfiguration {
  init(from decoder: any Decoder, configuration scope: Scope) throws {
    self = try Fields.read(decoder, in: scope) { fields in
      Scenario.CallbackDefinition(id: try fields.required("id"), ops: try fields.optional("ops") ?? [])
    }
  }
}

extension Scenario.ExceptClause: DecodableWithConfiguration {
  init(from decoder: any Decoder, configuration scope: Scope) throws {
    self = try Fields.read(decoder, in: scope) { fields in
      Scenario.ExceptClause(kind: try fields.required("kind"), ops: try fields.required("ops"))
    }
  }
}

extension Scenario.Value: Decodable {
  /// Null or an integer.
  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let integer = try? container.decode(Int.self) {
      self = .integer(integer)
    } else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "expected an integer or null")
    }
  }
}

// MARK: - Names of cases

/// What is one of the names of an enumeration's cases.
protocol NameOfCase: Decodable, CaseIterable, RawRepresentable<String> {}

extension NameOfCase {
  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let name = Self(rawValue: text) else {
      let known = Self.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
      let message = "unknown name '\(text)', expected one of \(known)"
      throw DecodingError.dataCorruptedError(in: container, debugDescription: message)
    }
    self = name
  }
}

extension Scenario.ErrorName: NameOfCase {}
extension Scenario.ExceptClause.Kind: NameOfCase {}
extension Scenario.ReturnWhen: NameOfCase {}
extension Scenario.OnError: NameOfCase {}
