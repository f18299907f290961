// swift-tools-version: 6.2
import PackageDescription

// A user's package, see Scripts/check-builds.
let package = Package(
  name: "Awaits",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "AsyncioBridge", path: "../../..")],
  targets: [
    .executableTarget(
      name: "Awaits",
      dependencies: [.product(name: "AsyncioBridge", package: "AsyncioBridge")],
      swiftSettings: [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
      ]
    )
  ]
)
