import Network
import Observations
import Testing
import WalkModel
import Wire

@testable import Diagnosis

/// Another network of the machine with the same addresses and device names, to which no link leads.
@Suite("Beside an unrelated network")
struct UnrelatedNetworkTests {
    var network = BaseNetwork()

    /// The network once more, under other names, and one namespace that has `address` as well.
    private mutating func crowd(holding address: String) {
        for var copy in BaseNetwork().topology.namespaces {
            copy.name = "beside-\(copy.name)"
            copy.inode += 100
            for index in copy.links.indices {
                copy.links[index].peer = copy.links[index].peer.map {
                    Link.Peer(namespace: $0.namespace.map { "beside-\($0)" }, device: $0.device)
                }
            }
            // It comes first in every list.
            network.topology.namespaces.insert(copy, at: 0)
        }
        network.topology.namespaces.insert(
            Namespace(
                name: "beside-all", inode: 300, path: "",
                links: [Link(name: "veth1", index: 2, kind: "veth", mac: mac(0x11), addresses: [prefix(address)])],
                listeners: [Listener(protocol: "tcp", address: "0.0.0.0", port: 80)]), at: 0)
    }

    private func first(_ walk: Walk, reply: Walk? = nil) throws -> Finding {
        let findings = Diagnosis.findings(
            for: walk, reply: reply, context: DiagnosisContext(topology: network.topology)
        ).findings
        return try #require(findings.first)
    }

    private func text(_ finding: Finding) -> String {
        ([finding.message] + finding.evidence.map(\.description) + (finding.remedy?.actions.map { "\($0)" } ?? []))
            .joined(separator: "\n")
    }

    @Test("a neighbour that does not answer is not said to be there")
    mutating func neighbour() throws {
        let probe = Probe(destination: "172.19.0.9")
        let walk = probe.walk(.lost, through: [.sent("mynamespace"), .hook("mynamespace", .postrouting, .srcnat)])
        let alone = try first(walk)
        #expect(alone.code == "neighbor-unresolved" && alone.severity == .error)
        #expect(alone.message.contains("no namespace on this host has 172.19.0.9"))
        crowd(holding: "172.19.0.9/24")
        let crowded = try first(walk)
        #expect(crowded.code == alone.code && crowded.severity == alone.severity && crowded.where == alone.where)
        #expect(crowded.message.contains("no namespace that links join to mynamespace has 172.19.0.9"))
        #expect(!text(crowded).contains("beside"), "\(text(crowded))")
    }

    @Test("a port that nobody listens on is not looked for there")
    mutating func listener() throws {
        network.change("mynamespace") { $0.listeners = [Listener(protocol: "tcp", address: "0.0.0.0", port: 22)] }
        crowd(holding: "172.19.0.2/24")
        let probe = Probe.tcp(80, to: "203.0.113.2", from: "203.0.113.1")
        let request = probe.walk(.delivered, through: [.sent("wan"), .out("wan", "wan0"), .into("host", "eth0")])
        var refusal = probe.reply
        refusal.kind = .tcp(flags: [.rst, .ack])
        let reply = refusal.walk(
            .delivered, through: [.sent("host"), .out("host", "eth0"), .into("wan", "wan0")], answers: request.id)
        let found = try first(request, reply: reply)
        #expect(found.code == "no-listener" && found.where.namespace == "host", "\(found.message)")
        #expect(!text(found).contains("beside"), "\(text(found))")
    }
}
