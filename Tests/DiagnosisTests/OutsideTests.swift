import Network
import Observations
import Testing
import WalkModel
import Wire

@testable import Diagnosis

/// What lies beyond eth0 can't be seen, and something comes back from there, or is dropped on the way there.
@Suite("Beyond what can be seen")
struct OutsideTests {
    var network = BaseNetwork()

    init() {
        network.topology.namespaces.removeAll { $0.name == "wan" }
        network.change("host", link: "eth0") { $0.peer = Link.Peer(namespace: nil, device: "wan0") }
    }

    private let way: [Sight] = toBridge + [.out("host", "eth0")]
    private let back: [Sight] = [
        .into("host", "eth0"), .out("host", "mybridge"), .out("host", "veth0"), .into("mynamespace", "veth1"),
    ]

    /// What is said of a packet that left by eth0, and of its outcome.
    private func explained(
        _ probe: Probe, _ answer: PacketKind, from source: IPAddress = "198.51.100.1"
    ) -> (first: Finding?, outcome: Walk.Outcome) {
        let request = probe.walk(.left, through: way)
        var reply = probe.reply
        reply.kind = answer
        reply.source = source
        let found = network.explained(request, reply: reply.walk(.delivered, through: back, answers: request.id))
        return (found.findings.first, found.walk.outcome)
    }

    @Test("a RST for a SYN refuses it")
    func reset() {
        let (first, outcome) = explained(.tcp(8080, to: "198.51.100.1"), .tcp(flags: [.rst, .ack]))
        #expect(first?.code == "refused-outside")
        #expect(first?.severity == .warning)
        #expect(first?.where == Finding.Place(namespace: "host", device: "eth0"))
        #expect(first?.message.contains("198.51.100.1 refused the connection (RST)") == true)
        #expect(first?.remedy == nil)
        #expect(outcome == .rejected)
    }

    @Test("a SYN-ACK does not, nor a RST for what opens no connection, nor an echo reply")
    func answered() {
        let open = explained(.tcp(8080, to: "198.51.100.1"), .tcp(flags: [.syn, .ack]))
        #expect(open.first == nil && open.outcome == .left)
        var data = Probe.tcp(8080, to: "198.51.100.1")
        data.kind = .tcp(flags: [.psh, .ack])
        let closed = explained(data, .tcp(flags: [.rst]))
        #expect(closed.first == nil && closed.outcome == .left)
        let echo = explained(.ping, .icmp(.echoReply(identifier: 7, sequence: 1)))
        #expect(echo.first == nil && echo.outcome == .left)
    }

    @Test(
        "an ICMP error says who sent it and what it means",
        arguments: [
            (UInt8(3), UInt8(0), "192.0.2.1 sent an ICMP error: destination unreachable (network); it has no route to"),
            (3, 13, "destination unreachable (prohibited); a firewall there rejects it"),
            (11, 0, "time exceeded; the TTL ran out there"),
        ])
    func error(type: UInt8, code: UInt8, words: String) {
        let message = ICMPMessage(isIPv6: false, type: type, code: code)
        let (first, outcome) = explained(.ping, .icmp(message), from: "192.0.2.1")
        #expect(first?.code == "refused-outside")
        #expect(first?.severity == .warning)
        #expect(first?.message.contains(words) == true, "\(first?.message ?? "")")
        #expect(outcome == .rejected)
    }

    @Test("a port unreachable speaks of the port where the destination itself sends it")
    func port() {
        let message = ICMPMessage(isIPv6: false, type: 3, code: 3)
        let own = explained(.udp(53, to: "198.51.100.1"), .icmp(message)).first
        #expect(own?.message.contains("nothing listens on UDP port 53 there") == true, "\(own?.message ?? "")")
        let other = explained(.udp(53, to: "198.51.100.1"), .icmp(message), from: "192.0.2.1").first
        #expect(other?.message.contains("listens") == false, "\(other?.message ?? "")")
    }

    @Test("where a routing rule chose the path the rule is named, and not for certain", arguments: [true, false])
    mutating func routingRule(refused: Bool) {
        network.routeBySource(via: "203.0.113.9")
        let request = Probe.ping.walk(.left, through: way)
        let message = ICMPMessage(isIPv6: false, type: 3, code: 0)
        var error = Probe.ping.reply
        error.kind = .icmp(message)
        error.source = "203.0.113.9"
        let reply = error.walk(.delivered, through: back, answers: request.id)
        var context = DiagnosisContext(topology: network.topology)
        context.awaitedAnswer = true
        let first = Diagnosis.findings(for: request, reply: refused ? reply : nil, context: context).findings.first
        #expect(first?.code == "routed-elsewhere")
        #expect(first?.severity == .warning)
        #expect(first?.message.contains(refused ? "where it fails" : "where no reply came") == true)
        #expect(first?.message.contains("would let it out") == true, "\(first?.message ?? "")")
    }

    @Test("a veth drops what its unseen peer is too small for", arguments: ["__dev_forward_skb2", "ip_rcv_core"])
    func tooLong(location: String) {
        var probe = Probe.ping
        probe.length = 1450
        let walk = probe.walk(
            .dropped, through: way,
            stop: Stop(
                namespace: "host", device: "eth0", vantage: .link,
                cause: .kernelDrop(reason: "NOT_SPECIFIED", location: location)))
        let first = network.findings(walk).first
        let isThere = location != "ip_rcv_core"
        #expect(first?.code == (isThere ? "mtu-exceeded" : "unknown-drop"), "\(first?.message ?? "")")
        if isThere {
            #expect(first?.where == Finding.Place(namespace: "host", device: "eth0"))
            #expect(first?.message.contains("the packet of 1450 bytes is dropped silently") == true)
        }
    }

    @Test("a VXLAN that sends to nobody is named where nobody on the link has the address", arguments: [true, false])
    mutating func deadEnd(hasRemote: Bool) {
        network.change("host") {
            var vxlan = Link(name: "vxlan42", index: 9, kind: "vxlan", mac: mac(0x50), master: "mybridge")
            vxlan.vxlan = Link.VXLAN(identifier: 42, port: 4789, remote: hasRemote ? "203.0.113.3" : nil)
            vxlan.bridgePort = Link.BridgePort(state: "forwarding")
            $0.links.append(vxlan)
        }
        network.change("mynamespace") {
            $0.neighbors = [Neighbor(address: "172.19.0.3", device: "veth1", state: "failed")]
        }
        var probe = Probe.ping
        probe.destination = "172.19.0.3"
        let walk = probe.walk(.unsent, stop: Stop(namespace: "mynamespace", device: "veth1", vantage: .link))
        let first = network.findings(walk).first
        #expect(first?.code == (hasRemote ? "neighbor-unresolved" : "vxlan-unreachable"), "\(first?.message ?? "")")
        #expect(first?.severity == .warning)
    }
}
