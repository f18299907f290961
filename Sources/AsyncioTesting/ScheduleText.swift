import AsyncioBridge

/// A schedule as text: `x1-4d,9:2-3fa2`.
///
/// Its parts: the version of the format; the deviations (`4d`: at choice 4 whoever would be next is delayed, `9:2`: at
/// choice 9 candidate 2 is taken), or `fifo`; and a digest of how many candidates there were up to the last deviation,
/// which tells a replay in another program, or another build, from the original.
struct ScheduleText: Equatable, CustomStringConvertible {
  var deviations: [Deviation]
  /// Nil for first in, first out.
  var digest: UInt16?

  init(_ deviations: [Deviation], candidateCounts: [Int]) {
    self.deviations = deviations
    digest = Self.digest(of: candidateCounts, for: deviations)
  }

  init?(_ text: String) {
    let parts = text.split(separator: "-")
    guard parts.first == "x1" else { return nil }
    if parts.count == 2, parts[1] == "fifo" {
      deviations = []
      return
    }
    guard parts.count == 3, let digest = UInt16(parts[2], radix: 16) else { return nil }
    self.digest = digest
    deviations = []
    for part in parts[1].split(separator: ",") {
      guard let deviation = Deviation(part) else { return nil }
      deviations.append(deviation)
    }
  }

  var description: String {
    guard let digest else { return "x1-fifo" }
    return "x1-\(deviations.map(\.text).joined(separator: ","))-\(String(digest, radix: 16))"
  }

  /// Whether a run that followed this had as many candidates at each choice as the original.
  func fits(candidateCounts: [Int]) -> Bool { Self.digest(of: candidateCounts, for: deviations) == digest }

  private static func digest(of candidateCounts: [Int], for deviations: [Deviation]) -> UInt16? {
    guard let last = deviations.map(\.choice).max() else { return nil }
    var digest = Digest()
    for count in candidateCounts.prefix(last + 1) { digest.add(count) }
    return UInt16(truncatingIfNeeded: digest.value ^ (digest.value >> 32))
  }
}

extension Deviation {
  fileprivate var text: String {
    switch kind {
    case .delay: "\(choice)d"
    case .pick(let index): "\(choice):\(index)"
    }
  }

  fileprivate init?(_ text: Substring) {
    if text.last == "d" {
      guard let choice = Int(text.dropLast()) else { return nil }
      self.init(choice, .delay)
    } else {
      let numbers = text.split(separator: ":").compactMap { Int($0) }
      guard numbers.count == 2 else { return nil }
      self.init(numbers[0], .pick(numbers[1]))
    }
  }
}
