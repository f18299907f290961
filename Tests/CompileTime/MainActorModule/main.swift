import AsyncioBridge

let count = try Asyncio.run(clock: .virtual) {
  let inventory = Inventory()
  let delivery = Asyncio.createTask(logged("delivery") { try await deliver(["nut", "bolt", "nut"], to: inventory) })
  try await inventory.wait(for: "nut", count: 2)
  try await delivery.value

  let orders = Distinct<String>()
  for order in ["a", "b", "a"] { try orders.putNowait(order) }
  return orders.qsize
}
print(count, "orders")

do {
  try Asyncio.run(clock: .virtual) {
    try await Asyncio.timeout(.seconds(1)) { try await Asyncio.sleep(.seconds(60)) }
  }
} catch let error as Asyncio.TimeoutError {
  print(error)
}
