import Network
import Observations
import Testing
import WalkModel
import Wire

@testable import Diagnosis

/// Rules of nat that are not met: since conntrack holds an older entry, since the packet is not tracked, or since the entry
/// has gone.
@Suite("What conntrack remembers")
struct RememberedConnectionTests {
    var network = BaseNetwork()

    private func findings(_ walk: Walk, reply: Walk? = nil, flows: [FlowEvent] = []) -> [Finding] {
        var context = DiagnosisContext(topology: network.topology)
        context.flows = flows
        return Diagnosis.findings(for: walk, reply: reply, context: context).findings
    }

    private func tuple(
        _ source: IPAddress, _ sourcePort: UInt16, _ destination: IPAddress, _ port: UInt16,
        _ ipProtocol: IPProtocol = .udp
    ) -> FlowTuple {
        FlowTuple(
            source: source, destination: destination, sourcePort: sourcePort, destinationPort: port,
            ipProtocol: ipProtocol)
    }

    private func entry(_ original: FlowTuple, reply: FlowTuple? = nil, _ change: FlowEvent.Change = .present)
        -> FlowEvent
    {
        FlowEvent(
            timeNanoseconds: 1_795_399_093_000_000_000, namespace: "host", change: change, original: original,
            reply: reply ?? original.reversed)
    }

    /// A port is published with DNAT, and a datagram comes for it.
    private mutating func publish() -> Walk {
        network.add(
            iptables(
                "nat", "PREROUTING",
                rules: ["-p udp -m udp --dport 514 -j DNAT --to-destination 172.19.0.2:514"]))
        network.change("host") {
            $0.listeners = [Listener(protocol: "tcp", address: "0.0.0.0", port: 22)]
        }
        return Probe.udp(514, to: "203.0.113.2", from: "203.0.113.1").walk(
            .delivered, through: [.sent("wan"), .out("wan", "wan0"), .into("host", "eth0")])
    }

