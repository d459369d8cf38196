import Network
import FoundationEssentials
import Glibc
import TestSupport
import Testing
import WalkModel

/// Packets that are under way when a run begins or ends, or a recording is cut, are no failures of the network.
///
/// `CUT_RECORDING` names another recording to cut, `CUT_SEED` where the choice of the cuts begins.
@Suite("A recording that is cut anywhere")
struct CutTests {
    /// Connections, datagrams and pings, in networks that work: `fixtures/cuts` holds busy ones.
    private static let recordings: [String] =
        getenv("CUT_RECORDING").map { [String(cString: $0)] }
        ?? [
            "wan-to-published-port.trace", "hairpin.trace", "namespace-to-wan.trace", "same-bridge.explain",
            "segmentation.trace", "vxlan-overlay.trace", "kubernetes-clusterip.explain", "kubernetes-nodeport.trace",
            "docker-networks.trace", "docker-published-port-from-host.trace",
            "docker-published-port-from-container.trace", "docker-published-port-from-wan.explain",
        ].map(Golden.path)
        + ["connections", "download"].map { "fixtures/cuts/\($0).pcapng.zst" }

    private static let firstSeed = getenv("CUT_SEED").flatMap { UInt64(String(cString: $0)) } ?? 1
    private static let cutCount: UInt64 = 20

    @Test("has neither errors nor failed packets where the whole has none", arguments: recordings)
    func cuts(path: String) throws {
        let recording = try CutRecording(path: path)
        let whole = CutRecording.exchanges(recording.events).walks
        try #require(!whole.isEmpty && !whole.contains(where: \.hasError))
        let failures = Set(whole.filter(\.hasFailed).map(\.failure))
        for form in CutRecording.Form.allCases {
            var count = 0
            for seed in Self.firstSeed..<Self.firstSeed + Self.cutCount {
                var generator = SeededGenerator(seed: seed)
                for walk in CutRecording.exchanges(recording.part(form, using: &generator)).walks {
                    count += 1
                    let place = "\(path), \(form), CUT_SEED=\(seed): \(walk.id) \(walk.summary), \(walk.failure)"
                    #expect(!walk.hasError, "\(place): \(walk.findings.map(\.message))")
                    // Of a connection that is older than what is known of conntrack, the parts on the two sides of a
                    // translation are not joined.
                    if form == .bare, walk.outcome == .lost { continue }
                    #expect(!walk.hasFailed || failures.contains(walk.failure), "\(place)")
                }
            }
            #expect(count > 0, "\(path), \(form): no walk in any of the cuts")
        }
    }
}

extension [Exchange] {
    fileprivate var walks: [Walk] { flatMap { [$0.request] + [$0.reply].compactMap(\.self) } }
}

extension Walk {
    fileprivate var hasError: Bool { findings.contains { $0.severity == .error } }

    fileprivate var hasFailed: Bool { outcome != .delivered && outcome != .left }

    /// How it failed, whichever packet it was.
    fileprivate var failure: String {
        "\(outcome) \(kind.ipProtocol.map { "\($0)" } ?? "") \(stoppedAt?.dropReason ?? "") \(stoppedAt?.namespace ?? "")"
    }
}
