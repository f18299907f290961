public import AsyncioBridge

extension Asyncio {
  /// Which schedules ``Asyncio/explore(_:replaying:failures:_:)`` tries, and how long.
  public struct Exploration: Sendable {
    /// Which orders are tried.
    public enum Level: Sendable {
      /// Only orders that asyncio itself can give: first in, first out. With ``Exploration/lateness``, timers may come
      /// late.
      case timing
      /// Jobs of Swift's (tasks, actors, the ends of sleeps) in any order; asyncio's own entries first in, first out
      /// among themselves. For tests of Swift code, and of programs that mix both.
      case ready
      /// The steps of asyncio's tasks in any order too: whether asyncio code leans on asyncio's order.
      case any
    }

    /// How schedules are looked for.
    public enum Search: Sendable {
      /// First in, first out; then all single delays, then double ones; then random ones.
      case standard
      /// First in, first out: one schedule.
      case fifo
      /// Every schedule with at most so many delays.
      case delays(upTo: Int)
      /// Each choice at random.
      case random
      /// Partial-order sampling: each entry has a random priority.
      case pos
      /// Random priorities of tasks, which change so many times.
      case pct(changes: Int)
    }

    /// What tasks count as that `Task {}` has started in the body, and that are suspended for ever.
    public enum Leaks: Sendable {
      /// As nothing.
      case ignore
      /// As a failure.
      case fail
    }

    /// What this build of the program lets an exploration control.
    public struct Reach: Sendable, CustomStringConvertible {
      /// `Task.sleep` and the sleeps of Swift's clocks take virtual time.
      public internal(set) var sleeps = false
      /// Swift's clocks tell virtual time.
      public internal(set) var clocks = false
      /// `Task {}` and `Task.detached {}` run on the loop.
      public internal(set) var strayTasks = false
      /// Code of the main actor runs on the loop.
      public internal(set) var mainActor = false
      /// A table names the actors that tasks enter.
      public internal(set) var actorNames = false

      private var parts: [(isReached: Bool, name: String)] {
        [
          (sleeps, "sleeps"), (clocks, "clocks"), (strayTasks, "stray tasks"), (mainActor, "main actor"),
          (actorNames, "actor names"),
        ]
      }

      /// `sleeps, clocks, stray tasks, main actor, actor names`, without what can't be controlled.
      public var description: String { parts.filter(\.isReached).map(\.name).joined(separator: ", ") }

      /// What can't be controlled.
      var missing: [String] { parts.filter { !$0.isReached }.map(\.name) }
    }

    /// What an exploration in which no schedule failed has tried.
    public struct Result: Sendable, CustomStringConvertible {
      /// How many schedules ran.
      public internal(set) var schedules = 0
      /// How many of them differed in who ran when.
      public internal(set) var distinct = 0
      /// How many entries ran in all.
      public internal(set) var steps = 0
      /// Every schedule with at most so many delays has been tried; nil: not even the first.
      public internal(set) var exhaustedDelays: Int?
      /// The names of those ``Asyncio/sometimes(_:_:)`` that were true in no schedule.
      public internal(set) var neverTrue: [String] = []
      /// How often, in all, a task was resumed that went on in Swift's pool, where nothing controls it, as those do
      /// that `Task.immediate` makes. Their own yields and sleeps, which end there too, are not seen.
      public internal(set) var departures = 0
      /// What could be controlled.
      public internal(set) var reach = Reach()

      /// `1400 schedules, 1200 different; every schedule with at most 1 delay`.
      public var description: String {
        var text = "\(schedules) schedules, \(distinct) different"
        if let exhaustedDelays {
          text += "; every schedule with at most \(exhaustedDelays) delay\(exhaustedDelays == 1 ? "" : "s")"
        }
        text += "\(Departures(count: departures))"
        if !neverTrue.isEmpty { text += "; never true: \(neverTrue.joined(separator: ", "))" }
        return text
      }
    }

    /// How schedules are looked for.
    public var search: Search
    /// How many schedules are tried at most. The environment's `ASYNCIO_SCHEDULES` replaces it.
    public var schedules: Int
    /// How long it may take, in real time; nil: as long as it takes. Not obeyed with `ASYNCIO_SCHEDULES` in the
    /// environment.
    public var time: Duration?
    /// Which orders are tried.
    public var level: Level
    /// By how much timers may be taken for due before what is ready.
    public var lateness: Duration
    /// How many entries a schedule may run before it counts as a livelock.
    public var stepLimit: Int
    /// How long, in real time, a schedule waits for other threads, once any has handed in something, before the clock
    /// jumps.
    public var foreignPatience: Duration
    /// Where random numbers begin. The environment's `ASYNCIO_SEED` replaces it.
    public var seed: UInt64
    /// What tasks that are suspended for ever count as.
    public var leaks: Leaks
    /// A folder for a page of HTML that shows the schedule that fails; nil: none is written. The environment's
    /// `ASYNCIO_SCHEDULE_PAGES` replaces it.
    public var pages: String?
    /// Whether what `Task {}` starts, and code of the main actor, are kept on the loop; that replaces functions of
    /// Swift's runtime, for this thread.
    public var adopting: Bool
    /// Which Python the loops follow.
    public var semantics: Semantics

    /// An exploration, by default of 2 000 schedules or two seconds, whichever ends first.
    public init(
      search: Search = .standard,
      schedules: Int = 2000,
      time: Duration? = .seconds(2),
      level: Level = .ready,
      lateness: Duration = .zero,
      stepLimit: Int = 10_000,
      foreignPatience: Duration = .milliseconds(20),
      seed: UInt64 = 1,
      leaks: Leaks = .ignore,
      pages: String? = nil,
      adopting: Bool = true,
      semantics: Semantics = .python3_8
    ) {
      self.search = search
      self.schedules = schedules
      self.time = time
      self.level = level
      self.lateness = lateness
      self.stepLimit = stepLimit
      self.foreignPatience = foreignPatience
      self.seed = seed
      self.leaks = leaks
      self.pages = pages
      self.adopting = adopting
      self.semantics = semantics
    }
  }

  /// States that something holds: for code under exploration that can't throw.
  ///
  /// If it does not hold, the schedule has failed. Outside of an exploration it traps.
  public static func check(_ condition: Bool, _ message: @autoclosure () -> String) {
    if condition { return }
    guard let schedule = Schedule.current else { fatalError(message()) }
    schedule.complain(message())
  }

  /// States that something is true in some schedule, so that an exploration that never comes there is noticed.
  ///
  /// Names that were true in no schedule are in ``Exploration/Result/neverTrue``; the trait `explored` records them as
  /// issues. Outside of an exploration this does nothing.
  public static func sometimes(_ name: String, _ condition: Bool = true) { Schedule.current?.hope(name, condition) }
}
