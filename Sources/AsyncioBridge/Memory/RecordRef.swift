/// The address of a record in raw memory: a task's core, a reusable host, the state of a thread.
///
/// Copying an address counts nothing, so that a step touches no reference count. That is sound as long as the record
/// exists: whoever keeps an address beyond the step that received it owns the record, or is told when the record goes.
/// Debug builds trap on a look at a record that was given back to its pool.
@safe @usableFromInline
struct RecordRef<Record: ~Copyable>: Hashable {
  @usableFromInline let address: UnsafeMutablePointer<Record>

  @inlinable
  init(_ address: UnsafeMutablePointer<Record>) { unsafe self.address = address }

  /// The record.
  @inlinable
  var record: Record {
    @inline(__always) unsafeAddress {
      checkAlive()
      return unsafe UnsafePointer(address)
    }
    @inline(__always) nonmutating unsafeMutableAddress {
      checkAlive()
      return unsafe address
    }
  }

  @usableFromInline
  @inline(__always)
  func checkAlive() {
    #if DEBUG
      precondition(
        unsafe UnsafeRawPointer(address).load(as: UInt.self) != RecordPoison.word,
        "AsyncioBridge: a \(Record.self) is used after it was given back"
      )
    #endif
  }

  /// Makes a record in memory that has none.
  @inline(__always)
  func initialize(to record: consuming Record) { unsafe address.initialize(to: record) }

  /// Destroys the record. The memory stays.
  @inline(__always)
  func deinitialize() { unsafe address.deinitialize(count: 1) }

  @inlinable
  static func == (a: Self, b: Self) -> Bool { unsafe a.address == b.address }

  @usableFromInline
  func hash(into hasher: inout Hasher) { unsafe hasher.combine(address) }
}

/// The mark that debug builds leave in the memory of a record that was given back. A constant, not a stored global:
/// each look at a record compares with the mark, and access to a global goes through a lock that all threads share
/// until the global has been made.
enum RecordPoison {
  static var byte: UInt8 { 0xDB }
  static var word: UInt { UInt(truncatingIfNeeded: 0xDBDB_DBDB_DBDB_DBDB as UInt64) }
}
