// Entries are sorted in descending order, so that the first to fire can be popped off the end.
//
// The standard library's sort is slower on short pieces: with it `timers` costs 6 % more (`Benchmarks/check-costs`),
// though a million timers take no more time (`asyncio-bench timers1M 1000000 2`).

extension TimerQueue {
  /// The length of a piece, which is sorted by insertion.
  private static var pieceLength: Int { 8 }

  /// Sorts `entries`. `spare` must be empty; its memory grows to the same size.
  static func sort(_ entries: inout [Entry], spare: inout [Entry]) {
    sortPieces(&entries)
    if entries.count <= pieceLength { return }
    spare.append(contentsOf: entries)
    var length = pieceLength
    while length < entries.count {
      unsafe entries.withUnsafeBufferPointer { source in
        unsafe spare.withUnsafeMutableBufferPointer { destination in
          for start in stride(from: 0, to: source.count, by: 2 * length) {
            let middle = min(start + length, source.count)
            let end = min(middle + length, source.count)
            let piece = unsafe UnsafeMutableBufferPointer(rebasing: destination[start...])
            unsafe merge(.init(rebasing: source[start..<middle]), .init(rebasing: source[middle..<end]), into: piece)
          }
        }
      }
      swap(&entries, &spare)
      length *= 2
    }
    spare.removeAll(keepingCapacity: true)
  }

  /// Merges two sorted arrays.
  static func merge(_ a: [Entry], _ b: [Entry]) -> [Entry] {
    unsafe Array(unsafeUninitializedCapacity: a.count + b.count) { merged, count in
      unsafe a.withUnsafeBufferPointer { a in unsafe b.withUnsafeBufferPointer { b in unsafe merge(a, b, into: merged) }
      }
      count = a.count + b.count
    }
  }

  private static func sortPieces(_ entries: inout [Entry]) {
    unsafe entries.withUnsafeMutableBufferPointer { entries in
      for start in stride(from: 0, to: entries.count, by: pieceLength) {
        for index in start..<min(start + pieceLength, entries.count) {
          let entry = unsafe entries[index]
          var place = index
          while place > start, unsafe entries[place - 1] < entry {
            unsafe entries[place] = unsafe entries[place - 1]
            place -= 1
          }
          unsafe entries[place] = entry
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
    let (endOfA, endOfB) = unsafe (nextOfA + a.count, nextOfB + b.count)
    while unsafe nextOfA < endOfA, unsafe nextOfB < endOfB {
      // No branches; see `<`.
      let takesB = unsafe nextOfA.pointee < nextOfB.pointee
      unsafe place.initialize(to: (takesB ? nextOfB : nextOfA).pointee)
      unsafe place += 1
      unsafe nextOfA += takesB ? 0 : 1
      unsafe nextOfB += takesB ? 1 : 0
    }
    unsafe place.initialize(from: nextOfA, count: endOfA - nextOfA)
    unsafe (place + (endOfA - nextOfA)).initialize(from: nextOfB, count: endOfB - nextOfB)
  }
}
