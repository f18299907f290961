/// What a loop's queue, its timers and the callback lists of futures refer to, often several times at once.
///
/// They count their references by hand, and own one of Swift's for all of them together: Swift counts with atomic
/// operations, which a step would make dozens of. It is sound since all of it happens on the loop's thread.
protocol LoopHeld: AnyObject {
  /// How many references of the loop's there are. Only for `hold` and `drop`.
  var holdCount: UInt32 { get set }
}

extension Unmanaged where Instance: LoopHeld {
  /// One reference more, which whoever has it drops, or hands on.
  @inline(__always)
  func hold() -> Self {
    let isFirst = _withUnsafeGuaranteedRef { object in
      object.holdCount += 1
      return object.holdCount == 1
    }
    return isFirst ? retain() : self
  }

  @inline(__always)
  func drop() {
    let wasLast = _withUnsafeGuaranteedRef { object in
      object.holdCount &-= 1
      return object.holdCount == 0
    }
    if wasLast { release() }
  }
}
