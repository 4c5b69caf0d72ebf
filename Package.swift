// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
]

let nio: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")

let package = Package(
    name: "dovemon",
    products: [.executable(name: "dovemon", targets: ["Dovemon"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.14.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.2.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.6.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.9.0"),
        // Without its default trait, which would link Foundation.
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
        .package(url: "https://github.com/apple/swift-system", from: "1.5.0"),
    ],
    targets: [
        // The system's libraries.
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CLinux"),

        // What ships, ground floor first.
        .target(name: "Site", swiftSettings: strict),
        .target(
            name: "Transport",
            dependencies: [
                "Site", "COpenSSL", "CLinux", nio, nioPosix,
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "HeapModule", package: "swift-collections"),
            ],
            swiftSettings: strict),
        .target(name: "Probes", dependencies: ["Site", "Transport", nio], swiftSettings: strict),
        .target(
            name: "DirectorAdmin",
            dependencies: [
                "Site", "Transport", nio, .product(name: "OrderedCollections", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
            ],
            swiftSettings: strict),
        .target(
            name: "Health",
            dependencies: ["Site", .product(name: "HeapModule", package: "swift-collections")],
            swiftSettings: strict),
        .target(name: "Settings", dependencies: ["Site", "CLibYAML"], swiftSettings: strict),
        .target(
            name: "Check", dependencies: ["Site", "Transport", "Probes", "DirectorAdmin", nio], swiftSettings: strict),
        .target(
            name: "Monitor",
            dependencies: [
                "Site", "Transport", "Probes", "DirectorAdmin", "Health", "Settings", nio, nioPosix,
                .product(name: "Logging", package: "swift-log"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
            ],
            swiftSettings: strict),
        .target(
            name: "Control",
            dependencies: [
                "Site", "DirectorAdmin", "Health", "Check", "Monitor", nio, nioPosix,
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .target(
            name: "Surroundings",
            dependencies: [
                "Site", "DirectorAdmin", "Monitor",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strict),
        .target(
            name: "Web",
            dependencies: [
                "Site", "DirectorAdmin", "Monitor", "COpenSSL", nio, nioPosix,
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ],
            resources: [.embedInCode("Page")], swiftSettings: strict),
        .executableTarget(
            name: "Dovemon",
            dependencies: [
                "Site", "Transport", "Probes", "DirectorAdmin", "Health", "Settings", "Check", "Monitor",
                "Surroundings", "Control", "Web", "CLinux", nio, nioPosix,
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),

        // What shows that it works.
        .target(name: "RingLab", path: "Tests/RingLab", swiftSettings: strict),
        .target(
            name: "ScriptedPeers", dependencies: ["COpenSSL", nio, nioPosix], path: "Tests/ScriptedPeers",
            swiftSettings: strict),
        // Headless Chromium, for what is made to be looked at.
        .target(name: "Browser", path: "Tests/Browser", swiftSettings: strict),
        .target(name: "TemporaryFiles", path: "Tests/TemporaryFiles", swiftSettings: strict),
        .target(
            name: "Simulation",
            dependencies: [
                "Site", "Probes", "DirectorAdmin", "Health", "Monitor",
                .product(name: "HeapModule", package: "swift-collections"),
            ],
            path: "Tests/Simulation", swiftSettings: strict),
        .executableTarget(
            name: "simulate",
            dependencies: ["Simulation", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            path: "Tests/SimulateTool", swiftSettings: strict),
        .target(
            name: "Rehearsal", dependencies: ["Site", "Transport"], path: "Tests/Rehearsal", swiftSettings: strict),
        .executableTarget(name: "Demo", dependencies: ["RingLab"], path: "Sources/Demo", swiftSettings: strict),
        .executableTarget(
            name: "Soak", dependencies: ["RingLab", "FakePeers", nio, nioPosix], path: "Tests/Soak",
            swiftSettings: strict),
        .target(name: "FakePeers", dependencies: [nio, nioPosix], path: "Tests/FakePeers", swiftSettings: strict),

        // How fast it is.
        .executableTarget(name: "bench-peers", dependencies: ["COpenSSL"], path: "Benchmarks/Peers"),
        .executableTarget(name: "bench-floor", dependencies: ["COpenSSL"], path: "Benchmarks/Floor"),
        .executableTarget(
            name: "Bench",
            dependencies: [
                "RingLab", "FakePeers", "Monitor", "Site", nio, nioPosix,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Benchmarks/Bench", swiftSettings: strict),
        .testTarget(name: "SiteTests", dependencies: ["Site"], swiftSettings: strict),
        .testTarget(
            name: "TransportTests",
            dependencies: [
                "Transport", "Site", "ScriptedPeers", "COpenSSL", nio, nioPosix,
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ProbesTests", dependencies: ["Probes", "Site", "Transport", "Rehearsal"], swiftSettings: strict),
        .testTarget(
            name: "FuzzTests",
            dependencies: ["Probes", "DirectorAdmin", "Settings", "Monitor", "Transport", "Site", "Rehearsal"],
            swiftSettings: strict),
        .testTarget(
            name: "DirectorAdminTests",
            dependencies: ["DirectorAdmin", "Site", "Transport", "ScriptedPeers", nio, nioPosix],
            swiftSettings: strict),
        .testTarget(name: "HealthTests", dependencies: ["Health", "Site"], swiftSettings: strict),
        .testTarget(
            name: "SettingsTests", dependencies: ["Settings", "Site", "TemporaryFiles"], swiftSettings: strict),
        .testTarget(
            name: "CheckTests",
            dependencies: ["Check", "Site", "DirectorAdmin", "Probes", "Transport", nio, nioPosix],
            swiftSettings: strict),
        .testTarget(
            name: "MonitorTests",
            dependencies: ["Monitor", "Site", "Probes", "DirectorAdmin", "Health", "Settings", nio, nioPosix],
            swiftSettings: strict),
        .testTarget(
            name: "WebTests",
            dependencies: [
                "Web", "Site", "DirectorAdmin", "Monitor", "TemporaryFiles", nio, nioPosix,
                .product(name: "NIOEmbedded", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .testTarget(name: "SimulationTests", dependencies: ["Simulation"], swiftSettings: strict),
        .testTarget(
            name: "ControlTests",
            dependencies: ["Control", "Monitor", "DirectorAdmin", "Site", "TemporaryFiles", nio, nioPosix],
            swiftSettings: strict),
        .testTarget(
            name: "SurroundingsTests",
            dependencies: [
                "Surroundings", "Site", "DirectorAdmin", "Health", "Monitor", "RingLab", "ScriptedPeers", "FakePeers",
                "TemporaryFiles", nio, nioPosix,
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "PeerTests",
            dependencies: [
                "Monitor", "Health", "Probes", "DirectorAdmin", "Transport", "Site", "ScriptedPeers", "TemporaryFiles",
                nio, nioPosix, .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "WebPageTests",
            dependencies: [
                "Browser", "Control", "Site", "COpenSSL", nio, nioPosix,
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "RingTests",
            dependencies: [
                "RingLab", "Browser", "Demo", "ScriptedPeers", "TemporaryFiles", "Probes", "Transport", "Site", nio,
                nioPosix,
            ],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
