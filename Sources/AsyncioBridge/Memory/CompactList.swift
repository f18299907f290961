/// A growing list that takes one word where it is kept.
struct CompactList<Element: ~Copyable>: ~Copyable {
  // Invariant: behind the header there is room for `capacity` elements, of which the first `count` are initialised.
  private struct Header {
    var count = 0
    var capacity: Int
  }

  private var header: UnsafeMutablePointer<Header>?

  init() {}

  deinit {
    guard let header else { return }
    Self.elements(header).deinitialize(count: header.pointee.count)
    UnsafeMutableRawPointer(header).deallocate()
  }

  private static func allocate(_ capacity: Int) -> UnsafeMutablePointer<Header> {
    let size = MemoryLayout<Header>.stride + capacity * MemoryLayout<Element>.stride
    let header = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: MemoryLayout<Header>.alignment)
      .assumingMemoryBound(to: Header.self)
    header.initialize(to: Header(capacity: capacity))
    return header
  }

  private static func elements(_ header: UnsafeMutablePointer<Header>) -> UnsafeMutablePointer<Element> {
    UnsafeMutableRawPointer(header + 1).assumingMemoryBound(to: Element.self)
  }

  var count: Int { header?.pointee.count ?? 0 }

  mutating func append(_ element: consuming Element) {
    let header = headerWithRoom()
    (Self.elements(header) + header.pointee.count).initialize(to: element)
    header.pointee.count &+= 1
  }

  /// Takes out the first element, where there are few.
  mutating func removeFirst() -> Element {
    let header = header.unsafelyUnwrapped
    let elements = Self.elements(header)
    let first = elements.move()
    header.pointee.count &-= 1
    elements.moveInitialize(from: elements + 1, count: count)
    return first
  }

  func forEach(_ body: (borrowing Element) -> Void) {
    guard let header else { return }
    for index in 0..<header.pointee.count { body(Self.elements(header)[index]) }
  }

  /// Takes out all elements, first to last.
  consuming func takeAll(_ body: (consuming Element) -> Void) {
    guard let header else { return }
    let (elements, end) = (Self.elements(header), header.pointee.count)
    header.pointee.count = 0
    for index in 0..<end { body((elements + index).move()) }
  }

  /// Moves every element for which `condition` holds to another list, keeping the order.
  mutating func removeAll(where condition: (borrowing Element) -> Bool, to removed: inout CompactList) {
    guard let header else { return }
    let elements = Self.elements(header)
    var kept = 0
    for index in 0..<count {
      if condition(elements[index]) {
        removed.append((elements + index).move())
      } else {
        if kept != index { (elements + kept).moveInitialize(from: elements + index, count: 1) }
        kept += 1
      }
    }
    header.pointee.count = kept
  }

  private mutating func headerWithRoom() -> UnsafeMutablePointer<Header> {
    guard let header else {
      let new = Self.allocate(2)
      header = new
      return new
    }
    if header.pointee.count < header.pointee.capacity { return header }
    let larger = Self.allocate(header.pointee.capacity * 2)
    Self.elements(larger).moveInitialize(from: Self.elements(header), count: count)
    larger.pointee.count = count
    UnsafeMutableRawPointer(header).deallocate()
    self.header = larger
    return larger
  }
}
