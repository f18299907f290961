/// How a future passes on a cancellation.
enum CancellationRoute {
  /// By its own `cancel(message:)`, which may be user code.
  case own
  /// The future itself ends.
  case ends
  /// To the future that the task waits for.
  case task(TaskRef)
  /// To the children.
  case gather(Gathering)
}

/// Passes cancellations of several tasks, one after another, on through what the tasks wait for.
///
/// A loop, not recursion, since the path may be longer than the stack is deep. The order of the cancellations is that
/// of recursive calls. But no part of a path is passed through twice, which would take quadratic time on a chain of
/// tasks that are all cancelled: repeated visits are counted, and made up for at the end. That is sound because nothing
/// runs meanwhile except `cancel(message:)` of user classes, and all is settled before such a call.
struct CancellationPass: ~Copyable {
  /// Whether a future accepts the cancellation, and whether it would do so a second time.
  private typealias Answer = (isAccepted: Bool, isAcceptedAgain: Bool)

  /// A future that has been asked, and waits for the answers of the futures that it asks in turn.
  private struct Stop {
    let future: Asyncio.AnyFuture
    let route: CancellationRoute
    let asked: [Asyncio.AnyFuture?]
    var next = 0
    var answer: Answer = (false, false)
    /// Everything further down belongs to the library.
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

  /// A future that has answered.
  private struct Passed {
    let future: Asyncio.AnyFuture
    let route: CancellationRoute
    let isAcceptedAgain: Bool
    /// How often the future has been asked again.
    var repetitions = 0
  }

  private let message: String?
  /// The path from the cancelled future down to where the cancellation has come.
  private var way: [Stop] = []
  /// The futures that have been passed in full, each behind all those that it passes the cancellation on to, and their
  /// places.
  private var passed: [Passed] = []
  private var places: [ObjectIdentifier: Int] = [:]
  private var hasRepetitions = false
  /// Several paths may lead to the same future.
  private var remembers: Bool

  private init(message: String?, remembers: Bool) {
    self.message = message
    self.remembers = remembers
  }

  /// Cancels the futures in order.
  static func cancel(_ futures: [Asyncio.AnyFuture]) {
    var pass = CancellationPass(message: nil, remembers: true)
    for future in futures {
      if pass.ask(future) == nil { _ = pass.finishWay() }
    }
    pass.settle()
  }

  /// Cancels a future that is not done by this route.
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

  /// Asks a future; nil if others have to be asked first.
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

  /// All the futures that `stop` asks have answered.
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

  /// Makes up for repeated visits.
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

  /// - Parameter place: the place of the future that passes the cancellation on.
  private mutating func `repeat`(_ count: Int, to future: Asyncio.AnyFuture, below place: Int) -> Bool {
    if future.isDone { return false }
    if let own = places[ObjectIdentifier(future)], own < place {
      passed[own].repetitions += count
      return passed[own].isAcceptedAgain
    }
    guard case .task(let core) = future.cancellationRoute else { return false }
    // The task no longer waits for anything: what it waited for is done, or was the task itself.
    core.record.cancelRequests += count
    core.cancelAtNextStep()
    return true
  }
}
