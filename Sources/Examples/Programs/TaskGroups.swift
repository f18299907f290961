import AsyncioBridge

/// A task group, and where a timeout belongs: in a child, around the whole, or in the body.
func taskGroups() throws {
  try Asyncio.run(clock: .virtual) {
    let loop = Asyncio.EventLoop.running()!
    let answers = [("train", 2), ("bus", 3), ("ferry", 30)]

    // In a child it is that child's business: the others go on, and the group waits for all.
    let offers = try await Asyncio.withTaskGroup { group in
      try answers.map { name, seconds in
        try group.createTask(name: name) {
          do {
            return try await Asyncio.timeout(.seconds(5)) { try await offer(name, after: seconds) }
          } catch is Asyncio.TimeoutError {
            return "\(name): no answer"
          }
        }
      }
    }
    print("in a child: \(try offers.map { try $0.result() }) by \(loop.time)")

    // Around the group it cancels what is left, and waits for that.
    var inTime: [String] = []
    do {
      try await Asyncio.timeout(.seconds(5)) {
        try await Asyncio.withTaskGroup { group in
          for (name, seconds) in answers {
            try group.createTask { inTime.append(try await offer(name, after: seconds)) }
          }
        }
      }
    } catch is Asyncio.TimeoutError {
      print("around the group: \(inTime) by \(loop.time)")
    }

    // In the body it is an error of the body, which cancels the children and leaves in a group with theirs.
    do {
      try await Asyncio.withTaskGroup { group in
        try group.createTask {
          defer { print("in the body: the ferry is cancelled at \(loop.time)") }
          print(try await offer("ferry", after: 30))
        }
        try await Asyncio.timeout(.seconds(5)) { print(try await offer("plane", after: 60)) }
      }
    } catch let failure as Asyncio.ErrorGroup {
      print("in the body: \(failure.errors)")
    }

    // A deadline that moves as long as something comes: only silence ends it.
    let news = Asyncio.Queue<String>()
    do {
      try await Asyncio.withTaskGroup { group in
        for (name, seconds) in answers {
          try group.createTask { try news.putNowait(try await offer(name, after: seconds)) }
        }
        try await Asyncio.timeout(.seconds(5)) { timeout in
          while true {
            print("moving: \(try await news.get()) at \(loop.time)")
            try timeout.reschedule(loop.time.advanced(by: .seconds(5)))
          }
        }
      }
    } catch is Asyncio.ErrorGroup {
      print("moving: nothing for 5 seconds at \(loop.time)")
    }
  }
}

private func offer(_ name: String, after seconds: Int) async throws -> String {
  try await Asyncio.sleep(.seconds(seconds))
  return "\(name): \(seconds * 10) euros"
}
