extension Program {
  /// A short program that shows what the library does.
  struct Demonstration: Sendable {
    let name: String
    /// One line for the list of programs.
    let summary: String
    let run: @Sendable () throws -> Void

    init(_ name: String, _ summary: String, _ run: @escaping @Sendable () throws -> Void) {
      self.name = name
      self.summary = summary
      self.run = run
    }
  }

  /// In the order of the tour.
  static let demonstrations: [Demonstration] = [
    Demonstration("hello", "two tasks, and their results with their types", hello),
    Demonstration("combinators", "each combinator once", combinators),
    Demonstration("cancellation", "passed on, caught, denied, in time", cancellation),
    Demonstration("timeouts", "limits on single and on several waits", timeouts),
    Demonstration("task-groups", "a timeout in a child, around the group, in its body", taskGroups),
    Demonstration("shield", "work that must not be torn off", shield),
    Demonstration("producer-consumer", "a bounded queue between tasks of different speeds", producerConsumer),
    Demonstration("crawl", "8 workers, a queue, and join", crawl),
    Demonstration("shared-state", "an ordinary object for many tasks, without locks", sharedState),
    Demonstration("threads", "work on other threads, and calls from them", threads),
    Demonstration("pinned-actor", "an actor that lives on the loop", pinnedActor),
    Demonstration("dashboard", "tasks that call ordinary Swift code: an actor, a stream, a task group", dashboard),
    Demonstration("server", "loops on several threads, each with a part of the data", server),
    Demonstration("virtual-time", "hours that pass in no time, and a deadlock that is found", virtualTime),
    Demonstration("explore", "a program that is wrong in one order of many, and the order", explore),
    Demonstration("stuck", "two tasks that wait for each other, and what shows it", stuck),
  ]

  /// Runs all demonstrations, one after the other. What they print is always the same.
  static func tour() throws {
    for demonstration in demonstrations {
      print("== \(demonstration.name): \(demonstration.summary)")
      try demonstration.run()
      print()
    }
    print("Each of these is a program of its own: 'swift run Examples help' lists them.")
  }
}
