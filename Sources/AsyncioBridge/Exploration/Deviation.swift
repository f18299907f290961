/// Where a schedule departs from first in, first out: at which choice, counted from zero, and how.
package struct Deviation: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    /// Another candidate than the first is taken: which one.
    case pick(Int)
    /// Whoever would be next is delayed: from then on it runs only when nobody else can, behind those delayed before.
    case delay
  }

  package var choice: Int
  package var kind: Kind

  package init(_ choice: Int, _ kind: Kind) { (self.choice, self.kind) = (choice, kind) }
}

/// How the choices of a schedule are made.
package enum Strategy: Sendable {
  /// First in, first out, but for these deviations.
  case following([Deviation])
  /// Each candidate as likely as the others.
  case random(seed: UInt64)
  /// Partial-order sampling: each entry has a random priority, and the highest runs.
  case pos(seed: UInt64)
  /// Each task has a random priority; at some choices, chosen before, the highest becomes the lowest.
  /// - Parameter choices: how many choices there may be.
  case pct(seed: UInt64, changes: Int, choices: Int)
}

/// Which orders are tried.
package enum Level: String, Sendable {
  /// First in, first out; but timers may come late.
  case timing
  /// Swift's jobs in any order; asyncio's own entries first in, first out among themselves.
  case ready
  /// Steps of asyncio's tasks too.
  case any
}

/// A digest of numbers, in their order: FNV-1a, a number at a time.
package struct Digest: Hashable, Sendable {
  package private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  package init() {}

  package mutating func add(_ number: Int) { value = (value ^ UInt64(number)) &* 0x100_0000_01B3 }
}

/// SplitMix64.
package struct SeededNumbers: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }
}
