extension Asyncio {
  /// What a loop tells its exception handler about an error that nobody else will see.
  public struct ExceptionContext: CustomStringConvertible {
    /// What happened.
    public let message: String
    /// The error, if one was thrown.
    public let error: (any Error)?
    /// The future or task that the report is about. Nil if the object is about to go; then `subject` describes it.
    public let future: AnyFuture?
    /// The callback that threw.
    public let handle: Handle?
    /// A description of the report's subject as it was at the time, made on request.
    public var subject: String? { described?.text }
    /// The name of the task that the report is about.
    public let taskName: String?
    /// What else whoever reports wants to tell, by names of their own.
    public var userInfo: [String: Any] = [:]
    let site: SourceSite?
    private let described: Subject?
    /// The context of what this is about, where that is neither the future nor the handle.
    var subjectsContext: Context?

    /// What a report is about.
    enum Subject {
      case future(FutureSummary)
      case text(String)

      var text: String {
        switch self {
        case .future(let summary): "\(summary)"
        case .text(let text): text
        }
      }
    }

    /// Creates a context, to call ``EventLoop/callExceptionHandler(_:)`` with.
    /// - Parameters:
    ///   - message: what happened.
    ///   - error: the error, if one was thrown.
    ///   - future: the future or task it happened to.
    ///   - handle: the callback that threw.
    ///   - userInfo: what else there is to tell, by names of your own.
    public init(
      message: String,
      error: (any Error)? = nil,
      future: AnyFuture? = nil,
      handle: Handle? = nil,
      userInfo: [String: Any] = [:]
    ) {
      self.init(message: message, error: error, future: future, handle: handle, subject: nil, site: future?.site)
      self.userInfo = userInfo
    }

    init(
      message: String,
      error: (any Error)? = nil,
      future: AnyFuture? = nil,
      handle: Handle? = nil,
      subject: Subject? = nil,
      taskName: String? = nil,
      site: SourceSite? = nil,
      subjectsContext: Context? = nil
    ) {
      self.message = message
      self.error = error
      self.future = future
      self.handle = handle
      described = subject ?? future.map { .future(FutureSummary(of: $0)) } ?? handle.map { .text($0.description) }
      self.taskName = taskName ?? future?.core?.record.name
      self.site = site ?? handle?.site
      self.subjectsContext = subjectsContext
    }

    /// The context of the task or callback that this is about, for the handler to run in; nil if it is about something
    /// else.
    var handlersContext: Context? {
      if let subjectsContext { return subjectsContext }
      if let future { return future.core?.requireContext() }
      return handle.map { $0.context ?? Context() }
    }

    /// Where in your source the future, task or callback was created: `Module/File.swift:12`.
    public var creationSite: String? { site?.description }

    /// The message, then everything else that is known, one item per line. The default handler prints this.
    public var description: String {
      var lines = [message.isEmpty ? "Unhandled exception in event loop" : message]
      if let site { lines.append("created at: \(site)") }
      if let error { lines.append("exception: \(error)") }
      if let subject { lines.append("subject: \(subject)") }
      if let taskName { lines.append("task: \(taskName)") }
      for (name, value) in userInfo.sorted(by: { $0.key < $1.key }) { lines.append("\(name): \(value)") }
      return lines.joined(separator: "\n  ")
    }
  }

  /// Receives a loop's reports: a callback that threw, an error that nobody retrieved, a task that went away pending.
  public typealias ExceptionHandler = (EventLoop, ExceptionContext) throws -> Void
}

extension Asyncio.EventLoop {
  /// Reports to the loop's exception handler. `loop.call_exception_handler()`.
  ///
  /// The handler runs in the current context; on a loop that follows ``Asyncio/Semantics/python3_13`` in that of the
  /// task or callback which `context` is about. An error that the handler throws is reported by the default handler. A
  /// ``Asyncio/BaseError`` leaves the loop instead.
  public func callExceptionHandler(_ context: Asyncio.ExceptionContext) {
    guard let exceptionHandler else { return defaultExceptionHandler(context) }
    do {
      if semantics.handlerRunsInSubjectsContext, let handlersContext = context.handlersContext {
        try handlersContext.run { try exceptionHandler(self, context) }
      } else {
        try exceptionHandler(self, context)
      }
    } catch let error as any Asyncio.BaseError {
      state.escapingError = error
    } catch {
      defaultExceptionHandler(
        Asyncio.ExceptionContext(
          message: "Unhandled error in exception handler, while reporting: \(context.message)",
          error: error
        )
      )
    }
  }

  /// Logs the context. `loop.default_exception_handler()`.
  public func defaultExceptionHandler(_ context: Asyncio.ExceptionContext) {
    logger(context.description)
  }
}
