import AsyncioBridge
import Synchronization

/// A bounded queue into which threads put, and from which tasks of a loop take.
final class ThreadQueue<Element: Sendable>: Sendable {
  /// What a thread or a task waits for, made only if it has to wait.
  private typealias Turn = Asyncio.Promise<Void>

  private struct State {
    var items: ArraySlice<Element> = []
    var putters: ArraySlice<Turn> = []
    var getters: ArraySlice<Turn> = []
  }

  private enum Attempt<Success> {
    case done(Success, wakes: Turn?)
    case mustWait(Turn)

    static func joining(_ line: inout ArraySlice<Turn>) -> Self {
      let turn = Turn()
      line.append(turn)
      return .mustWait(turn)
    }
  }

  private let maxsize: Int
  private let state = Mutex(State())

  init(maxsize: Int) { self.maxsize = maxsize }

  /// Waits for a place. For threads.
  func put(_ item: Element) throws {
    while true {
      let attempt = state.withLock { state -> Attempt<Void> in
        if state.items.count >= maxsize { return .joining(&state.putters) }
        state.items.append(item)
        return .done((), wakes: state.getters.popFirst())
      }
      switch attempt {
      case .done(_, let getter):
        _ = getter?.resolve(.success(()))
        return
      case .mustWait(let turn): try turn.future.result()
      }
    }
  }

  /// Waits for an item. For tasks.
  func get() async throws -> Element {
    while true {
      let attempt = state.withLock { state -> Attempt<Element> in
        guard let item = state.items.popFirst() else { return .joining(&state.getters) }
        return .done(item, wakes: state.putters.popFirst())
      }
      switch attempt {
      case .done(let item, let putter):
        _ = putter?.resolve(.success(()))
        return item
      case .mustWait(let turn):
        do {
          try await turn.future.value
        } catch {
          giveUp(turn)
          throw error
        }
      }
    }
  }

  /// A task's wait has failed: if it was woken for an item, that is the next one's.
  private func giveUp(_ turn: Turn) {
    let next = state.withLock { state -> Turn? in
      if let place = state.getters.firstIndex(where: { $0 === turn }) {
        state.getters.remove(at: place)
        return nil
      }
      return state.items.isEmpty ? nil : state.getters.popFirst()
    }
    _ = next?.resolve(.success(()))
  }
}

let threadqueue = onLoop("threadqueue", 100_000) { _, n in
  let queue = ThreadQueue<Int>(maxsize: 1000)
  let producer = try Asyncio.EventLoop.running()!.runInExecutor {
    for number in 0..<n { try queue.put(number) }
  }
  var total = 0
  for _ in 0..<n { total += try await queue.get() }
  try await producer.value
  precondition(total == n * (n - 1) / 2)
}
