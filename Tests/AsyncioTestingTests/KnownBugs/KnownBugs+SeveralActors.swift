// Each actor is consistent by itself; what two calls see together, nobody has promised.

extension KnownBug {
  static let ofSeveralActors = [
    KnownBug("torn read", within: 10, tornRead, mended: tornReadMended),
    KnownBug("torn read beside busy tasks", within: 78, noisyTornRead, mended: noisyTornReadMended),
    KnownBug("chain of three tasks", within: 28, chain, mended: chainMended),
    KnownBug("check in one actor, act in another", within: 2, soldOut, mended: soldOutMended),
    KnownBug("money under way between two actors", within: 2, underWay, mended: underWayMended),
  ]
}

// MARK: Torn read: two writers overtake a reader in the midst of it

@Sendable func tornRead() async throws {
  let (x, y) = (Cell(), Cell())
  let writer = Task {
    for i in 1...3 {
      await x.set(i)
      await y.set(i)
    }
  }
  let reader = Task { () -> Bool in
    let first = await x.value
    await nothing()
    let second = await y.value
    return second - first <= 1
  }
  await writer.value
  try check(await reader.value, "torn read")
}
@Sendable func noisyTornRead() async throws { try await withNoise(tornRead) }

/// What is read together lives together.
actor Pair {
  private var values = (0, 0)
  func set(_ new: Int) { values = (new, new) }
  func read() -> (Int, Int) { values }
}
@Sendable func tornReadMended() async throws {
  let pair = Pair()
  let writer = Task { for i in 1...3 { await pair.set(i) } }
  let reader = Task {
    let (first, second) = await pair.read()
    await nothing()
    return second - first <= 1
  }
  await writer.value
  try check(await reader.value, "torn read")
}
@Sendable func noisyTornReadMended() async throws { try await withNoise(tornReadMended) }

// MARK: A chain: only if A is behind B, and C between two steps of A

actor Door {
  var opened = 0, closed = 0, seen = 0
  func open() { opened += 1 }
  func close() { closed += 1 }
  func closeTwice() { closed += 2 }
  func look() { if opened == 2, closed == 1 { seen += 1 } }
}
@Sendable func chain() async throws {
  let door = Door()
  let a = Task {
    await door.open()
    await nothing()
    await door.close()
    await nothing()
    await door.close()
  }
  let b = Task {
    await nothing()
    await nothing()
    await door.open()
  }
  let c = Task {
    await nothing()
    await door.look()
  }
  _ = await (a.value, b.value, c.value)
  try check(await door.seen == 0, "seen in between")
}
@Sendable func chainMended() async throws {
  let door = Door()
  let a = Task {
    await door.open()
    await nothing()
    await nothing()
    await door.closeTwice()  // nobody is to see it half done, so it is one call
  }
  let b = Task {
    await nothing()
    await nothing()
    await door.open()
  }
  let c = Task {
    await nothing()
    await door.look()
  }
  _ = await (a.value, b.value, c.value)
  try check(await door.seen == 0, "seen in between")
}

// MARK: Check in one actor, act in another

actor Stock {
  private(set) var pieces = 1
  func take() -> Bool {
    if pieces == 0 { return false }
    pieces -= 1
    return true
  }
}
actor Till {
  private(set) var income = 0
  func charge(_ price: Int) { income += price }
}
/// Two customers, one piece: whoever pays must get it.
private func sell(_ sale: @escaping @Sendable (Stock, Till) async -> Bool) async throws {
  let (stock, till) = (Stock(), Till())
  async let a = sale(stock, till)
  async let b = sale(stock, till)
  let sold = await [a, b].count { $0 }
  try check(await till.income == 10 * sold, "paid for nothing")
}
@Sendable func soldOut() async throws {
  try await sell { stock, till in
    guard await stock.pieces > 0 else { return false }
    await till.charge(10)
    return await stock.take()
  }
}
@Sendable func soldOutMended() async throws {
  try await sell { stock, till in
    guard await stock.take() else { return false }  // taken first, and in one step with the check
    await till.charge(10)
    return true
  }
}

// MARK: Money under way between two actors

actor Purse {
  private(set) var money: Int
  init(_ money: Int) { self.money = money }
  func add(_ amount: Int) { money += amount }
}
@Sendable func underWay() async throws {
  let (mine, yours) = (Purse(50), Purse(50))
  let transfer = Task {
    await mine.add(-10)
    await nothing()  // "writes it down": meanwhile the money is nobody's
    await yours.add(10)
  }
  let audit = Task {
    let first = await mine.money
    return first + (await yours.money)
  }
  await transfer.value
  try check(await audit.value == 100, "money is missing, or too much")
}

/// Who owns both does both in one step.
actor Ledger {
  private var money = ["mine": 50, "yours": 50]
  func transfer(_ amount: Int, from payer: String, to payee: String) {
    money[payer]! -= amount
    money[payee]! += amount
  }
  func total() -> Int { money.values.reduce(0, +) }
}
@Sendable func underWayMended() async throws {
  let ledger = Ledger()
  let transfer = Task { await ledger.transfer(10, from: "mine", to: "yours") }
  let audit = Task { await ledger.total() }
  await transfer.value
  try check(await audit.value == 100, "money is missing, or too much")
}
