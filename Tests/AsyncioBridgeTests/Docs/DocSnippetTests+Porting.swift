import AsyncioBridge
import Testing

extension DocSnippetTests {
  @Test("Porting, a program as in Python")
  func portedProgram() throws {
    let printed = Printed()
    func print(_ items: Any...) { printed.add(items) }
    try Asyncio.run {
      let tasks = ["a", "b"].map { (name: String) in
        Asyncio.createTask(name: name) { try await Asyncio.sleep(.milliseconds(1), result: name) }
      }
      for result in try await Asyncio.gather(tasks).value { print(result) }
    }
    // a
    // b
    #expect(printed.lines == ["a", "b"])
  }
}
