import Network
import Observations
import Testing
import WalkModel

@testable import Diagnosis

/// A packet that was not seen any further, while sightings were lost.
@Suite("Where sightings were lost") struct LostSightingTests {
    private var network = BaseNetwork()
    private let start: Int64 = 1_795_399_094_000_000_000  // 2026-11-23T01:58:14Z, as the walks of these tests have it.

    /// A ping that was last seen at veth0 in host, explained.
    private func explained(_ lost: [String]) -> Walk {
        var ledger = EvidenceLedger()
        ledger.take(.topology(network.topology, timeNanoseconds: start))
        var walk = Probe.ping.walk(.lost, through: Array(toBridge.prefix(3)))
        walk.losses = lost.map { WalkLoss(vantage: $0, lost: 7) }
        return ledger.explained(Exchange(request: walk)).request
    }

    @Test(
        "it is incomplete, and nothing is found",
        arguments: ["bpf", "changed sampling", "interrupted", "pcap host:veth0", "nflog host"])
    func incomplete(source: String) {
        let walk = explained([source])
        #expect(walk.outcome == .left)
        #expect(walk.cutOff == .losses)
        #expect(walk.findings.isEmpty)
    }

    @Test(
        "it stays lost where other things than sightings were",
        arguments: ["drop reasons", "rule trace host", "conntrack host"])
    func lost(source: String) {
        let walk = explained([source])
        #expect(walk.outcome == .lost)
        #expect(walk.findings.first?.code == "lost-unexplained")
    }

    @Test("what the network's state says of it counts all the same")
    mutating func known() {
        network.setting("net.ipv4.conf.mybridge.forwarding", "0", in: "host")
        let walk = explained(["bpf"])
        #expect(walk.outcome == .lost)
        #expect(walk.findings.first?.code == "forwarding-disabled")
    }
}
