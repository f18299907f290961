/// Accounts that change together, guarded by one actor.
public actor Bank {
  private var balances: [String: Int]

  /// Opens a bank.
  public init(balances: [String: Int]) { self.balances = balances }

  /// How much is on all accounts.
  public var total: Int { balances.values.reduce(0, +) }

  /// How much is on an account.
  public func balance(of name: String) -> Int { balances[name, default: 0] }

  /// Moves money from one account to another.
  public func transfer(_ amount: Int, from source: String, to target: String) throws {
    if balances[source, default: 0] < amount { throw NotEnoughMoney() }
    balances[source, default: 0] -= amount
    balances[target, default: 0] += amount
  }
}
