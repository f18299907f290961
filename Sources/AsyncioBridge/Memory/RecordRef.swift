/// The address of a record that lies in raw memory: a task's core, a reusable host, what belongs to a thread.
///
/// Copying one counts nothing, so that a step touches no reference count. It is sound as long as the record is there: who
/// keeps a reference beyond the step in which it was given owns the record, or is told when that goes. Debug builds trap
/// when a record is looked at that has been given back to its pool.
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

  /// Destroys the record; its memory stays.
  @inline(__always)
  func deinitialize() { unsafe address.deinitialize(count: 1) }

  @inlinable
  static func == (a: Self, b: Self) -> Bool { unsafe a.address == b.address }

  @usableFromInline
  func hash(into hasher: inout Hasher) { unsafe hasher.combine(address) }
}

/// What debug builds leave in the memory of a record that was given back. Nothing stored: each look at a record compares
/// with it, and a stored global is asked for through a lock that all threads share until it has been made.
enum RecordPoison {
  static var byte: UInt8 { 0xDB }
  static var word: UInt { UInt(truncatingIfNeeded: 0xDBDB_DBDB_DBDB_DBDB as UInt64) }
}
