// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

let package = Package(
  name: "AsyncioBridge",
  platforms: [.macOS(.v15), .iOS(.v18), .tvOS(.v18), .watchOS(.v11), .visionOS(.v2)],
  products: [
    .library(name: "AsyncioBridge", targets: ["AsyncioBridge"]),
    // For tests only: it changes what other code of the process calls.
    .library(name: "AsyncioTesting", targets: ["AsyncioTesting"]),
  ],
  targets: [
    // What is unsafe in it is marked, and stands in a few folders.
    .target(name: "AsyncioBridge", swiftSettings: settings + [.strictMemorySafety()]),
    .target(name: "AsyncioTesting", dependencies: ["AsyncioBridge"], swiftSettings: settings + [.strictMemorySafety()]),
    .executableTarget(
      name: "Examples",
      dependencies: ["AsyncioBridge", "AsyncioTesting"],
      swiftSettings: settings
    ),
    .executableTarget(
      name: "Replay",
      dependencies: ["AsyncioBridge"],
      path: "Tests/Replay",
      swiftSettings: settings
    ),
    .testTarget(
      name: "AsyncioBridgeTests",
      dependencies: ["AsyncioBridge", "AsyncioTesting", "Replay"],
      resources: [.copy("Recordings")],
      swiftSettings: settings
    ),
    .testTarget(
      name: "AsyncioTestingTests",
      dependencies: ["AsyncioTesting", "AsyncioBridge"],
      swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]
    ),
  ]
)
