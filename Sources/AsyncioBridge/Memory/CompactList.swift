/// A growing list that takes one word where it is kept, and one allocation.
///
/// Its share: with a `Ring` in an object of its own, `donecallbacks` costs 9 % more; with a `ManagedBuffer`, 7 %, and
/// `shield` 6 %. A `Ring` in place costs 1 % more, 32 bytes more for each suspended task, and a second call of an
/// allocator for each list (`Benchmarks/check-costs`, and `donecallbacks` in the same way).
@safe
struct CompactList<Element: ~Copyable>: ~Copyable {
  // Invariant: behind the header there is room for `capacity` elements, of which the first `count` are initialised.
  private struct Header {
    var count = 0
    var capacity: Int
  }

  private var header: UnsafeMutablePointer<Header>?

  init() {}

  deinit {
    guard let header = unsafe header else { return }
    unsafe Self.elements(header).deinitialize(count: header.pointee.count)
    unsafe HeapMemory.free(header)
  }

  private static func allocate(_ capacity: Int) -> UnsafeMutablePointer<Header> {
    let size = MemoryLayout<Header>.stride + capacity * MemoryLayout<Element>.stride
    let header = unsafe HeapMemory.allocate(byteCount: size).bindMemory(to: Header.self, capacity: 1)
    unsafe header.initialize(to: Header(capacity: capacity))
    return unsafe header
  }

  private static func elements(_ header: UnsafeMutablePointer<Header>) -> UnsafeMutablePointer<Element> {
    unsafe UnsafeMutableRawPointer(header + 1).assumingMemoryBound(to: Element.self)
  }

  var count: Int { unsafe header?.pointee.count ?? 0 }

  mutating func append(_ element: consuming Element) {
    let header = unsafe headerWithRoom()
    unsafe (Self.elements(header) + header.pointee.count).initialize(to: element)
    unsafe header.pointee.count &+= 1
  }

  /// Takes out the first element. The list must not be empty, and should be short.
  mutating func removeFirst() -> Element {
    guard let header = unsafe header, count > 0 else {
      preconditionFailure("AsyncioBridge: an empty list has no first")
    }
    let elements = unsafe Self.elements(header)
    let first = unsafe elements.move()
    unsafe header.pointee.count &-= 1
    unsafe elements.moveInitialize(from: elements + 1, count: count)
    return first
  }

  func forEach(_ body: (borrowing Element) -> Void) {
    guard let header = unsafe header else { return }
    for index in 0..<count { unsafe body(Self.elements(header)[index]) }
  }

  /// Calls `body` with the last element, if there is one.
  func withLast<Result>(_ body: (borrowing Element) -> Result) -> Result? {
    guard let header = unsafe header, count > 0 else { return nil }
    return unsafe body(Self.elements(header)[count - 1])
  }

  /// Takes out all elements, first to last.
  consuming func takeAll(_ body: (consuming Element) -> Void) {
    guard let header = unsafe header else { return }
    let (elements, end) = unsafe (Self.elements(header), header.pointee.count)
    unsafe header.pointee.count = 0
    for index in 0..<end { unsafe body((elements + index).move()) }
  }

  /// Moves every element for which `condition` holds to another list, keeping the order.
  mutating func removeAll(where condition: (borrowing Element) -> Bool, to removed: inout CompactList) {
    guard let header = unsafe header else { return }
    let elements = unsafe Self.elements(header)
    var kept = 0
    for index in 0..<count {
      if unsafe condition(elements[index]) {
        removed.append(unsafe (elements + index).move())
      } else {
        if kept != index { unsafe (elements + kept).moveInitialize(from: elements + index, count: 1) }
        kept += 1
      }
    }
    unsafe header.pointee.count = kept
  }

  private mutating func headerWithRoom() -> UnsafeMutablePointer<Header> {
    guard let header = unsafe header else {
      let new = unsafe Self.allocate(2)
      unsafe header = new
      return unsafe new
    }
    if unsafe header.pointee.count < header.pointee.capacity { return unsafe header }
    let larger = unsafe Self.allocate(header.pointee.capacity * 2)
    unsafe Self.elements(larger).moveInitialize(from: Self.elements(header), count: count)
    unsafe larger.pointee.count = count
    unsafe HeapMemory.free(header)
    unsafe self.header = larger
    return unsafe larger
  }
}
