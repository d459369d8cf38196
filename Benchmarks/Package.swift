// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "Benchmarks",
    dependencies: [
        .package(name: "packetwalk", path: ".."),
        .package(url: "https://github.com/google/swift-benchmark", from: "0.1.2"),
    ],
    targets: [
        // Makes recordings of any length.
        .target(name: "Traffic", dependencies: [.product(name: "Rooms", package: "packetwalk")]),
        // The rooms one by one, on a small recording.
        .executableTarget(
            name: "RoomBenchmarks",
            dependencies: [
                "Traffic", .product(name: "Rooms", package: "packetwalk"),
                .product(name: "Benchmark", package: "swift-benchmark"),
            ]),
        // From a large file to walks, for `scripts/bench.sh` to set beside other programs.
        .executableTarget(
            name: "replay-rate", dependencies: ["Traffic", .product(name: "Rooms", package: "packetwalk")]),
    ]
)
