import AsyncioBridge

/// Who ran when, under one schedule.
struct Interleaving: Sendable {
  let steps: [Schedule.Step]
  let names: [Int: String]
  let arrivals: [Schedule.Arrival]

  init(_ schedule: Schedule) {
    steps = schedule.steps
    names = schedule.names
    arrivals = schedule.arrivals
  }

  /// What a task is called: `2 'fetch'` if the program has named it.
  func name(of entity: Int) -> String {
    if entity == 0 { return "loop" }
    return names[entity].map { "\(entity) '\($0)'" } ?? "task \(entity)"
  }

  /// What a step that departs from first in, first out does; nil for others.
  func departure(of step: Schedule.Step) -> String? {
    switch step.departure {
    case .insteadOf(let entity): "instead of \(name(of: entity))"
    case .timePassed: "after time has passed"
    case nil: nil
    }
  }

  /// What came from other threads, for a report of a replay that went another way; nil: nothing did.
  var arrivalsText: String? {
    if arrivals.isEmpty { return nil }
    let texts = arrivals.prefix(3).map { arrival in
      let what = arrival.entity == 0 ? "a callback came" : "\(name(of: arrival.entity)) was resumed"
      return "\(what) from another thread after step \(arrival.stepCount - 1)"
    }
    return texts.joined(separator: ", ") + (arrivals.count > 3 ? ", …" : "")
  }
}
