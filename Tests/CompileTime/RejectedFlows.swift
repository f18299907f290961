// What the compiler rejects because of where values go: state of a loop that two threads could use at once. A comment
// behind a line is what the error on it says. See `CompileTimeTests`.
//
// Nothing is used again behind such a line, unless the function's name says so: what belongs to a loop belongs to it
// for good.

import AsyncioBridge

nonisolated final class Account {
  var balance = 0

  // By default it may run on any thread, so its object is sent to one.
  func addLater() async { balance += 1 }
}

func futureInADetachedTask() throws {
  try Asyncio.run {
    let future = Asyncio.EventLoop.running()!.createFuture(of: Int.self)
    Task.detached { try await future.value }  // error: risks causing data races
  }
}

func loopInADetachedTask() throws {
  try Asyncio.run {
    let loop = Asyncio.EventLoop.running()!
    Task.detached { loop.stop() }  // error: risks causing data races
  }
}

func runningLoopInADetachedTask() throws {
  try Asyncio.run {
    let loop = Asyncio.EventLoop.running()
    Task.detached { loop?.stop() }  // error: risks causing data races
  }
}

func taskInADetachedTask() throws {
  try Asyncio.run {
    let task = Asyncio.createTask {}
    Task.detached { task.cancel() }  // error: risks causing data races
  }
}

func stateInADetachedTask() throws {
  try Asyncio.run {
    let account = Account()
    Asyncio.createTask { account.balance += 1 }
    Task.detached { account.balance += 1 }  // error: risks causing data races
  }
}

func stateInAnUnstructuredTask() throws {
  try Asyncio.run {
    let account = Account()
    Asyncio.createTask { account.balance += 1 }
    Task { account.balance += 1 }  // error: risks causing data races
  }
}

func stateOfAGather() throws {
  try Asyncio.run {
    let account = Account()
    _ = try Asyncio.gather(Asyncio.Coroutine { account.balance += 1 })
    Task.detached { account.balance += 1 }  // error: risks causing data races
  }
}

func stateOfAShield() throws {
  try Asyncio.run {
    let account = Account()
    _ = Asyncio.shield { account.balance += 1 }
    Task.detached { account.balance += 1 }  // error: risks causing data races
  }
}

func stateOfACallback() throws {
  try Asyncio.run {
    let account = Account()
    try Asyncio.EventLoop.running()!.callSoon { account.balance += 1 }
    Task.detached { account.balance += 1 }  // error: risks causing data races
  }
}

func stateOfACallbackOfAFuture() throws {
  try Asyncio.run {
    let account = Account()
    let future = Asyncio.EventLoop.running()!.createFuture(of: Int.self)
    future.addDoneCallback { _ in account.balance += 1 }
    Task.detached { account.balance += 1 }  // error: risks causing data races
  }
}

func gatherInADetachedTask() throws {
  try Asyncio.run {
    let both = try Asyncio.gather([Asyncio.Coroutine { 1 }])
    Task.detached { both.cancel() }  // error: risks causing data races
  }
}

func shieldInADetachedTask() throws {
  try Asyncio.run {
    let shield = Asyncio.shield { 1 }
    Task.detached { shield.cancel() }  // error: risks causing data races
  }
}

func ensuredFutureInADetachedTask() throws {
  try Asyncio.run {
    let page = Asyncio.ensureFuture(operation: { 1 })
    Task.detached { page.cancel() }  // error: risks causing data races
  }
}

func wrapperInADetachedTask() throws {
  try Asyncio.run {
    let wrapper = Asyncio.wrapFuture(Asyncio.Promise<Int>().future)
    Task.detached { wrapper.cancel() }  // error: risks causing data races
  }
}

func currentTaskInADetachedTask() throws {
  try Asyncio.run {
    let task = Asyncio.currentTask()
    Task.detached { task?.cancel() }  // error: risks causing data races
  }
}

