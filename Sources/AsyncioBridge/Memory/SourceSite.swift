/// Where in the user's source something was created.
///
/// `@unchecked Sendable`: the pointer is to a string literal, which is immutable and lives as long as the process.
@safe @usableFromInline
struct SourceSite: @unchecked Sendable, CustomStringConvertible {
  @usableFromInline let file: UnsafePointer<UInt8>?
  @usableFromInline let line: UInt32

  @inlinable
  init(_ fileID: StaticString, _ line: UInt) {
    // Only a single-scalar StaticString has no pointer, and #fileID never is one.
    unsafe file = unsafe fileID.hasPointerRepresentation ? fileID.utf8Start : nil
    self.line = UInt32(clamping: line)
  }

  @usableFromInline var description: String { unsafe "\(file.map { unsafe String(cString: $0) } ?? "?"):\(line)" }
}

extension SourceSite: Hashable {
  /// Several literals may name the same place.
  @usableFromInline
  static func == (a: SourceSite, b: SourceSite) -> Bool {
    a.line == b.line && (unsafe a.file == b.file || a.description == b.description)
  }

  @usableFromInline
  func hash(into hasher: inout Hasher) { hasher.combine(line) }
}

extension SourceSite {
  /// The site of what the library creates for itself.
  static let library = SourceSite("AsyncioBridge", 0)
  var isLibrary: Bool { line == 0 }
}
