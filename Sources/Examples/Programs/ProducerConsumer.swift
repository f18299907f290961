import AsyncioBridge

/// A producer that is faster than its consumers: the queue holds two items, so it has to wait for them.
func producerConsumer() throws {
  try Asyncio.run(clock: .virtual) {
    let loop = Asyncio.EventLoop.running()!
    let queue = Asyncio.Queue<Int>(maxsize: 2)

    let producer = Asyncio.createTask {
      for item in 1...6 {
        try await queue.put(item)
        print("\(loop.time): put \(item)")
      }
    }
    let consumers = ["a", "b"].map { (name: String) in
      Asyncio.createTask {
        while true {
          let item = try await queue.get()
          try await Asyncio.sleep(.seconds(1))
          print("\(loop.time): \(name) is done with \(item)")
          try queue.taskDone()
        }
      }
    }

    try await producer.value
    try await queue.join()
    // The consumers wait for items that will not come.
    for consumer in consumers { consumer.cancel() }
    print("\(loop.time): all done")
  }
}
