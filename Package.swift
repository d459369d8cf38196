// swift-tools-version: 6.1
import PackageDescription

let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "packetwalk",
    products: [
        .executable(name: "packetwalk", targets: ["packetwalk"]),
        // For the benchmarks, which are a package of their own.
        .library(
            name: "Rooms", type: .static,
            targets: ["Wire", "Network", "Ruleset", "Observations", "Recording", "WalkModel", "Correlation"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
    ],
    targets: [
        // C libraries, thin.
        .systemLibrary(name: "CPcap", pkgConfig: "libpcap", providers: [.apt(["libpcap-dev"])]),
        .systemLibrary(name: "CNetlink", pkgConfig: "libnftables", providers: [.apt(["libnftables-dev"])]),
        .systemLibrary(name: "CCompression", providers: [.apt(["zlib1g-dev", "libzstd-dev"])]),
        .target(name: "CLinux"),
        // Labs and docs/findings.md within the program.
        .target(name: "CEmbedded"),
        .target(name: "CDropProbe", linkerSettings: [.linkedLibrary("bpf")]),

        // The rooms, in the order of the data: each imports only what stands above it.
        .target(name: "Wire", swiftSettings: house),
        .target(name: "LinuxSystem", dependencies: ["CLinux", "CEmbedded"], swiftSettings: house),
        .target(name: "Netlink", dependencies: ["Wire", "LinuxSystem", "CNetlink"], swiftSettings: house),
        .target(name: "Network", dependencies: ["Wire"], swiftSettings: house),
        .target(name: "Ruleset", dependencies: ["Wire", "Network"], swiftSettings: house),
        .target(
            name: "Discovery",
            dependencies: ["Wire", "LinuxSystem", "Netlink", "Network", "Ruleset", "CNetlink", "CLinux"],
            swiftSettings: house),
        .target(name: "Observations", dependencies: ["Wire", "Network"], swiftSettings: house),
        .target(
            name: "Recording",
            dependencies: ["Wire", "LinuxSystem", "Network", "Observations", "CCompression", "CLinux"],
            swiftSettings: house),
        .target(
            name: "Probes",
            dependencies: [
                "Wire", "LinuxSystem", "Netlink", "Network", "Discovery", "Observations", "CPcap", "CNetlink",
                "CLinux", "CDropProbe",
            ],
            exclude: ["BPF", "Drops/kfree_skb.bpf.c", "Sightings/sighting.bpf.c"],
            resources: [.embedInCode("Drops/kfree_skb.bpf.o"), .embedInCode("Sightings/sighting.bpf.o")],
            swiftSettings: house),
        .target(name: "WalkModel", dependencies: ["Wire", "Network", "Observations"], swiftSettings: house),
        .target(
            name: "Correlation", dependencies: ["Wire", "Network", "Ruleset", "Observations", "WalkModel"],
            swiftSettings: house),
        .target(name: "Query", dependencies: ["Wire", "Network", "Observations", "WalkModel"], swiftSettings: house),
        .target(
            name: "Connections", dependencies: ["Wire", "Network", "Observations", "WalkModel"], swiftSettings: house),
        .target(
            name: "Diagnosis", dependencies: ["Wire", "Network", "Ruleset", "Observations", "WalkModel"],
            swiftSettings: house),
        .target(
            name: "Snapshot", dependencies: ["Wire", "LinuxSystem", "Netlink", "Network", "CNetlink"],
            swiftSettings: house),
        .target(
            name: "Twin", dependencies: ["Wire", "LinuxSystem", "Network", "Snapshot", "CLinux"], swiftSettings: house),
        .target(
            name: "Views", dependencies: ["Wire", "Network", "Ruleset", "Observations", "WalkModel"],
            resources: [.embedInCode("Picture/page.css"), .embedInCode("Picture/page.js")], swiftSettings: house),
        .target(
            name: "Runs",
            dependencies: [
                "Wire", "LinuxSystem", "Network", "Discovery", "Observations", "Recording", "Probes", "WalkModel",
                "Correlation", "Diagnosis",
            ], swiftSettings: house),
        .target(
            name: "Experiment",
            dependencies: [
                "Wire", "LinuxSystem", "Network", "Discovery", "Observations", "Probes", "WalkModel",
                "Snapshot", "Twin", "Runs",
            ], swiftSettings: house),
        .executableTarget(
            name: "packetwalk",
            dependencies: [
                "Wire", "LinuxSystem", "Network", "Discovery", "Observations", "Recording", "Probes", "WalkModel",
                "Query", "Connections", "Diagnosis", "Snapshot", "Twin", "Views", "Runs", "Experiment",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: house),

        // Lays hooks and waits: what the tests kill at a random moment.
        .executableTarget(
            name: "hook-exercise", dependencies: ["LinuxSystem", "Network", "Discovery", "Observations", "Probes"],
            path: "Tests/HookExercise", swiftSettings: house),

        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: house),
        .testTarget(name: "WireTests", dependencies: ["TestSupport", "Wire"], swiftSettings: house),
        .testTarget(name: "NetworkTests", dependencies: ["TestSupport", "Network", "Wire"], swiftSettings: house),
        .testTarget(name: "LinuxSystemTests", dependencies: ["LinuxSystem"], swiftSettings: house),
        .testTarget(name: "NetlinkTests", dependencies: ["Netlink", "LinuxSystem"], swiftSettings: house),
        .testTarget(
            name: "DiscoveryTests",
            dependencies: ["TestSupport", "Discovery", "Netlink", "Network", "Ruleset", "Wire"],
            swiftSettings: house),
        .testTarget(
            name: "RulesetTests",
            dependencies: ["TestSupport", "Ruleset", "Network", "Wire", "LinuxSystem", "Discovery"],
            swiftSettings: house),
        .testTarget(
            name: "RecordingTests",
            dependencies: ["Recording", "LinuxSystem", "Network", "Observations", "Wire"], swiftSettings: house),
        .testTarget(
            name: "ProbesTests",
            dependencies: ["TestSupport", "Probes", "Netlink", "LinuxSystem", "Network", "Observations", "Wire"],
            swiftSettings: house),
        .testTarget(
            name: "WalkModelTests",
            dependencies: ["WalkModel", "LinuxSystem", "Network", "Observations", "Wire"],
            swiftSettings: house),
        .testTarget(
            name: "QueryTests", dependencies: ["Query", "WalkModel", "Network", "Observations"],
            swiftSettings: house),
        .testTarget(
            name: "ConnectionsTests",
            dependencies: ["TestSupport", "Connections", "WalkModel", "Network", "Observations", "Wire"],
            swiftSettings: house),
        .testTarget(
            name: "CorrelationTests",
            dependencies: ["TestSupport", "Correlation", "WalkModel", "Network", "Observations", "Wire"],
            swiftSettings: house),
        .testTarget(
            name: "DiagnosisTests",
            dependencies: [
                "TestSupport", "Diagnosis", "Ruleset", "Wire", "LinuxSystem", "Network", "Observations", "WalkModel",
            ],
            swiftSettings: house),
        .testTarget(
            name: "RunsTests",
            dependencies: [
                "TestSupport", "Runs", "Wire", "Network", "Observations", "Recording", "Probes", "WalkModel", "Views",
                "LinuxSystem", "Connections",
            ], swiftSettings: house),
        .testTarget(
            name: "SnapshotTests",
            dependencies: ["TestSupport", "Snapshot", "Netlink", "Network", "Wire", "LinuxSystem"],
            swiftSettings: house),
        .testTarget(
            name: "TwinTests", dependencies: ["TestSupport", "Twin", "Snapshot", "Network", "LinuxSystem", "Wire"],
            swiftSettings: house),
        .testTarget(
            name: "ExperimentTests",
            dependencies: [
                "TestSupport", "Experiment", "Twin", "Snapshot", "Runs", "Probes", "Observations", "Network",
                "WalkModel", "Wire", "LinuxSystem",
            ], swiftSettings: house),
        .testTarget(
            name: "ViewsTests", dependencies: ["TestSupport", "Views", "Network", "Observations", "WalkModel", "Wire"],
            swiftSettings: house),
        .testTarget(
            name: "ScenarioTests",
            dependencies: [
                "TestSupport", "Ruleset", "Snapshot", "Twin", "Experiment", "WalkModel", "Correlation", "Network",
                "Discovery", "Observations",
                "Recording",
                "Wire",
                "LinuxSystem",
                "packetwalk",
            ],
            swiftSettings: house),
    ]
)
