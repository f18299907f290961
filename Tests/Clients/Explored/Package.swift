// swift-tools-version: 6.2
import PackageDescription

// A library that knows nothing of asyncio, and its tests under every order.
let package = Package(
  name: "Explored",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "AsyncioBridge", path: "../../..")],
  targets: [
    .target(name: "Bank"),
    .testTarget(
      name: "BankTests",
      dependencies: ["Bank", .product(name: "AsyncioTesting", package: "AsyncioBridge")]
    ),
  ],
  swiftLanguageModes: [.v6]
)
