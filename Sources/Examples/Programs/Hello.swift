import AsyncioBridge

/// Two tasks at once.
func hello() throws {
  let greeting = try Asyncio.run {
    let name = Asyncio.createTask {
      try await Asyncio.sleep(.milliseconds(20))
      return "Ada"
    }
    let visits = Asyncio.createTask { 41 + 1 }
    let (who, count) = try await Asyncio.gather(name, visits).value  // (String, Int)
    return "Hello \(who), visitor number \(count)."
  }
  print(greeting)
}
