// The main actor is an actor: its state changes at each await, too, and its tasks begin in no order that was promised.

extension KnownBug {
  static let ofMainActor = [
    KnownBug("shown before it is loaded", within: 2, mainActorOrder, mended: mainActorOrderMended),
    KnownBug("an old answer over a new one", within: 4, oldAnswer, mended: oldAnswerMended),
    KnownBug("an index over an await", within: 2, oldIndex, mended: oldIndexMended),
  ]
}

// MARK: Shown before it is loaded

@MainActor final class Model {
  var isLoaded = false
  var shown: String?
  func load() async { isLoaded = true }
  func show() { shown = isLoaded ? "content" : "empty" }
}
@Sendable func mainActorOrder() async throws {
  let model = await MainActor.run { Model() }
  let load = Task { await model.load() }
  let show = Task { @MainActor in model.show() }
  _ = await (load.value, show.value)
  try check(await model.shown == "content", "shown before it was loaded")
}
@Sendable func mainActorOrderMended() async throws {
  let model = await MainActor.run { Model() }
  let load = Task { await model.load() }
  let show = Task { @MainActor in
    await load.value  // the order is said, not hoped for
    model.show()
  }
  _ = await (load.value, show.value)
  try check(await model.shown == "content", "shown before it was loaded")
}

// MARK: An old answer over a new one

@MainActor final class Results {
  private(set) var shown = ""
  private var asked = ""
  func search(_ text: String) {
    Task { shown = await answer(to: text) }  // the later answer is shown, not the answer to the later question
  }
  func searchMended(_ text: String) {
    asked = text
    Task {
      let answer = await answer(to: text)
      if asked == text { shown = answer }  // only if it is still what is wanted
    }
  }
  @concurrent private func answer(to text: String) async -> String {
    await nothing()
    return "all about \(text)"
  }
}
@Sendable func oldAnswer() async throws {
  let results = await MainActor.run { Results() }
  for text in ["sw", "swift"] { await results.search(text) }
  try await Task.sleep(for: .seconds(1))
  try check(await results.shown == "all about swift", "an old answer is shown")
}
@Sendable func oldAnswerMended() async throws {
  let results = await MainActor.run { Results() }
  for text in ["sw", "swift"] { await results.searchMended(text) }
  try await Task.sleep(for: .seconds(1))
  try check(await results.shown == "all about swift", "an old answer is shown")
}

// MARK: An index over an await

@MainActor final class Playlist {
  private(set) var songs = ["a", "b", "c"]
  private let server = Bank()
  func remove(_ song: String) async {
    guard let index = songs.firstIndex(of: song) else { return }
    await server.approve()
    if songs.indices.contains(index) { songs.remove(at: index) }  // by now perhaps another song's
  }
  func removeMended(_ song: String) async {
    await server.approve()
    songs.removeAll { $0 == song }
  }
}
@Sendable func oldIndex() async throws {
  let playlist = await MainActor.run { Playlist() }
  async let a: Void = playlist.remove("a")
  async let b: Void = playlist.remove("b")
  _ = await (a, b)
  try check(await playlist.songs == ["c"], "the wrong song was removed")
}
@Sendable func oldIndexMended() async throws {
  let playlist = await MainActor.run { Playlist() }
  async let a: Void = playlist.removeMended("a")
  async let b: Void = playlist.removeMended("b")
  _ = await (a, b)
  try check(await playlist.songs == ["c"], "the wrong song was removed")
}
