/// The tasks of the user's own types that a loop has been told of. It does not keep them.
struct CustomTasks {
  private struct Registration {
    weak var task: (any Asyncio.TaskProtocol)?
  }

  /// In the order of their registration; those of tasks that are gone stay until the next change.
  private var registrations: [Registration] = []

  /// Those that are not done.
  var pending: [any Asyncio.TaskProtocol] { registrations.compactMap(\.task).filter { !$0.isDone } }

  mutating func insert(_ task: any Asyncio.TaskProtocol) {
    remove(task)
    registrations.append(Registration(task: task))
  }

  mutating func remove(_ task: any Asyncio.TaskProtocol) {
    registrations.removeAll { $0.task == nil || $0.task === task }
  }
}
