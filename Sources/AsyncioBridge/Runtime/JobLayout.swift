/// What the runtime keeps in a job, and has no function to ask for. The places are those of Swift 6.2 and 6.3 on 64-bit
/// systems; `isAsExpected` tells whether they still hold.
enum JobLayout {
  private static var kindOffset: Int { 32 }
  private static var idOffset: Int { 36 }
  private static var actorOffset: Int { 64 }

  /// The kind of the jobs that are Swift tasks.
  private static var taskKind: UInt32 { 0 }
  /// The kind of the job in which a default actor runs what is enqueued on it.
  private static var actorKind: UInt32 { 193 }

  private static func address(_ job: UnownedJob) -> UnsafeRawPointer {
    // A job is there until it has been run.
    unsafe UnsafeRawPointer(bitPattern: unsafeBitCast(job, to: UInt.self)).unsafelyUnwrapped
  }

  private static func kind(_ job: UnownedJob) -> UInt32 {
    unsafe address(job).load(fromByteOffset: kindOffset, as: UInt32.self) & 0xff
  }

  /// Whether the job is a Swift task, and not one of the runtime's own or of an actor.
  static func isTask(_ job: UnownedJob) -> Bool { kind(job) == taskKind }

  /// Tells a task from those that had its memory before.
  static func id(_ job: UnownedJob) -> UInt32 { unsafe address(job).load(fromByteOffset: idOffset, as: UInt32.self) }

  /// The type of the actor whose code the job runs.
  static func actorType(_ job: UnownedJob) -> (any AnyObject.Type)? {
    guard kind(job) == actorKind,
      let actor = unsafe address(job).load(fromByteOffset: actorOffset, as: UnsafeRawPointer?.self)
    else { return nil }
    return unsafe type(of: Unmanaged<AnyObject>.fromOpaque(actor).takeUnretainedValue())
  }

  /// Whether a task's id stands where it is expected: the runtime's own description of the job has it.
  static func isAsExpected(for job: UnownedJob) -> Bool {
    let digits = job.description.drop { !$0.isNumber }.prefix { $0.isNumber }
    return isTask(job) && UInt32(digits) == id(job)
  }
}
