/// Makes the choices of a schedule, by a strategy.
struct Chooser {
  /// What a choice comes to.
  struct Choice {
    /// Which candidate is next.
    let index: Int
    /// Where this departs from first in, first out.
    var deviation: Deviation?
    /// Which candidate would have been next then.
    var passedOver = 0
  }

  private enum Method {
    /// First in, first out, but for what is planned.
    case plan([Int: Deviation.Kind])
    case random
    case pos(seed: UInt64)
    /// The choices at which the highest priority becomes the lowest.
    case pct(changes: Set<Int>)
  }

  private struct Delay {
    let rank: Int
    /// The choice from which on it is over.
    let end: Int
  }

  private let method: Method
  private var random = SeededNumbers(seed: 0)
  /// Of PCT.
  private var priorities: [Int: Int] = [:]
  private var lowestPriority = 0
  /// Of PCT: who had the highest priority, and at how many choices in a row.
  private var highestInARow = (entity: 0, count: 0)
  /// Those that are delayed.
  private var delayed: [Int: Delay] = [:]
  /// For how many choices somebody waits at most: a task that polls until another has done something must not starve
  /// that.
  private static var longestDelay: Int { 500 }

  init(_ strategy: Strategy) {
    switch strategy {
    case .following(let deviations):
      method = .plan(Dictionary(deviations.map { ($0.choice, $0.kind) }) { $1 })
    case .random(let seed):
      method = .random
      random = SeededNumbers(seed: seed)
    case .pos(let seed):
      method = .pos(seed: seed)
      random = SeededNumbers(seed: seed)
    case .pct(let seed, let count, let choices):
      random = SeededNumbers(seed: seed)
      var changes: Set<Int> = []
      for _ in 0..<count { changes.insert(Int.random(in: 0..<max(choices, 1), using: &random)) }
      method = .pct(changes: changes)
    }
  }

  /// Which candidate is next, of two or more.
  mutating func choose(at choice: Int, among candidates: Candidates, _ entities: Entities) -> Choice {
    switch method {
    case .plan(let plan):
      switch plan[choice] {
      case .pick(let index)?: return deviating(choice, to: min(index, candidates.count - 1))
      case .delay?:
        let first = leastDelayed(candidates, at: choice)
        delayed[candidates.entities[first]] = Delay(rank: delayed.count + 1, end: choice + Self.longestDelay)
        return Choice(
          index: leastDelayed(candidates, at: choice),
          deviation: Deviation(choice, .delay),
          passedOver: first
        )
      case nil: return Choice(index: leastDelayed(candidates, at: choice))
      }
    case .random: return deviating(choice, to: Int.random(in: 0..<candidates.count, using: &random))
    case .pos(let seed):
      return deviating(
        choice,
        to: candidates.entities.firstIndex(where: >) { entity in
          // A number for each entry of each entity, which needs no memory.
          let entry = UInt64(entities.entryCount(of: entity)) &* 0x9E37_79B9
          var numbers = SeededNumbers(seed: seed &+ UInt64(entity) &* 0x1_0000_01B3 &+ entry)
          return Int(truncatingIfNeeded: numbers.next() >> 1)
        }
      )
    case .pct(let changes):
      let entities = candidates.entities
      let highest = highestPriority(entities)
      let hasStarvedOthers = countInARow(entities[highest]) == Self.longestDelay
      guard changes.contains(choice) || hasStarvedOthers else { return deviating(choice, to: highest) }
      lowestPriority -= 1
      priorities[entities[highest]] = lowestPriority
      return deviating(choice, to: highestPriority(entities))
    }
  }

  /// Whether time goes on to the next timer although entries are ready.
  mutating func passesTime(at choice: Int) -> Bool {
    // To delay what is ready, and to pick the timer, are the same.
    if case .plan(let plan) = method { return plan[choice] != nil }
    return random.next() % 4 == 0
  }

  private func deviating(_ choice: Int, to index: Int) -> Choice {
    Choice(index: index, deviation: index == 0 ? nil : Deviation(choice, .pick(index)))
  }

  private func leastDelayed(_ candidates: Candidates, at choice: Int) -> Int {
    if delayed.isEmpty { return 0 }
    return candidates.entities.firstIndex(where: <) { entity in
      if let delay = delayed[entity], choice < delay.end { delay.rank } else { 0 }
    }
  }

  private mutating func countInARow(_ entity: Int) -> Int {
    highestInARow = (entity, entity == highestInARow.entity ? highestInARow.count + 1 : 1)
    return highestInARow.count
  }

  private mutating func highestPriority(_ entities: [Int]) -> Int {
    for entity in entities where priorities[entity] == nil { priorities[entity] = Int(random.next() >> 2) + 1 }
    return entities.firstIndex(where: >) { priorities[$0] ?? 0 }
  }
}

extension [Int] {
  /// The first of them whose value no other's precedes.
  fileprivate func firstIndex(where precedes: (Int, Int) -> Bool, by value: (Int) -> Int) -> Int {
    var found = 0
    var best = value(self[0])
    for index in indices.dropFirst() {
      let own = value(self[index])
      if precedes(own, best) { (found, best) = (index, own) }
    }
    return found
  }
}
