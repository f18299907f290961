import AsyncioBridge
import AsyncioTesting

/// An account, guarded by an actor: no data race is possible.
private actor Account {
  private(set) var balance: Int
  init(balance: Int) { self.balance = balance }

  func deposit(_ amount: Int) { balance += amount }

  func withdraw(_ amount: Int) throws {
    if balance < amount { throw Asyncio.ValueError("not enough money") }
    balance -= amount
  }
}

/// Moves money, and counts it meanwhile. Between the two steps of the transfer the money is nowhere.
private func transferAndAudit() async throws {
  let (mine, yours) = (Account(balance: 100), Account(balance: 100))
  async let transfer: Void = {
    try await mine.withdraw(50)
    try await Task.sleep(for: .milliseconds(1))
    await yours.deposit(50)
  }()
  async let audit: Int = {
    try await Task.sleep(for: .milliseconds(1))
    return await mine.balance + yours.balance
  }()
  let total = try await audit
  try await transfer
  if total != 200 { throw Asyncio.ValueError("the auditor counts \(total)") }
}

/// The same with one actor that has both accounts, and moves money in one step.
private actor Bank {
  private var balances = ["mine": 100, "yours": 100]
  var total: Int { balances.values.reduce(0, +) }

  func transfer(_ amount: Int) {
    balances["mine", default: 0] -= amount
    balances["yours", default: 0] += amount
  }
}

private func transferInOneStep() async throws {
  let bank = Bank()
  async let transfer: Void = {
    try await Task.sleep(for: .milliseconds(1))
    await bank.transfer(50)
  }()
  async let audit: Int = {
    try await Task.sleep(for: .milliseconds(1))
    return await bank.total
  }()
  let total = try await audit
  try await transfer
  if total != 200 { throw Asyncio.ValueError("the auditor counts \(total)") }
}

/// A program that is right in the order in which it usually runs, and wrong in another.
func explore() throws {
  for _ in 0..<100 { try Asyncio.withVirtualTime(transferAndAudit) }
  print("a hundred runs in one order: the auditor always counts 200")
  do {
    try Asyncio.explore { try await transferAndAudit() }
  } catch let failure as Asyncio.ScheduleFailure {
    print("in others: \(failure.failure)")
    print(failure.table)
  }
  let result = try Asyncio.explore(Asyncio.Exploration(search: .delays(upTo: 2), time: nil)) {
    try await transferInOneStep()
  }
  print("in one step: \(result)")
}
