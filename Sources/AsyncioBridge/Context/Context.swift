extension Asyncio {
  /// The values of context variables that code runs with. `contextvars.Context`.
  ///
  /// Every task works on a copy of its creator's context, and every callback on a copy of the context in which it was
  /// scheduled, so neither sees what the other sets. Copies share their storage until one of them changes.
  ///
  /// Swift's own child tasks (`async let`, task groups) do not see their parent's context; they see its task-locals.
  public final class Context {
    /// Keyed by the identity of the variable, which the entry keeps alive so that no other variable gets the same key.
    typealias Values = [ObjectIdentifier: (variable: any AnyObject & Sendable, value: any Sendable)]

    /// The part of a context that other threads may have.
    fileprivate(set) var values: Values

    /// Creates an empty context.
    public convenience init() { self.init([:]) }

    init(_ values: Values) { self.values = values }

    /// A context with the same values, independent from now on. `Context.copy()`.
    public func copy() -> Context { Context(values) }

    /// Runs `body` with this as the current context: values that `body` sets stay in this object. `Context.run()`.
    @discardableResult
    public func run<Result>(_ body: () throws -> Result) rethrows -> Result {
      try Context.with(self, body)
    }

    /// Runs `body` in a context; nil is the empty context that nobody has asked for yet.
    @inline(__always)
    static func with<Result>(
      _ context: Context?,
      on thread: RecordRef<ThreadState> = callersThread,
      _ body: () throws -> Result
    ) rethrows -> Result {
      let previous = thread.record.context
      thread.record.context = context
      defer { thread.record.context = previous }
      return try body()
    }

    /// The current context itself, which ``ContextVar/set(_:)`` changes.
    /// - Parameter isolation: leave it out; it keeps the context in the caller's domain.
    public static func current(isolation: isolated (any Actor)? = #isolation) -> Context {
      if let context = currentIfAny { return context }
      let context = Context()
      callersThread.record.context = context
      callingCore?.record.ownContext = context
      return context
    }

    /// The current context; nil if it is the empty one that nobody has asked for yet.
    fileprivate static var currentIfAny: Context? {
      let thread = callersThread
      if let context = thread.record.context { return context }
      // Another task may have asked for the calling task's context.
      guard let context = callingCore?.record.ownContext else { return nil }
      thread.record.context = context
      return context
    }

    private static var callingCore: TaskRef? {
      ThreadState.current.record.runningLoop?.with { $0.callingCore() }
    }

    /// The context of a new task or callback: a copy of the caller's.
    @inline(__always)
    static func inherited() -> Context? { callersThread.record.context?.copy() }

    /// The context of a new task or callback of `loop`. A running loop runs on the caller's thread, and knows that
    /// thread.
    @inline(__always)
    static func inherited(on loop: EventLoop) -> Context? {
      guard let thread = loop.thread else { return inherited() }
      if loop.state.runsActorJob { loop.identifyCaller() }
      return thread.record.context?.copy()
    }

    /// The state of the calling thread, with the caller's context in place.
    @inline(__always)
    fileprivate static var callersThread: RecordRef<ThreadState> {
      let thread = ThreadState.current
      thread.record.runningLoop?.with { loop in
        if loop.state.runsActorJob { loop.identifyCaller() }
      }
      return thread
    }
  }

  /// A copy of the current context. `contextvars.copy_context()`.
  public static func copyContext() -> Context { Context.current().copy() }

  /// A variable whose value belongs to the task or callback that sets it. `contextvars.ContextVar`.
  ///
  /// Make one as a global or static constant. Where the value need not change within a task, a `@TaskLocal` does the
  /// same with Swift's own means: tasks inherit it from their creator (callbacks do not).
  ///
  /// ```swift
  /// let requestID = Asyncio.ContextVar<Int>("requestID", default: 0)
  ///
  /// requestID.set(7)
  /// Asyncio.createTask { print(requestID.value) }   // 7, whatever the creator sets from here on
  /// ```
  public final class ContextVar<Value: Sendable>: Sendable, CustomStringConvertible {
    /// The name, for descriptions.
    public let name: String
    private let defaultValue: Value

    /// Creates a variable.
    /// - Parameters:
    ///   - name: shown in descriptions.
    ///   - defaultValue: the value in contexts in which none was set.
    public init(_ name: String, default defaultValue: Value) {
      self.name = name
      self.defaultValue = defaultValue
    }

    /// The value in the current context, or the default. `ContextVar.get()`.
    public var value: Value {
      guard let context = Context.currentIfAny, let entry = context.values[ObjectIdentifier(self)]
      else {
        return defaultValue
      }
      return entry.value as! Value
    }

    /// Sets the value in the current context. `ContextVar.set()`.
    /// - Returns: what ``reset(_:)`` takes to undo it.
    @discardableResult
    public func set(_ value: Value) -> Token {
      let context = Context.current()
      let token = Token(variable: self, context: context, oldValue: storedValue(in: context))
      store(value, in: context)
      return token
    }

    /// Gives the current context the value again that it had before a ``set(_:)``, or none. `ContextVar.reset(token)`.
    /// - Parameter token: what that `set` returned; it is used up.
    /// - Throws: ``RuntimeError`` if the token was used before; ``ValueError`` if it was made for another variable, or
    ///   in another context. Then nothing changes.
    public func reset(_ token: Token) throws {
      if token.isUsed { throw RuntimeError("\(token) has already been used once") }
      if token.variable !== self { throw ValueError("\(token) was created by a different ContextVar") }
      if token.context !== Context.current() { throw ValueError("\(token) was created in a different Context") }
      token.isUsed = true
      store(token.oldValue, in: token.context)
    }

    /// Makes the current context fall back to the default.
    public func reset() { store(nil, in: .current()) }

    /// Runs `body` with a value in the current context, and sets the one from before again on every way out. What
    /// `body` sets is undone too.
    ///
    /// ```swift
    /// let reply = try await requestID.withValue(8) { try await ask() }
    /// ```
    /// Tasks that `body` creates keep the value, since each has a copy of the context.
    /// - Throws: what `body` throws.
    public func withValue<Result>(_ value: Value, _ body: () throws -> Result) rethrows -> Result {
      let token = set(value)
      defer { store(token.oldValue, in: token.context) }
      return try body()
    }

    /// Runs `body` with a value in the current context, and sets the one from before again on every way out. See
    /// ``withValue(_:_:)``.
    ///
    /// Not for Swift's own child tasks, which have no context of their own.
    /// - Throws: what `body` throws.
    public nonisolated(nonsending) func withValue<Result>(
      _ value: Value,
      _ body: nonisolated(nonsending) () async throws -> Result
    ) async rethrows -> Result {
      let token = set(value)
      defer { store(token.oldValue, in: token.context) }
      return try await body()
    }

    private func storedValue(in context: Context) -> Value? {
      context.values[ObjectIdentifier(self)].map { $0.value as! Value }
    }

    private func store(_ value: Value?, in context: Context) {
      context.values[ObjectIdentifier(self)] = value.map { (self, $0) }
    }

    /// Undoes a ``ContextVar/set(_:)``, once. `contextvars.Token`.
    public final class Token: CustomStringConvertible {
      /// The variable that was set. `Token.var`.
      public let variable: ContextVar<Value>
      /// The value from before; nil if the context had none. `Token.old_value`, `Token.MISSING`.
      public let oldValue: Value?
      fileprivate let context: Context
      fileprivate var isUsed = false

      fileprivate init(variable: ContextVar<Value>, context: Context, oldValue: Value?) {
        self.variable = variable
        self.context = context
        self.oldValue = oldValue
      }

      /// `<Token used var=<ContextVar name=…>>`.
      public var description: String { "<Token \(isUsed ? "used " : "")var=\(variable)>" }
    }

    /// `<ContextVar name=…>`.
    public var description: String { "<ContextVar name=\(name)>" }
  }
}
