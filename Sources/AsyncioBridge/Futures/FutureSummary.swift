/// What a description of a future shows, taken down at one moment.
///
/// Taking it down is cheap, and makes no text but that of a value: so whatever reports something may have one, and only
/// who reads it pays for it. Of tasks, each of which waits for the next, it has two, and the name of the third: such a
/// chain may be longer than the stack is deep, and its description longer than anybody reads.
struct FutureSummary: Sendable {
  /// What a task has besides.
  struct TaskPart: Sendable {
    let name: String
    let site: SourceSite
    let hasEnded: Bool
    let awaited: Awaited
  }

  /// What a task waits for.
  enum Awaited: Sendable {
    case nothing
    /// Something that is not the loop's.
    case foreign
    indirect case future(FutureSummary)
    case cut(kind: String, taskName: String?)
  }

  private let identity: ObjectIdentifier
  private let kind: String
  /// It is within its own description, or too deep within those of others.
  private let isCut: Bool
  private let state: String
  private let task: TaskPart?
  private let error: (any Error)?
  private let value: String?
  private let callbacks: CallbackList.Summary?
  /// Where the future was created, in debug mode.
  private let site: SourceSite?

  /// - Parameter isAwaited: what is described is a task that waits for it.
  init(of future: Asyncio.AnyFuture, isAwaited: Bool = false) {
    let identity = ObjectIdentifier(future)
    self.identity = identity
    kind = future.kindDescription
    isCut = Self.isCut(identity)
    state = future.stateDescription
    task = isCut ? nil : future.taskSummary(isAwaited: isAwaited)
    error = future.error
    value = isCut ? nil : future.anyValue.map { value in Self.within(identity) { Asyncio.describe(value) } }
    callbacks = future.callbacks.summary
    site = future.onLoop(\.isDebug) ? future.site : nil
  }

  /// Values and errors may contain futures, themselves among them.
  private static func isCut(_ identity: ObjectIdentifier) -> Bool {
    let described = ThreadState.current.record.beingDescribed
    return described.contains(identity) || described.count >= 4
  }

  private static func within<Result>(_ identity: ObjectIdentifier, _ describe: () -> Result) -> Result {
    let thread = ThreadState.current
    let isFirst = thread.record.beingDescribed.insert(identity).inserted
    defer { if isFirst { thread.record.beingDescribed.remove(identity) } }
    return describe()
  }
}

extension FutureSummary: CustomStringConvertible {
  var description: String {
    if isCut || Self.isCut(identity) { return "<\(kind) ...>" }
    var parts = [kind, state]
    if let task { parts += task.parts }
    if let error { parts.append(Self.within(identity) { "exception=\(error)" }) }
    if let value { parts.append("result=\(value)") }
    if let callbacks { parts.append("\(callbacks)") }
    if let site { parts.append("created at \(site)") }
    return "<\(parts.joined(separator: " "))>"
  }
}

extension FutureSummary.TaskPart {
  /// - Parameter isAwaited: what is described is another task, which waits for this one.
  init(_ core: TaskRef, _ site: SourceSite, isAwaited: Bool) {
    name = core.record.name
    self.site = site
    hasEnded = core.hasEnded
    if core.isForeign {
      awaited = .foreign
    } else if let waiter = core.waiter {
      awaited =
        isAwaited
        ? .cut(kind: waiter.kindDescription, taskName: waiter.core?.record.name)
        : .future(FutureSummary(of: waiter, isAwaited: true))
    } else {
      awaited = .nothing
    }
  }

  fileprivate var parts: [String] {
    let parts = ["name='\(name)'", "coro=<\(site)\(hasEnded ? " done" : "")>"]
    switch awaited {
    case .nothing: return parts
    case .foreign: return parts + ["wait_for=<foreign>"]
    case .future(let summary): return parts + ["wait_for=\(summary)"]
    case .cut(let kind, let name): return parts + ["wait_for=<\(kind)\(name.map { " name='\($0)'" } ?? "") ...>"]
    }
  }
}
