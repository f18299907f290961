/// A growing ring buffer: the loop's ready queue and the waiting lines of queues and locks.
///
/// `Array` would move all elements on removal at the front. The storage is raw memory, so that taking an element moves
/// it out without touching a reference count.
@safe @usableFromInline
struct Ring<Element: ~Copyable>: ~Copyable {
  // Invariants:
  // 1. `capacity` is a power of two.
  // 2. The `count` elements from `head` on, wrapping around, are initialised. No other memory is.
  @usableFromInline var storage: UnsafeMutablePointer<Element>
  @usableFromInline var capacity: Int
  @usableFromInline var head = 0
  @usableFromInline var count = 0

  @inlinable
  init(minimumCapacity: Int = 16) {
    capacity = 16
    while capacity < minimumCapacity { capacity *= 2 }
    unsafe storage = .allocate(capacity: capacity)
  }

  @inlinable
  deinit {
    for offset in 0..<count { unsafe (storage + slot(offset)).deinitialize(count: 1) }
    unsafe storage.deallocate()
  }

  @inlinable
  var isEmpty: Bool { count == 0 }

  var capacityInBytes: Int { capacity * MemoryLayout<Element>.stride }

  @inlinable
  @inline(__always)
  func slot(_ offset: Int) -> Int { (head &+ offset) & (capacity &- 1) }

  @inlinable
  @inline(__always)
  mutating func append(_ element: consuming Element) {
    if count == capacity { grow() }
    unsafe (storage + slot(count)).initialize(to: element)
    count &+= 1
  }

  /// Puts an element at the front.
  mutating func prepend(_ element: consuming Element) {
    if count == capacity { grow() }
    head = slot(capacity &- 1)
    unsafe (storage + head).initialize(to: element)
    count &+= 1
  }

  /// The first element. The ring must not be empty.
  @inlinable
  var first: Element {
    @inline(__always) unsafeAddress { unsafe UnsafePointer(storage + head) }
  }

  /// Takes out the first element. The ring must not be empty.
  @inlinable
  @inline(__always)
  mutating func removeFirst() -> Element {
    let element = unsafe (storage + head).move()
    head = slot(1)
    count &-= 1
    return element
  }

  /// Moves the element at `offset` to the front, past the elements before it.
  mutating func moveToFront(_ offset: Int) {
    if offset == 0 { return }
    let element = unsafe (storage + slot(offset)).move()
    var index = offset
    while index > 0 {
      unsafe (storage + slot(index)).initialize(to: (storage + slot(index - 1)).move())
      index -= 1
    }
    unsafe (storage + head).initialize(to: element)
  }

  /// Takes out the last element. The ring must not be empty.
  mutating func removeLast() -> Element {
    count &-= 1
    return unsafe (storage + slot(count)).move()
  }

  /// Removes every element for which `condition` holds, keeping the order, and returns how many were removed.
  @discardableResult
  mutating func removeAll(where condition: (borrowing Element) -> Bool) -> Int {
    let before = count
    for _ in 0..<before {
      let element = removeFirst()
      if !condition(element) { append(element) }
    }
    return before - count
  }

  /// Moves every element for which `condition` holds to another ring, keeping the order.
  mutating func removeAll(where condition: (borrowing Element) -> Bool, to removed: inout Ring) {
    for _ in 0..<count {
      let element = removeFirst()
      if condition(element) { removed.append(element) } else { append(element) }
    }
  }

  /// Whether `condition` holds for any element.
  func contains(where condition: (borrowing Element) -> Bool) -> Bool {
    for offset in 0..<count where unsafe condition(storage[slot(offset)]) { return true }
    return false
  }

  /// Calls `body` with the element that stands so far from the first.
  func withElement(at offset: Int, _ body: (borrowing Element) -> Void) {
    precondition(offset < count)
    unsafe body(storage[slot(offset)])
  }

  /// Calls `body` with each element, first to last; it must not change the ring.
  func forEach(_ body: (borrowing Element) -> Void) {
    for offset in 0..<count { unsafe body(storage[slot(offset)]) }
  }

  /// The offset of the first element for which `condition` holds.
  func firstIndex(where condition: (borrowing Element) -> Bool) -> Int? {
    for offset in 0..<count where unsafe condition(storage[slot(offset)]) { return offset }
    return nil
  }

  @inlinable
  @inline(never)
  mutating func grow() {
    let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity * 2)
    let upToEnd = capacity - head
    unsafe larger.moveInitialize(from: storage + head, count: upToEnd)
    unsafe (larger + upToEnd).moveInitialize(from: storage, count: head)
    unsafe storage.deallocate()
    unsafe storage = larger
    head = 0
    capacity *= 2
  }
}

extension Ring where Element: ~Copyable {
  /// Releases all elements, first to last. Their deinitialisers must not touch the ring.
  mutating func removeAll() { while !isEmpty { _ = removeFirst() } }
}

extension Ring {
  /// The elements, first to last.
  var elements: [Element] { (0..<count).map { unsafe storage[slot($0)] } }

  /// Takes out all elements, first to last.
  mutating func takeAll() -> [Element] {
    var all: [Element] = []
    all.reserveCapacity(count)
    while !isEmpty { all.append(removeFirst()) }
    return all
  }
}

/// `@unchecked`: a ring owns its storage, as an array does.
extension Ring: @unchecked Sendable where Element: Sendable, Element: ~Copyable {}
