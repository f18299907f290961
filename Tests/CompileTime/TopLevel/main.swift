// A first file: everything at the top level of main.swift. See `CompileTimeTests`.

import AsyncioBridge

nonisolated func fetch(_ number: Int) async throws -> String {
  try await Asyncio.sleep(.milliseconds(1))
  return "page \(number)"
}

let pages = try Asyncio.run(clock: .virtual) {
  try await Asyncio.gather((1...3).map { number in Asyncio.createTask { try await fetch(number) } }).value
}
print(pages)

// Swift takes the blocking form here, whatever is written, and warns that there is nothing to await.
let first = try await Asyncio.run { try await fetch(1) }
print(first)
