// A stream keeps the order of its yields, ends at the first finish, and gives each element to one consumer.

extension KnownBug {
  static let ofStreams = [
    KnownBug("order of a stream", within: 4, streamOrder, mended: streamOrderMended),
    KnownBug("finished before all have yielded", within: 4, earlyFinish, mended: earlyFinishMended),
    KnownBug("two consumers, one stop", within: 2, oneStop, mended: oneStopMended),
    KnownBug("published before anybody has subscribed", within: 2, lateSubscriber, mended: lateSubscriberMended),
  ]
}

// MARK: Order of a stream

@Sendable func streamOrder() async throws {
  let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
  let producers = (1...3).map { number in Task { _ = continuation.yield(number) } }
  for producer in producers { await producer.value }
  continuation.finish()
  var last = 0
  for await number in stream {
    try check(number > last, "events out of order")
    last = number
  }
}
@Sendable func streamOrderMended() async throws {
  let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
  // One task, one order.
  Task {
    for number in 1...3 {
      await Task.yield()
      continuation.yield(number)
    }
    continuation.finish()
  }
  var last = 0
  for await number in stream {
    try check(number > last, "events out of order")
    last = number
  }
}

// MARK: Finished before all have yielded

private func count(_ stream: AsyncStream<String>) async -> Int {
  var count = 0
  for await _ in stream { count += 1 }
  return count
}
@Sendable func earlyFinish() async throws {
  let (stream, continuation) = AsyncStream.makeStream(of: String.self)
  Task { continuation.yield("quick") }
  Task {
    continuation.yield("slow")
    continuation.finish()  // "the slow one is the last"
  }
  try check(await count(stream) == 2, "an element was lost")
}
@Sendable func earlyFinishMended() async throws {
  let (stream, continuation) = AsyncStream.makeStream(of: String.self)
  let producers = [Task { _ = continuation.yield("quick") }, Task { _ = continuation.yield("slow") }]
  Task {
    for producer in producers { await producer.value }
    continuation.finish()
  }
  try check(await count(stream) == 2, "an element was lost")
}

// MARK: Two consumers, one stop

@Sendable func oneStop() async throws {
  let (stream, continuation) = AsyncStream.makeStream(of: String.self)
  let workers = (0..<2).map { _ in
    Task { for await job in stream where job == "stop" { return } }
  }
  continuation.yield("work")
  continuation.yield("stop")  // one worker gets it
  for worker in workers { await worker.value }
}
@Sendable func oneStopMended() async throws {
  let (stream, continuation) = AsyncStream.makeStream(of: String.self)
  let workers = (0..<2).map { _ in Task { await count(stream) } }
  continuation.yield("work")
  continuation.finish()  // all do
  var done = 0
  for worker in workers { done += await worker.value }
  try check(done == 1, "\(done) pieces of work")
}

// MARK: Published before anybody has subscribed

/// Tells those who have subscribed by then.
actor Hub {
  private var subscribers: [AsyncStream<String>.Continuation] = []
  func subscribe() -> AsyncStream<String> {
    let (stream, continuation) = AsyncStream.makeStream(of: String.self)
    subscribers.append(continuation)
    return stream
  }
  func publish(_ event: String) { for subscriber in subscribers { subscriber.yield(event) } }
}
@Sendable func lateSubscriber() async throws {
  let hub = Hub()
  let listener = Task {
    for await event in await hub.subscribe() { return event }
    return "nothing"
  }
  await nothing()  // "gives the listener time to subscribe"
  await hub.publish("ready")
  try check(await listener.value == "ready", "heard nothing")
}
@Sendable func lateSubscriberMended() async throws {
  let hub = Hub()
  let events = await hub.subscribe()  // before the task that listens
  let listener = Task {
    for await event in events { return event }
    return "nothing"
  }
  await hub.publish("ready")
  try check(await listener.value == "ready", "heard nothing")
}
