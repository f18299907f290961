import AsyncioBridge

/// A thousand tasks use one ordinary object. They all run on the loop's thread, one step at a time, and the compiler
/// sees to it that the object never leaves it.
func sharedState() throws {
  try Asyncio.run(clock: .virtual) {
    let bank = Bank()
    let transfers = (0..<1000).map { number in
      Asyncio.createTask { try await bank.transfer(number % 7, from: number % 3, to: (number + 1) % 3) }
    }
    for transfer in transfers { try await transfer.value }
    print("\(bank.transfers) transfers; balances \(bank.balances), in all \(bank.balances.reduce(0, +))")

    // Between two awaits nobody interferes. Where there is one in between, a lock keeps others out.
    let audits = (1...3).map { number in Asyncio.createTask { try await bank.audit(number) } }
    _ = try await Asyncio.gather(audits).value
    print("audits, one at a time: \(bank.audits)")
  }
}

private final class Bank {
  private(set) var balances = [100, 100, 100]
  private(set) var transfers = 0
  private(set) var audits: [String] = []
  private let auditing = Asyncio.Lock()

  func transfer(_ amount: Int, from: Int, to: Int) async throws {
    try await Asyncio.sleep(.milliseconds(amount))
    balances[from] -= amount
    balances[to] += amount
    transfers += 1
  }

  func audit(_ number: Int) async throws {
    try await auditing.withLock {
      audits.append("begin \(number)")
      try await Asyncio.sleep(.seconds(1))
      audits.append("end \(number)")
    }
  }
}
