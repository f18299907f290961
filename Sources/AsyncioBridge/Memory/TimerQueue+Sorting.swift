// Entries are sorted so that the first comes last, where it can be taken off.
//
// Not by the standard library, which takes other memory for it each time: of very many timers that is more than the system's
// allocator keeps. Short pieces also are sorted twice as fast.

extension TimerQueue {
  /// How many entries are sorted by putting each in its place among those before it.
  private static var pieceLength: Int { 8 }

  /// Sorts `entries`. The memory of `spare`, which must be empty, grows to the same size.
  static func sort(_ entries: inout [Entry], spare: inout [Entry]) {
    sortPieces(&entries)
    if entries.count <= pieceLength { return }
    spare.append(contentsOf: entries)
    var length = pieceLength
    while length < entries.count {
      entries.withUnsafeBufferPointer { source in
        spare.withUnsafeMutableBufferPointer { destination in
          for start in stride(from: 0, to: source.count, by: 2 * length) {
            let middle = min(start + length, source.count)
            let end = min(middle + length, source.count)
            let piece = UnsafeMutableBufferPointer(rebasing: destination[start...])
            merge(.init(rebasing: source[start..<middle]), .init(rebasing: source[middle..<end]), into: piece)
          }
        }
      }
      swap(&entries, &spare)
      length *= 2
    }
    spare.removeAll(keepingCapacity: true)
  }

  /// All of two arrays that are sorted.
  static func merge(_ a: [Entry], _ b: [Entry]) -> [Entry] {
    Array(unsafeUninitializedCapacity: a.count + b.count) { merged, count in
      a.withUnsafeBufferPointer { a in b.withUnsafeBufferPointer { b in merge(a, b, into: merged) } }
      count = a.count + b.count
    }
  }

  private static func sortPieces(_ entries: inout [Entry]) {
    entries.withUnsafeMutableBufferPointer { entries in
      for start in stride(from: 0, to: entries.count, by: pieceLength) {
        for index in start..<min(start + pieceLength, entries.count) {
          let entry = entries[index]
          var place = index
          while place > start, entries[place - 1] < entry {
            entries[place] = entries[place - 1]
            place -= 1
          }
          entries[place] = entry
        }
      }
    }
  }

  @inline(__always)
  private static func merge(
    _ a: UnsafeBufferPointer<Entry>,
    _ b: UnsafeBufferPointer<Entry>,
    into merged: UnsafeMutableBufferPointer<Entry>
  ) {
    guard var nextOfA = a.baseAddress, var nextOfB = b.baseAddress, var place = merged.baseAddress else { return }
    let (endOfA, endOfB) = (nextOfA + a.count, nextOfB + b.count)
    while nextOfA < endOfA, nextOfB < endOfB {
      // No branches, see `<`.
      let takesB = nextOfA.pointee < nextOfB.pointee
      place.initialize(to: (takesB ? nextOfB : nextOfA).pointee)
      place += 1
      nextOfA += takesB ? 0 : 1
      nextOfB += takesB ? 1 : 0
    }
    place.initialize(from: nextOfA, count: endOfA - nextOfA)
    (place + (endOfA - nextOfA)).initialize(from: nextOfB, count: endOfB - nextOfB)
  }
}
