import AsyncioBridge

/// A request is cancelled while it saves; the saving is not.
func shield() throws {
  try Asyncio.run(clock: .virtual) {
    let store = Store()
    // Kept, so that it can be waited for after the request is gone.
    let saving = Asyncio.createTask { try await store.save("draft") }
    let request = Asyncio.createTask {
      do {
        try await Asyncio.shield(saving).value
        print("request: saved")
      } catch is CancellationError {
        print("request: cancelled while \(store.isSaving ? "saving" : "idle")")
        throw CancellationError()
      }
    }
    try await Asyncio.sleep(.milliseconds(100))
    request.cancel()
    _ = try await Asyncio.wait([request])
    print("saving goes on: \(!saving.isDone)")
    try await saving.value
    print("saved: \(store.documents)")
  }
}

private final class Store {
  private(set) var documents: [String] = []
  private(set) var isSaving = false

  func save(_ document: String) async throws {
    isSaving = true
    defer { isSaving = false }
    try await Asyncio.sleep(.seconds(1))
    documents.append(document)
  }
}
