// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

let package = Package(
  name: "Benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "AsyncioBridge", path: "..")],
  targets: [
    .executableTarget(
      name: "asyncio-bench",
      dependencies: [.product(name: "AsyncioBridge", package: "AsyncioBridge")],
      swiftSettings: settings
    ),
    .executableTarget(
      name: "explore-bench",
      dependencies: [
        .product(name: "AsyncioBridge", package: "AsyncioBridge"),
        .product(name: "AsyncioTesting", package: "AsyncioBridge"),
      ],
      swiftSettings: settings
    ),
  ]
)
