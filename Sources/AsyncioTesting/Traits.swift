#if canImport(Testing)
  public import AsyncioBridge
  public import Testing

  /// Runs a test under many schedules. See ``Testing/Trait/explored``.
  public struct ExplorationTrait: TestTrait, SuiteTrait, TestScoping {
    let exploration: Asyncio.Exploration
    let replayed: String?

    /// Each test of a suite is explored by itself.
    public var isRecursive: Bool { true }

    /// Runs the test's function under one schedule after the other, and records an issue for the first that fails.
    @concurrent
    public func provideScope(
      for test: Test,
      testCase: Test.Case?,
      performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
      // Of a suite as a whole.
      guard testCase != nil else { return try await function() }
      let path = test.id.nameComponents
      let replayed = replayed ?? Environment.schedule(of: path)
      let outcome = try await BorrowedFunction.lend(function) { function in
        try await onOwnThread { () -> Result<Asyncio.Exploration.Result, Asyncio.ScheduleFailure> in
          let issues = TestIssues(of: test, testCase, areShown: replayed != nil)
          let explorer = Explorer(
            exploration.adjustedByEnvironment(),
            replaying: replayed,
            test: path.joined(separator: "/"),
            issues: issues.takeAll
          )
          do {
            return .success(try explorer.run(issues.noted { try await function.call() }))
          } catch let failure as Asyncio.ScheduleFailure {
            return .failure(failure)
          }
        }
      }
      switch outcome {
      case .failure(let failure): Issue.record("\(test.name) \(failure)", sourceLocation: test.sourceLocation)
      case .success(let result):
        if Environment.triesFewer(than: exploration) { return }
        for name in result.neverTrue {
          Issue.record(
            "\(test.name): '\(name)' was true in none of \(result.schedules) schedules",
            sourceLocation: test.sourceLocation
          )
        }
      }
    }
  }

  /// Runs a test once in virtual time. See ``Testing/Trait/virtualTime``.
  public struct VirtualTimeTrait: TestTrait, SuiteTrait, TestScoping {
    let semantics: Asyncio.Semantics

    /// Each test of a suite has a time of its own.
    public var isRecursive: Bool { true }

    /// Runs the test's function on a virtual loop.
    @concurrent
    public func provideScope(
      for test: Test,
      testCase: Test.Case?,
      performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
      guard testCase != nil else { return try await function() }
      try await BorrowedFunction.lend(function) { function in
        try await Asyncio.withVirtualTime(semantics: semantics) { try await function.call() }
      }
    }
  }

  extension Trait where Self == ExplorationTrait {
    /// Runs the test under many schedules, each time on a new virtual loop.
    ///
    /// ```swift
    /// @Test(.explored) func withdrawals() async throws {
    ///   let account = Account(balance: 100)
    ///   async let a = account.withdraw(80)
    ///   async let b = account.withdraw(80)
    ///   _ = await (a, b)
    ///   #expect(await account.balance >= 0)
    /// }
    /// ```
    /// The first schedule that fails is shrunk, replayed, and recorded as an issue, with its text and a table of who
    /// ran when. Code of the main actor runs on the loop's thread, and so beside other tests: make in the test what it
    /// uses.
    public static var explored: Self { Self(exploration: Asyncio.Exploration(), replayed: nil) }

    /// Runs the test under the schedules of an exploration; or under one alone, given by its text.
    public static func explored(
      _ exploration: Asyncio.Exploration = Asyncio.Exploration(),
      replaying schedule: String? = nil
    ) -> Self {
      Self(exploration: exploration, replayed: schedule)
    }
  }

  extension Trait where Self == VirtualTimeTrait {
    /// Runs the test once, first in, first out, in virtual time.
    public static var virtualTime: Self { Self(semantics: .python3_8) }

    /// Runs the test once, first in, first out, in virtual time, on a loop that follows this version of Python.
    public static func virtualTime(semantics: Asyncio.Semantics) -> Self { Self(semantics: semantics) }
  }
#endif