    @Test("an entry older than the DNAT rule: the rule is not met")
    mutating func olderThanRule() {
        let walk = publish()
        let first = findings(walk, flows: [entry(tuple("203.0.113.1", 40000, "203.0.113.2", 514))]).first
        #expect(first?.code == "conntrack-stale")
        #expect(first?.severity == .error)
        #expect(
            first?.remedy?.commands == [
                "conntrack -D -p udp -s 203.0.113.1 -d 203.0.113.2 --sport 40000 --dport 514"
            ])
    }

    @Test("an entry that leads where the rule does is not to blame, nor one that has gone")
    mutating func agrees() {
        let walk = publish()
        let original = tuple("203.0.113.1", 40000, "203.0.113.2", 514)
        let translated = entry(original, reply: tuple("172.19.0.2", 514, "203.0.113.1", 40000))
        #expect(findings(walk, flows: [translated]).first?.code != "conntrack-stale")
        #expect(findings(walk, flows: [entry(original), entry(original, .destroy)]).first?.code != "conntrack-stale")
    }

    @Test("a port that a rule publishes is never called not published")
    mutating func published() {
        let walk = publish()
        var context = DiagnosisContext(topology: network.topology)
        context.icmpErrors = [DiagnosisContext.ICMPError(source: "203.0.113.2", type: 3, code: 3)]
        let first = Diagnosis.findings(for: walk, reply: nil, context: context).findings.first
        #expect(first?.code == "no-listener")
        #expect(first?.message.contains("iptables nat PREROUTING 1 would send it elsewhere and was not met") == true)
    }

    @Test("an entry that still translates to the endpoint of before")
    mutating func otherEndpoint() {
        var walk = publish()
        walk.outcome = .lost
        let original = tuple("203.0.113.1", 40000, "203.0.113.2", 514)
        let old = entry(original, reply: tuple("172.19.0.9", 514, "203.0.113.1", 40000))
        let first = findings(walk, flows: [old]).first
        #expect(first?.code == "conntrack-stale")
        #expect(first?.message.contains("translates it to 203.0.113.1:40000") == false)
        #expect(first?.message.contains("172.19.0.9:514") == true)
    }

    @Test("MASQUERADE added while the flow runs", arguments: [true, false])
    mutating func masqueradedLater(hasEntry: Bool) {
        let walk = Probe.udp(514, to: "198.51.100.1").walk(.delivered, through: toWan)
        let flows = hasEntry ? [entry(tuple("172.19.0.2", 40000, "198.51.100.1", 514))] : []
        let first = findings(walk, flows: flows).first
        #expect(first?.code == (hasEntry ? "conntrack-stale" : "no-source-nat"))
        #expect(first?.severity == (hasEntry ? .error : .warning))
    }

    @Test("NOTRACK in raw: MASQUERADE is never asked")
    mutating func untracked() {
        network.add(iptables("raw", "PREROUTING", rules: ["-i mybridge -p icmp -j CT --notrack"]))
        let first = findings(Probe.ping.walk(.delivered, through: toWan)).first
        #expect(first?.code == "connection-untracked")
        #expect(first?.severity == .error)
        #expect(first?.rule?.table == "raw")
        #expect(
            first?.remedy?.commands == [
                "iptables -t raw -I PREROUTING 1 -i mybridge -s 172.19.0.2 -d 198.51.100.1 -p icmp -j ACCEPT"
            ])
    }

    @Test("a segment of a connection that conntrack gave up")
    mutating func forgotten() {
        let original = tuple("172.19.0.2", 40000, "198.51.100.1", 5432, .tcp)
        let reply = tuple("198.51.100.1", 5432, "203.0.113.2", 40000, .tcp)
        var probe = Probe.tcp(40000, to: "203.0.113.2", from: "198.51.100.1")
        probe.kind = .tcp(flags: [.psh, .ack])
        probe.sourcePort = 5432
        network.setting("net.netfilter.nf_conntrack_tcp_timeout_established", "2", in: "host")
        let walk = probe.walk(.delivered, through: [.sent("wan"), .out("wan", "wan0"), .into("host", "eth0")])
        let gone = [entry(original, reply: reply), entry(original, reply: reply, .destroy)]
        let result = findings(walk, flows: gone).first
        #expect(result?.code == "conntrack-expired")
        #expect(result?.severity == .error)
        #expect(
            result?.remedy?.commands == ["sysctl -w net.netfilter.nf_conntrack_tcp_timeout_established=432000"])
        // A packet of the same connection that came before has made an entry of its own meanwhile, which went at once.
        let own = tuple("198.51.100.1", 5432, "203.0.113.2", 40000, .tcp)
        #expect(
            findings(walk, flows: gone + [entry(own), entry(own, .destroy)]).first?.code == "conntrack-expired")
        // As long as the entry is there, nothing is said.
        #expect(findings(walk, flows: [entry(original, reply: reply)]).first?.code != "conntrack-expired")
    }

    /// A segment of mynamespace's connection to port 5432 that the firewall in host dropped: established connections pass,
    /// and SYNs from the bridge.
    private mutating func droppedSegment(_ flags: TCPFlags = [.psh, .ack]) -> Walk {
        network.masquerade(nil)
        network.add(
            iptables(
                "filter", "FORWARD", policy: "drop",
                rules: [
                    "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
                    "-i mybridge -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT",
                ]))
        var probe = Probe.tcp(5432, to: "198.51.100.1")
        probe.kind = .tcp(flags: flags)
        return probe.walk(
            .dropped, through: toBridge + [.hook("host", .prerouting, .dstnat)],
            stop: Stop(
                namespace: "host", hook: .forward,
                cause: .kernelDrop(reason: "NETFILTER_DROP", location: "nft_do_chain")))
    }

    @Test("a firewall that forgot a connection: the policy is not to blame, nor opened")
    mutating func forgottenByFirewall() {
        network.setting("net.netfilter.nf_conntrack_tcp_timeout_established", "1", in: "host")
        let walk = droppedSegment()
        let original = tuple("172.19.0.2", 40000, "198.51.100.1", 5432, .tcp)
        let found = findings(walk, flows: [entry(original), entry(original, .destroy)])
        #expect(found.map(\.code) == ["conntrack-expired"])
        #expect(found.first?.severity == .error)
        #expect(found.first?.where == Finding.Place(namespace: "host", hook: .forward, device: "mybridge"))
        #expect(
            found.first?.message
                == "conntrack of host forgot the connection tcp 172.19.0.2:40000 > 198.51.100.1:5432: its state is new, and the policy of iptables filter FORWARD drops what is not established; net.netfilter.nf_conntrack_tcp_timeout_established = 1 (seconds)"
        )
        #expect(
            found.first?.remedy?.commands == ["sysctl -w net.netfilter.nf_conntrack_tcp_timeout_established=432000"])
    }

    @Test("a firewall that is not seen to have had the connection: said as a warning, with no command")
    mutating func neverSeen() {
        let walk = droppedSegment()
        let first = findings(walk).first
        #expect(first?.code == "conntrack-expired")
        #expect(first?.severity == .warning)
        #expect(first?.remedy == nil)
        #expect(first?.message.contains("conntrack of host has no entry for the connection") == true)
    }

    @Test("the packet that opens a connection was forgotten by nobody, nor one whose entry goes later")
    mutating func notForgotten() {
        var walk = droppedSegment(.syn)
        network.change("host") { $0.netfilter.chains.removeAll { $0.table == "filter" } }
        network.add(iptables("filter", "FORWARD", rules: ["-p tcp -j DROP"]))
        let original = tuple("172.19.0.2", 40000, "198.51.100.1", 5432, .tcp)
        #expect(findings(walk, flows: [entry(original), entry(original, .destroy)]).first?.code == "rule-drop")
        // A rule that would drop it in an established connection too is to blame.
        walk.kind = .tcp(flags: [.psh, .ack])
        #expect(findings(walk, flows: [entry(original), entry(original, .destroy)]).first?.code == "rule-drop")
        // Long after the packet.
        network = BaseNetwork()
        let later = droppedSegment()
        var end = entry(original, .destroy)
        end.timeNanoseconds = later.startNanoseconds + 1_000_000_000
        #expect(findings(later, flows: [entry(original), end]).first?.code != "conntrack-expired")
    }

    @Test("a datagram for a UDP flow that the router gave up")
    mutating func forgottenDatagram() {
        let original = tuple("172.19.0.2", 5062, "198.51.100.1", 5060)
        let reply = tuple("198.51.100.1", 5060, "203.0.113.2", 5062)
        var probe = Probe.udp(5062, to: "203.0.113.2", from: "198.51.100.1")
        probe.sourcePort = 5060
        network.setting("net.netfilter.nf_conntrack_udp_timeout", "1", in: "host")
        let walk = probe.walk(.delivered, through: [.sent("wan"), .out("wan", "wan0"), .into("host", "eth0")])
        let found = findings(walk, flows: [entry(original, reply: reply), entry(original, reply: reply, .destroy)])
        #expect(found.first?.code == "conntrack-expired")
        #expect(found.first?.remedy?.commands == ["sysctl -w net.netfilter.nf_conntrack_udp_timeout=30"])
        #expect(
            findings(walk, flows: [entry(original, reply: reply)]).allSatisfy { $0.code != "conntrack-expired" })
    }
}
