import AsyncioBridge
import AsyncioTesting
import Testing

extension DocSnippetTests {
  @Test("Testing, every order")
  func exploration() async throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    // In a release build a call of an actor that does nothing would be left out, and with it the hop.
    actor Auditor {
      private var notes: [Int] = []
      @inline(never) func note(_ amount: Int) { notes.append(amount) }
    }
    struct Overdrawn: Error {}
    actor Account {
      private(set) var balance = 100

      func withdraw(_ amount: Int, auditor: Auditor) async {
        guard balance >= amount else { return }
        await auditor.note(amount)
        balance -= amount
      }
    }

    @Sendable func withdrawals() async throws {
      let account = Account()
      let auditor = Auditor()
      async let a: Void = account.withdraw(80, auditor: auditor)
      async let b: Void = account.withdraw(80, auditor: auditor)
      _ = await (a, b)
      if await account.balance < 0 { throw Overdrawn() }
    }

    do {
      try await Asyncio.explore { try await withdrawals() }
    } catch let failure as Asyncio.ScheduleFailure {
      print(failure.schedule)  // x1-fifo
    }
    #expect(printed.lines == ["x1-fifo"])
  }
}
