import Network
import Observations
import Testing
import WalkModel
import Wire

@testable import Diagnosis

/// The table of neighbours that all namespaces share can't be filled by a test: the state is written by hand.
@Suite("A full neighbour table")
struct NeighborTableTests {
    var network = BaseNetwork()

    /// What host's next hop needs an entry for.
    private func findings(
        _ table: NeighborTable?, before: NeighborTable? = nil, reason: DropReason? = nil, failure: Int32? = nil
    ) -> [Finding] {
        var after = network.topology
        after.neighborTables = table.map { [$0] }
        var earlier = network.topology
        earlier.neighborTables = before.map { [$0] }
        var context = DiagnosisContext(topology: after, before: earlier)
        if let failure {
            context.sendFailures = [
                SendFailure(
                    timeNanoseconds: 1_795_399_094_000_000_000, namespace: "mynamespace",
                    tuple: FlowTuple(
                        source: "172.19.0.2", destination: "198.51.100.1", sourcePort: 0, destinationPort: 0,
                        ipProtocol: .icmp), errorNumber: failure, message: "No buffer space available")
            ]
        }
        let stop = reason.map {
            Stop(namespace: "mynamespace", cause: .kernelDrop(reason: $0, location: "ip_finish_output2"))
        }
        let walk = Probe.ping.walk(
            reason == nil ? .unsent : .dropped,
            through: [.sent("mynamespace"), .hook("mynamespace", .postrouting, .srcnat)], stop: stop)
        return Diagnosis.findings(for: walk, reply: nil, context: context).findings
    }

    private func table(_ refusals: UInt64, entries: UInt32 = 1024) -> NeighborTable {
        NeighborTable(name: "arp_cache", entries: entries, limit: 1024, refusals: refusals)
    }

    @Test("the kernel's reason, while the table refused entries")
    mutating func refused() {
        network.change("wan") { wan in
            wan.neighbors = (1...200).map {
                Neighbor(address: IPAddress(ipv4: 0x0a00_0000 | $0), device: "wan0", state: .failed)
            }
        }
        let first = findings(table(7), before: table(3), reason: "NEIGH_CREATEFAIL").first
        #expect(first?.code == "neighbor-table-full")
        #expect(first?.severity == .error)
        #expect(first?.where == Finding.Place(namespace: "mynamespace", device: "veth1"))
        #expect(
            first?.message
                == "the kernel's neighbour table arp_cache is full (1024 entries, gc_thresh3 = 1024): mynamespace can't ask for 172.19.0.1 on veth1; all namespaces of the machine share the table"
        )
        let evidence = first?.evidence.map(\.description) ?? []
        #expect(evidence.contains("kernel: arp_cache refused 4 entries meanwhile (table_fulls)"))
        #expect(evidence.contains("state: 200 of the entries are of wan0 in wan"))
        #expect(
            first?.remedy?.commands == [
                "sysctl -w net.ipv4.neigh.default.gc_thresh3=2048",
                "sysctl -w net.ipv4.neigh.default.gc_thresh2=1024",
            ])
    }

    @Test("the sender's ENOBUFS, while the table refused entries; and not where it refused none")
    func failedCall() {
        let first = findings(table(7), before: table(3), failure: 105).first
        #expect(first?.code == "neighbor-table-full")
        #expect(first?.severity == .error)
        #expect(findings(table(3, entries: 40), before: table(3), failure: 105).first?.code == "send-failed")
    }

    @Test(
        "a table that is full by its count alone is no more than suspected, and is not named where the next hop is known"
    )
    mutating func suspected() {
        #expect(findings(table(3), before: table(3)).first?.severity == .warning)
        network.change("mynamespace") {
            $0.neighbors = [
                Neighbor(address: "172.19.0.1", device: "veth1", mac: mac(0x20), state: .reachable)
            ]
        }
        network.change("host") {
            $0.neighbors = [Neighbor(address: "203.0.113.1", device: "eth0", mac: mac(0x40), state: .stale)]
        }
        #expect(!findings(table(7), before: table(3)).contains { $0.code == "neighbor-table-full" })
    }

    @Test("the reason alone, where the table could not be read, is said with what else it may mean")
    func unread() {
        let first = findings(nil, reason: "NEIGH_CREATEFAIL").first
        #expect(first?.code == "kernel-refusal")
        #expect(first?.message.contains("the neighbour table is full, or the device takes none") == true)
    }
}
