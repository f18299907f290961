/// An account, guarded by an actor.
public actor Account {
  /// How much is on it.
  public private(set) var balance: Int

  /// Opens an account.
  public init(balance: Int) { self.balance = balance }

  /// Adds money.
  public func deposit(_ amount: Int) { balance += amount }

  /// Takes money.
  public func withdraw(_ amount: Int) throws {
    if balance < amount { throw NotEnoughMoney() }
    balance -= amount
  }
}

/// There is less on an account than is to be taken.
public struct NotEnoughMoney: Error {}

/// What happens to the money, for whoever asks.
public actor Ledger {
  /// The lines, the oldest first.
  public private(set) var lines: [String] = []

  /// Opens a ledger.
  public init() {}

  /// Writes a line.
  public func note(_ line: String) { lines.append(line) }
}

/// Moves money from one account to another.
public func transfer(_ amount: Int, from source: Account, to target: Account, ledger: Ledger) async throws {
  try await source.withdraw(amount)
  await ledger.note("moved \(amount)")
  await target.deposit(amount)
}
