/// Makes the choices of a schedule, by a strategy.
struct Chooser {
  /// A ready entry that may be next.
  struct Candidate {
    /// Its place among what is ready.
    let offset: Int
    let entity: Int
    /// How many entries of the entity have run.
    let entryCount: Int
  }

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

  private let method: Method
  private var random = SeededNumbers(seed: 0)
  /// Of PCT.
  private var priorities: [Int: Int] = [:]
  private var lowestPriority = 0
  /// Those that are delayed, in order.
  private var delayed: [Int: Int] = [:]

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
  mutating func choose(at choice: Int, among candidates: [Candidate]) -> Choice {
    switch method {
    case .plan(let plan):
      switch plan[choice] {
      case .pick(let index)?: return deviating(choice, to: min(index, candidates.count - 1))
      case .delay?:
        let first = leastDelayed(candidates)
        delayed[candidates[first].entity] = delayed.count + 1
        return Choice(index: leastDelayed(candidates), deviation: Deviation(choice, .delay), passedOver: first)
      case nil: return Choice(index: leastDelayed(candidates))
      }
    case .random: return deviating(choice, to: Int.random(in: 0..<candidates.count, using: &random))
    case .pos(let seed):
      return deviating(
        choice,
        to: candidates.firstIndex(where: >) { candidate in
          // A number for each entry of each entity, which needs no memory.
          let entity = UInt64(candidate.entity) &* 0x1_0000_01B3
          var numbers = SeededNumbers(seed: seed &+ entity &+ UInt64(candidate.entryCount) &* 0x9E37_79B9)
          return Int(truncatingIfNeeded: numbers.next() >> 1)
        }
      )
    case .pct(let changes):
      let highest = highestPriority(candidates)
      guard changes.contains(choice) else { return deviating(choice, to: highest) }
      lowestPriority -= 1
      priorities[candidates[highest].entity] = lowestPriority
      return deviating(choice, to: highestPriority(candidates))
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

  private func leastDelayed(_ candidates: [Candidate]) -> Int {
    delayed.isEmpty ? 0 : candidates.firstIndex(where: <) { delayed[$0.entity] ?? 0 }
  }

  private mutating func highestPriority(_ candidates: [Candidate]) -> Int {
    for candidate in candidates where priorities[candidate.entity] == nil {
      priorities[candidate.entity] = Int(random.next() >> 2) + 1
    }
    return candidates.firstIndex(where: >) { priorities[$0.entity] ?? 0 }
  }
}

extension [Chooser.Candidate] {
  /// The first of them whose value no other's precedes.
  fileprivate func firstIndex(where precedes: (Int, Int) -> Bool, by value: (Element) -> Int) -> Int {
    var found = 0
    var best = value(self[0])
    for index in indices.dropFirst() {
      let own = value(self[index])
      if precedes(own, best) { (found, best) = (index, own) }
    }
    return found
  }
}
