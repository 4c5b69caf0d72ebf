// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
]

let nio: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")

// `Sources` and `Tests` are links to those of the repository: what is fuzzed is compiled here, as modules of this package,
// with the fuzzer's instruments in it.
let package = Package(
    name: "fuzz",
    products: [.executable(name: "fuzz", targets: ["Program"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.2.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.14.0"),
    ],
    targets: [
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CLinux"),
        // libFuzzer's own entry.
        .systemLibrary(name: "CFuzzer", path: "CFuzzer"),
        .target(name: "Site", swiftSettings: strict),
        .target(
            name: "Transport",
            dependencies: [
                "Site", "COpenSSL", "CLinux", nio, .product(name: "NIOPosix", package: "swift-nio"),
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
        .target(
            name: "Monitor",
            dependencies: [
                "Site", "Transport", "Probes", "DirectorAdmin", "Health", "Settings", nio,
                .product(name: "NIOPosix", package: "swift-nio"), .product(name: "Logging", package: "swift-log"),
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: strict),
        .target(name: "Settings", dependencies: ["Site", "CLibYAML"], swiftSettings: strict),
        .target(
            name: "Rehearsal", dependencies: ["Site", "Transport"], path: "Tests/Rehearsal", swiftSettings: strict),
        .target(
            name: "FuzzTargets",
            dependencies: ["Rehearsal", "Probes", "DirectorAdmin", "Settings", "Monitor", "Transport", "Site"],
            path: "Tests/FuzzTests/Targets", swiftSettings: strict),
        .executableTarget(
            name: "Program", dependencies: ["FuzzTargets", "CFuzzer"], path: "Program", swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
