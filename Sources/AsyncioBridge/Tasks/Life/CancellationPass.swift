/// How a future passes on a cancellation.
enum CancellationRoute {
  /// As its `cancel(message:)` does, which may be code of the user's.
  case own
  /// It ends.
  case ends
  /// To what the task waits for.
  case task(TaskRef)
  /// To the children.
  case gather(Gathering)
}

/// Cancellations of several tasks, one after the other, on their way through what those wait for.
///
/// In a loop, since the way may be longer than the stack is deep. It cancels in the order in which calls would that go from
/// one to the next. But what it has been through it does not go through again, which would take the square of the time
/// with a chain of tasks all of which are cancelled: how often it has come there is noted, and made up for at the end.
/// This is sound since nothing runs meanwhile but `cancel(message:)` of the user's own classes, before which all is settled.
struct CancellationPass: ~Copyable {
  /// What the asked answers: whether it accepts the cancellation, and would do so a second time.
  private typealias Answer = (isAccepted: Bool, isAcceptedAgain: Bool)

  /// What has been asked, and waits for the answers of those that it asks in turn.
  private struct Stop {
    let future: Asyncio.AnyFuture
    let route: CancellationRoute
    let asked: [Asyncio.AnyFuture?]
    var next = 0
    var answer: Answer = (false, false)
    /// Everything further down is the library's.
    var isKnown = true

    mutating func nextToAsk() -> Asyncio.AnyFuture? {
      while next < asked.count {
        next += 1
        if let future = asked[next - 1] { return future }
      }
      return nil
    }

    mutating func hear(_ other: Answer) {
      answer.isAccepted = answer.isAccepted || other.isAccepted
      answer.isAcceptedAgain = answer.isAcceptedAgain || other.isAcceptedAgain
    }
  }

  /// What has answered.
  private struct Passed {
    let future: Asyncio.AnyFuture
    let route: CancellationRoute
    let isAcceptedAgain: Bool
    /// How often it has been asked again.
    var repetitions = 0
  }

  private let message: String?
  /// From what is cancelled down to where the cancellation has come.
  private var way: [Stop] = []
  /// What has been passed in full, and its places: each behind all that it passes the cancellation on to.
  private var passed: [Passed] = []
  private var places: [ObjectIdentifier: Int] = [:]
  private var hasRepetitions = false
  /// There is more than one way to come anywhere.
  private var remembers: Bool

  private init(message: String?, remembers: Bool) {
    self.message = message
    self.remembers = remembers
  }

  /// Cancels all of these, in their order.
  static func cancel(_ futures: [Asyncio.AnyFuture]) {
    var pass = CancellationPass(message: nil, remembers: true)
    for future in futures {
      if pass.ask(future) == nil { _ = pass.finishWay() }
    }
    pass.settle()
  }

  /// Cancels a future that is not done, by this route.
  static func cancel(_ future: Asyncio.AnyFuture, _ route: CancellationRoute, message: String?) -> Bool {
    var pass = CancellationPass(message: message, remembers: false)
    let answer = pass.go(to: future, by: route) ?? pass.finishWay()
    pass.settle()
    return answer.isAccepted
  }

  private mutating func finishWay() -> Answer {
    var answer: Answer = (false, false)
    while !way.isEmpty {
      let last = way.count - 1
      if let future = way[last].nextToAsk() {
        if let answer = ask(future) { way[last].hear(answer) }
      } else {
        let stop = way.removeLast()
        answer = leave(stop)
        if last > 0 {
          way[last - 1].hear(answer)
          if !stop.isKnown { way[last - 1].isKnown = false }
        }
      }
    }
    return answer
  }

  /// Nil if others have to be asked first.
  private mutating func ask(_ future: Asyncio.AnyFuture) -> Answer? {
    if let place = places[ObjectIdentifier(future)] {
      passed[place].repetitions += 1
      hasRepetitions = true
      return (passed[place].isAcceptedAgain, passed[place].isAcceptedAgain)
    }
    let route = future.cancellationRoute
    switch route {
    case .ends: return (future.cancelFuture(message: message), false)
    case .own:
      settle()
      places = [:]
      passed = []
      if !way.isEmpty { way[way.count - 1].isKnown = false }
      return (future.cancel(message: message), false)
    case .task:
      future.hasUnretrievedError = false
      if future.isDone { return (false, false) }
      future.cancelMessage = message
      return go(to: future, by: route)
    case .gather: return future.isDone ? (false, false) : go(to: future, by: route)
    }
  }

  private mutating func go(to future: Asyncio.AnyFuture, by route: CancellationRoute) -> Answer? {
    switch route {
    case .own, .ends: preconditionFailure("AsyncioBridge: a cancellation is passed on by what passes none on")
    case .gather(let gathering):
      if gathering.children.count > 1 { remembers = true }
      way.append(Stop(future: future, route: route, asked: gathering.children))
      return nil
    case .task(let core):
      if core.record.isPassingOnCancellation {
        core.breakCircularWait()
        return (true, true)
      }
      core.record.cancelRequests += 1
      guard let waiter = core.waiter else {
        core.cancelAtNextStep()
        return (true, true)
      }
      if case .ends = waiter.cancellationRoute {
        if !waiter.cancelFuture(message: message) { core.cancelAtNextStep() }
        return (true, true)
      }
      core.record.isPassingOnCancellation = true
      way.append(Stop(future: future, route: route, asked: [waiter]))
      return nil
    }
  }

  /// All those that it asks have answered.
  private mutating func leave(_ stop: Stop) -> Answer {
    var answer = stop.answer
    switch stop.route {
    case .own, .ends: break
    case .gather(let gathering): if answer.isAccepted { gathering.didRequestCancellation(message: message) }
    case .task(let core):
      core.record.isPassingOnCancellation = false
      if !answer.isAccepted { core.cancelAtNextStep() }
      answer = (true, true)
    }
    let id = ObjectIdentifier(stop.future)
    if remembers, stop.isKnown, places[id] == nil {
      places[id] = passed.count
      passed.append(Passed(future: stop.future, route: stop.route, isAcceptedAgain: answer.isAcceptedAgain))
    }
    return answer
  }

  // MARK: Repetitions

  /// Makes up for what has been asked again.
  private mutating func settle() {
    if !hasRepetitions { return }
    hasRepetitions = false
    for place in passed.indices.reversed() where passed[place].repetitions > 0 {
      let count = passed[place].repetitions
      passed[place].repetitions = 0
      switch passed[place].route {
      case .own, .ends: break
      case .task(let core): `repeat`(count, to: core, at: place)
      case .gather(let gathering):
        var isAccepted = false
        for child in gathering.children {
          if let child, `repeat`(count, to: child, below: place) { isAccepted = true }
        }
        if isAccepted { gathering.didRequestCancellation(message: message) }
      }
    }
  }

  private mutating func `repeat`(_ count: Int, to core: TaskRef, at place: Int) {
    core.record.cancelRequests += count
    guard let waiter = core.waiter, `repeat`(count, to: waiter, below: place) else { return core.cancelAtNextStep() }
  }

  /// - Parameter place: that of what passes it on.
  private mutating func `repeat`(_ count: Int, to future: Asyncio.AnyFuture, below place: Int) -> Bool {
    if future.isDone { return false }
    if let own = places[ObjectIdentifier(future)], own < place {
      passed[own].repetitions += count
      return passed[own].isAcceptedAgain
    }
    guard case .task(let core) = future.cancellationRoute else { return false }
    // It waits for nothing any more: what it has waited for is done, or has been the task itself.
    core.record.cancelRequests += count
    core.cancelAtNextStep()
    return true
  }
}
