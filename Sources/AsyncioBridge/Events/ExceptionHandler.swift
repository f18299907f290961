extension Asyncio {
  /// What a loop tells its exception handler about an error that nobody else will see.
  public struct ExceptionContext: CustomStringConvertible {
    /// What happened.
    public let message: String
    /// The error, if one was thrown.
    public let error: (any Error)?
    /// The future or task it happened to. Nil if that is about to go away: then `subject` describes it.
    public let future: AnyFuture?
    /// The callback that threw.
    public let handle: Handle?
    /// The description of what it happened to, as that was then. Made when it is asked for.
    public var subject: String? { described?.text }
    /// The name of the task it happened to.
    public let taskName: String?
    /// What else whoever reports wants to tell, by names of their own.
    public var userInfo: [String: Any] = [:]
    let site: SourceSite?
    private let described: Subject?

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
      site: SourceSite? = nil
    ) {
      self.message = message
      self.error = error
      self.future = future
      self.handle = handle
      described = subject ?? future.map { .future(FutureSummary(of: $0)) } ?? handle.map { .text($0.description) }
      self.taskName = taskName ?? future?.core?.record.name
      self.site = site ?? handle?.site
    }

    /// Where in your source the future, task or callback was created: `Module/File.swift:12`.
    public var creationSite: String? { site?.description }

    /// The message, then what else is known, one a line: what the default handler prints.
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

  /// Receives what a loop reports: a throwing callback, an error that nobody retrieved, a task that went away pending.
  public typealias ExceptionHandler = (EventLoop, ExceptionContext) throws -> Void
}

extension Asyncio.EventLoop {
  /// Reports to the loop's exception handler. `loop.call_exception_handler()`.
  ///
  /// A handler that throws is itself reported, by the default handler. A ``Asyncio/BaseError`` it throws leaves the loop.
  public func callExceptionHandler(_ context: Asyncio.ExceptionContext) {
    guard let exceptionHandler else { return defaultExceptionHandler(context) }
    do {
      try exceptionHandler(self, context)
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
