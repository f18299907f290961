/// The ready entries that may run next, in the order in which they became ready: each job of Swift's runtime (at the
/// level `any`: each step of a task too), and the first of all other entries.
///
/// It is kept from choice to choice. Entries come at the end of the ready queue only, and go as they are chosen, so
/// each is looked at once. Its share: where each choice looks at all of them, `explore-bench` runs a quarter fewer
/// schedules of ten tasks with ten steps.
struct Candidates {
  private struct Place {
    let entity: Int
    let kind: Kind
  }

  private enum Kind {
    /// It may run before all that stand before it.
    case job
    /// So may this, which others of the loop's own entries may not run before.
    case step
    /// It may run before jobs.
    case bound
  }

  /// How many ready entries are looked at for a choice.
  private static var window: Int { 64 }

  // Invariants: `places` tells of the first entries of the ready queue; `boundCount` of them are bound.
  private var places: [Place] = []
  private var boundCount = 0

  init() { places.reserveCapacity(Self.window) }

  var count: Int { places.count - boundCount + (firstBound == nil ? 0 : 1) }

  /// Where the bound entry stands that is a candidate.
  private var firstBound: Int? {
    if boundCount == 0 { return nil }
    guard let own = places.firstIndex(where: { $0.kind != .job }) else { return nil }
    return places[own].kind == .bound ? own : nil
  }

  /// Looks at the entries that have become ready.
  mutating func update(from ready: borrowing Ring<ReadyEntry>, _ level: Level, _ entities: Entities) {
    assert(places.count <= ready.count, "AsyncioBridge: entries left the ready queue, and nobody told the schedule")
    for offset in places.count..<max(places.count, min(ready.count, Self.window)) {
      ready.withElement(at: offset) { entry in
        let kind: Kind = entry.isJob ? .job : level == .any && entry.steppedTask != nil ? .step : .bound
        places.append(Place(entity: entities.number(of: entry), kind: kind))
        if kind == .bound { boundCount += 1 }
      }
    }
  }

  /// Where in the ready queue a candidate stands.
  func offset(of candidate: Int) -> Int {
    // The first entry is always a candidate.
    if candidate == 0 || boundCount == 0 { return candidate }
    let bound = firstBound
    var left = candidate
    for (offset, place) in places.enumerated() where place.kind != .bound || offset == bound {
      if left == 0 { return offset }
      left -= 1
    }
    preconditionFailure("AsyncioBridge: there is no such candidate")
  }

  /// Whose the candidates are.
  var entities: [Int] {
    if boundCount == 0 { return places.map(\.entity) }
    let bound = firstBound
    return places.indices.filter { places[$0].kind != .bound || $0 == bound }.map { places[$0].entity }
  }

  /// Whose an entry is that stands so far from the first.
  func entity(at offset: Int) -> Int { places[offset].entity }

  /// An entry leaves the ready queue.
  mutating func remove(at offset: Int) { if places.remove(at: offset).kind == .bound { boundCount -= 1 } }

  /// Entries have left the ready queue without having been chosen.
  mutating func forget() {
    places.removeAll(keepingCapacity: true)
    boundCount = 0
  }
}
