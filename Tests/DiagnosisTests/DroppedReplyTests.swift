import Network
import Observations
import Testing
import WalkModel

@testable import Diagnosis

/// The commonest fault of a firewall: what goes out is accepted, and no rule lets the replies in.
@Suite("A dropped reply")
struct DroppedReplyTests {
    var network = BaseNetwork()

    /// The far end is hidden: nothing is known beyond eth0.
    private mutating func hideFarEnd() {
        network.topology.namespaces.removeAll { $0.name == "wan" }
        network.change("host", link: "eth0") {
            $0.peer = nil
            $0.kind = "ethernet"
        }
    }

    private func findings(_ probe: Probe, seenAt inside: Probe? = nil, hidden: Bool) -> [Finding] {
        var translated = probe.reply
        // As the reply comes in: to the address that MASQUERADE gave the request.
        if inside != nil { translated.destination = "203.0.113.2" }
        var way: [Sight] = toBridge + [.out("host", "eth0")]
        if !hidden { way.append(.into("wan", "wan0")) }
        let request = probe.walk(hidden ? .left : .delivered, through: way)
        var sights: [Sight] = [.into("host", "eth0"), .hook("host", .prerouting, .dstnat)]
        if !hidden { sights = [.sent("wan"), .out("wan", "wan0")] + sights }
        let reply = translated.walk(
            .dropped, through: sights, changed: inside.map { [sights.count - 1: $0.reply] } ?? [:],
            stop: Stop(
                namespace: "host", hook: .forward,
                cause: .kernelDrop(reason: "NETFILTER_DROP", location: "nft_do_chain")),
            answers: request.id)
        return network.findings(request, reply: reply)
    }

    @Test("by the policy of forward, behind MASQUERADE", arguments: [true, false])
    mutating func masqueraded(hidden: Bool) {
        network.add(iptables("filter", "FORWARD", policy: "drop", rules: ["-i mybridge -o eth0 -j ACCEPT"]))
        if hidden { hideFarEnd() }
        let first = findings(.ping, seenAt: .ping, hidden: hidden).first
        #expect(first?.code == "policy-drop")
        #expect(first?.severity == .error)
        #expect(first?.where.namespace == "host")
        #expect(first?.where.hook == .forward)
        #expect(first?.message.contains("the reply 198.51.100.1 > 172.19.0.2") == true)
    }

    @Test("the fix lets in replies to any connection, not this one's port")
    mutating func fix() {
        network.add(iptables("filter", "FORWARD", policy: "drop", rules: ["-i mybridge -o eth0 -j ACCEPT"]))
        hideFarEnd()
        for probe in [Probe.ping, Probe.tcp(443, to: "198.51.100.1"), Probe.udp(53, to: "198.51.100.1")] {
            let commands = findings(probe, seenAt: probe, hidden: true).first?.remedy?.actions.map { "\($0)" } ?? []
            #expect(commands.count == 1)
            #expect(commands.first?.contains("ESTABLISHED,RELATED") == true, "\(commands)")
            #expect(commands.first?.contains("40000") == false, "\(commands)")
        }
    }

    @Test("by a rule, routed without NAT: the reply came back, so no translation is missing", arguments: [true, false])
    mutating func routed(hidden: Bool) {
        network.masquerade(nil)
        network.add(iptables("filter", "FORWARD", rules: ["-i eth0 -j DROP"]))
        if hidden { hideFarEnd() }
        let first = findings(.ping, hidden: hidden).first
        #expect(first?.code == "rule-drop")
        #expect(first?.rule?.position == 1)
        #expect(first?.where.namespace == "host")
    }
}