func allTasksInADetachedTask() throws {
  try Asyncio.run {
    let tasks = Asyncio.allTasks()
    Task.detached { for task in tasks { task.cancel() } }  // error: risks causing data races
  }
}

func contextInADetachedTask() throws {
  try Asyncio.run {
    let context = Asyncio.Context.current()
    Task.detached { context.run {} }  // error: risks causing data races
  }
}

func queueInADetachedTask() throws {
  try Asyncio.run {
    let queue = Asyncio.Queue<Int>()
    Task.detached { try queue.putNowait(1) }  // error: risks causing data races
  }
}

func lockInADetachedTask() throws {
  try Asyncio.run {
    let lock = Asyncio.Lock()
    Task.detached { try lock.release() }  // error: risks causing data races
  }
}

func eventInADetachedTask() throws {
  try Asyncio.run {
    let event = Asyncio.Event()
    Task.detached { event.set() }  // error: risks causing data races
  }
}

func taskThatIsSentToATask() throws {
  try Asyncio.run {
    let task = Asyncio.createTask {}
    await TaskList.shared.add(task)  // error: risks causing data races
  }
}

@MainActor final class TaskList {
  static let shared = TaskList()
  var tasks: [Asyncio.Task<Void>] = []
  func add(_ task: sending Asyncio.Task<Void>) { tasks.append(task) }
}

func stateInAChild() throws {
  try Asyncio.run {
    let account = Account()
    async let child: Void = { account.balance += 1 }()  // error: risks causing data races
    account.balance += 1
    await child
  }
}

func stateInAChildOfAGroup() throws {
  try Asyncio.run {
    let account = Account()
    Asyncio.createTask { account.balance += 1 }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { account.balance += 1 }  // error: risks causing data races
    }
  }
}

func futureForAnActor() throws {
  try Asyncio.run {
    let future = Asyncio.EventLoop.running()!.createFuture(of: Int.self)
    await Elsewhere().take(future)  // error: risks causing data races
    await show(future)  // error: risks causing data races
  }
}

actor Elsewhere {
  func take(_ future: Asyncio.Future<Int>) { future.cancel() }
}

@MainActor
func show(_ future: Asyncio.Future<Int>) { print(future) }

func stateThatIsUsedAfterItWasHandedOver(_ loop: Asyncio.LoopHandle) throws {
  let account = Account()
  _ = loop.runCoroutineThreadsafe { account.balance += 1 }  // error: risks causing data races
  account.balance += 1
  let another = Account()
  try loop.callSoonThreadsafe { another.balance += 1 }  // error: risks causing data races
  another.balance += 1
}

func stateOfTheCallerThatIsUsedAfterwards() async throws {
  let account = Account()
  try await Asyncio.run { account.balance += 1 }  // error: risks causing data races
  account.balance += 1
}

func methodThatMayRunAnywhere() throws {
  try Asyncio.run {
    let account = Account()
    Asyncio.createTask {
      await account.addLater()  // error unless NonisolatedNonsendingByDefault: risks causing data races
    }
    account.balance += 1
  }
}

nonisolated func stateOfABlockingRun(_ account: Account) throws {
  try Asyncio.runBlocking {
    Asyncio.createTask { account.balance += 1 }
    Task.detached { account.balance += 1 }  // error: risks causing data races
  }
}

nonisolated func variableOfABlockingRun() throws {
  let account = Account()
  try Asyncio.runBlocking {
    Task.detached { account.balance += 1 }  // error: risks causing data races
    account.balance += 1
  }
  account.balance += 1
}

@MainActor func stateOfTheMainActorInARun(_ account: Account) throws {
  try Asyncio.run {
    Asyncio.createTask { account.balance += 1 }
    Task.detached { account.balance += 1 }  // error: risks causing data races
    account.balance += 1
  }
}

func parameterOfTheCaller(_ account: Account) async throws {
  try await Asyncio.run { account.balance += 1 }  // error: risks causing data races
}
