import AsyncioBridge
import AsyncioTesting
import Bank
import Foundation
import Testing

/// Whether the tests that fail are to run: what an exploration finds can be seen so.
private let showsRaces = ProcessInfo.processInfo.environment["SHOW_RACES"] != nil

@Suite struct BankTests {
  @Test(.explored, .enabled(if: showsRaces)) func accountsAreAudited() async throws {
    let (mine, yours) = (Account(balance: 100), Account(balance: 100))
    async let audited = mine.balance + yours.balance
    async let transferred: Void = transfer(50, from: mine, to: yours, ledger: Ledger())
    #expect(await audited == 200)
    try await transferred
  }

  @Test(.explored) func bankIsAudited() async throws {
    let bank = Bank(balances: ["mine": 100, "yours": 100])
    async let audited = bank.total
    async let transferred: Void = bank.transfer(50, from: "mine", to: "yours")
    #expect(await audited == 200)
    try await transferred
  }

  @Test(.explored) func auditorsSeeBothStates() async throws {
    let bank = Bank(balances: ["mine": 100])
    async let moved: Void = bank.transfer(50, from: "mine", to: "savings")
    async let seen = bank.balance(of: "savings")
    Asyncio.sometimes("before the transfer", await seen == 0)
    Asyncio.sometimes("after it", await seen == 50)
    try await moved
  }
}
