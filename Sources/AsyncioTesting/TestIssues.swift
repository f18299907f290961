#if canImport(Testing)
  import AsyncioBridge
  import Synchronization
  import Testing

  /// What a test of Swift Testing records under the schedule that runs.
  final class TestIssues: Sendable {
    private let test: Test
    private let testCase: Test.Case?
    private let areShown: Bool
    private let thread = currentThreadID()
    private let state = Mutex<(texts: [String], isFirstSchedule: Bool)>(([], true))

    /// To be made on the thread that explores.
    /// - Parameter areShown: whether each is shown in its place, as in a replay. A search shows none: its last
    ///   schedule's are in the report.
    init(of test: Test, _ testCase: Test.Case?, areShown: Bool) {
      self.test = test
      self.testCase = testCase
      self.areShown = areShown
    }

    /// Those of the test that the caller runs in; nil outside of any.
    static func current(areShown: Bool) -> TestIssues? {
      Test.current.map { TestIssues(of: $0, Test.Case.current, areShown: areShown) }
    }

    /// The body, with its issues noted here.
    func noted(_ body: @escaping ScheduleRun.Body) -> ScheduleRun.Body {
      let notes: IssueHandlingTrait = .compactMapIssues { [self] issue in note(issue) && !areShown ? nil : issue }
      return { [self] in try await notes.provideScope(for: test, testCase: testCase) { try await body() } }
    }

    /// Notes an issue, if the schedule fails for it.
    /// - Returns: whether a search is not to show it: it is noted, or has been shown for the first schedule.
    private func note(_ issue: Issue) -> Bool {
      // Issues that nobody knows the test of are told to all tests.
      guard currentThreadID() == thread || Test.current?.id == test.id else { return false }
      return state.withLock { state in
        guard issue.isFailureOfTest else { return !state.isFirstSchedule }
        state.texts.append(issue.sourceLocation.map { "\($0.fileName):\($0.line): \(issue)" } ?? "\(issue)")
        return true
      }
    }

    /// What has been noted under the schedule that has ended.
    func takeAll() -> [String] {
      state.withLock { state in
        defer { state = ([], false) }
        return state.texts
      }
    }
  }

  extension Issue {
    /// Whether a test fails for it: not if it is known, or a warning.
    fileprivate var isFailureOfTest: Bool {
      #if compiler(>=6.3)
        isFailure
      #else
        !isKnown
      #endif
    }
  }
#endif
