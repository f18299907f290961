/// Lets one long exploration run after the other. Each has a thread of its own: all at once they would leave the other
/// tests little of the processors.
actor Turnstile {
  private static let shared = Turnstile()

  private var isTaken = false
  private var line: [UnsafeContinuation<Void, Never>] = []

  private func enter() async {
    if isTaken { return await withUnsafeContinuation { line.append($0) } }
    isTaken = true
  }

  private func leave() {
    if line.isEmpty { isTaken = false } else { line.removeFirst().resume() }
  }

  /// Runs `body` when those that came before have ended.
  static func pass<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
    await shared.enter()
    let result: Result<Value, any Error>
    do { result = .success(try await body()) } catch { result = .failure(error) }
    await shared.leave()
    return try result.get()
  }
}
