extension Program {
  /// The short programs that show what the library does, in the order of the tour.
  static let demonstrations: [Command] = [
    demonstration("hello", "two tasks, and their results with their types", hello),
    demonstration("combinators", "each combinator once", combinators),
    demonstration("cancellation", "passed on, caught, denied, in time", cancellation),
    demonstration("timeouts", "limits on single and on several waits", timeouts),
    demonstration("task-groups", "a timeout in a child, around the group, in its body", taskGroups),
    demonstration("shield", "work that must not be torn off", shield),
    demonstration("producer-consumer", "a bounded queue between tasks of different speeds", producerConsumer),
    demonstration("crawl", "8 workers, a queue, and join", crawl),
    demonstration("shared-state", "an ordinary object for many tasks, without locks", sharedState),
    demonstration("threads", "work on other threads, and calls from them", threads),
    demonstration("pinned-actor", "an actor that lives on the loop", pinnedActor),
    demonstration("dashboard", "tasks that call ordinary Swift code: an actor, a stream, a task group", dashboard),
    demonstration("server", "loops on several threads, each with a part of the data", server),
    demonstration("virtual-time", "hours that pass in no time, and a deadlock that is found", virtualTime),
    demonstration("stuck", "two tasks that wait for each other, and what shows it", stuck),
  ]

  /// Runs all demonstrations, one after the other. What they print is always the same.
  static func tour() throws {
    for demonstration in demonstrations {
      print("== \(demonstration.name): \(demonstration.summary)")
      _ = try demonstration.run([])
      print()
    }
    print("Each of these is a program of its own: 'swift run Examples help' lists them.")
  }

  private static func demonstration(
    _ name: String,
    _ summary: String,
    _ run: @escaping @Sendable () throws -> Void
  ) -> Command {
    Command(name: name, summary: summary) { _ in
      try run()
      return 0
    }
  }
}
