import Network
import Observations
import Testing
import WalkModel
import Wire

@testable import Diagnosis

/// Packets for a group or for all on a link.
@Suite("Many receivers")
struct MulticastTests {
    var network = BaseNetwork()

    init() {
        for name in ["mynamespace", "host", "wan"] { network.change(name) { $0.memberships = [] } }
    }

    private func result(_ probe: Probe, _ outcome: Walk.Outcome = .delivered, stop: Stop? = nil) -> (
        findings: [Finding], walk: Walk
    ) {
        network.explained(probe.walk(outcome, through: toBridge, stop: stop))
    }

    private func group(ttl: UInt8 = 4) -> Probe {
        var probe = Probe.udp(5000, to: "239.1.2.3")
        probe.ttl = ttl
        return probe
    }

    private mutating func join(_ name: String, _ device: String) {
        network.change(name) { $0.memberships = [GroupMembership(device: device, group: "239.1.2.3")] }
    }

    @Test("delivered where somebody on the link has joined")
    mutating func joined() {
        join("host", "mybridge")
        let result = result(group())
        #expect(result.findings.isEmpty)
        #expect(result.walk.outcome == .delivered)
    }

    @Test("joined beyond a router that forwards unicast only")
    mutating func beyondRouter() {
        join("wan", "wan0")
        network.setting("net.ipv4.conf.all.mc_forwarding", "0", in: "host")
        let result = result(group())
        #expect(result.findings.first?.code == "multicast-not-forwarded")
        #expect(result.findings.first?.severity == .error)
        #expect(result.findings.first?.where == Finding.Place(namespace: "host", device: "mybridge"))
        #expect(result.findings.first?.remedy == nil)
        #expect(result.walk.outcome == .dropped)
    }

    @Test("no router forwards a TTL of 1")
    mutating func timeToLive() {
        join("wan", "wan0")
        network.setting("net.ipv4.conf.all.mc_forwarding", "1", in: "host")
        #expect(result(group(ttl: 1)).findings.first?.message.contains("TTL 1") == true)
        #expect(result(group(ttl: 4)).findings.first?.severity == .warning)
    }

    @Test("nobody has joined, no router: a warning, and no delivery")
    mutating func nobody() {
        network.setting("net.ipv4.ip_forward", "0", in: "host")
        network.setting("net.ipv4.conf.mybridge.forwarding", "0", in: "host")
        let result = result(group())
        #expect(result.findings.map(\.code) == ["no-group-member"])
        #expect(result.findings.first?.severity == .warning)
        #expect(result.walk.outcome == .left)
    }

    @Test("groups of one link are nobody's business, nor are snapshots without memberships")
    mutating func silent() {
        #expect(result(Probe.udp(5353, to: "224.0.0.251")).findings.isEmpty)
        for name in ["mynamespace", "host", "wan"] { network.change(name) { $0.memberships = nil } }
        #expect(result(group()).findings.isEmpty)
    }

    private mutating func hideBeyond(_ device: String) {
        network.topology.namespaces.removeAll { $0.name == "wan" }
        network.change("host", link: device) {
            $0.peer = nil
            $0.kind = "ethernet"
        }
    }

    private func sentByHost() -> (findings: [Finding], walk: Walk) {
        var probe = Probe.udp(5000, to: "239.1.2.3", from: "203.0.113.2")
        probe.ttl = 4
        return network.explained(probe.walk(.left, through: [.sent("host"), .out("host", "eth0")]))
    }

    @Test("by a device beyond which nothing is seen: a note that it is not known")
    mutating func unseen() {
        hideBeyond("eth0")
        let first = sentByHost().findings.first
        #expect(first?.code == "no-group-member")
        #expect(first?.severity == .info)
        #expect(first?.message.contains("not known") == true)
    }

    @Test("and a warning where the group was joined on another link")
    mutating func unseenElsewhere() {
        hideBeyond("eth0")
        join("mynamespace", "veth1")
        let first = sentByHost().findings.first
        #expect(first?.code == "no-group-member")
        #expect(first?.severity == .warning)
        #expect(first?.message.contains("mynamespace on veth1 has joined it") == true)
    }

    @Test("a copy of a broadcast that a receiver drops for want of a socket is no loss")
    func broadcast() {
        let stop = Stop(
            namespace: "host", device: "mybridge",
            cause: .kernelDrop(reason: "NOT_SPECIFIED", location: "__udp4_lib_rcv"))
        let probe = Probe.udp(9999, to: "172.19.0.255")
        #expect(result(probe, .dropped, stop: stop).walk.outcome == .left)
        #expect(result(Probe.udp(67, to: "255.255.255.255", from: "0.0.0.0"), .lost).walk.outcome == .left)
    }

    @Test("a rule that drops a broadcast is named")
    mutating func broadcastDropped() {
        network.add(iptables("filter", "INPUT", rules: ["-p udp --dport 67 -j DROP"]))
        let stop = Stop(
            namespace: "host", hook: .input, cause: .kernelDrop(reason: "NETFILTER_DROP", location: "nft_do_chain"))
        let result = result(Probe.udp(67, to: "255.255.255.255"), .dropped, stop: stop)
        #expect(result.findings.first?.code == "rule-drop")
        #expect(result.walk.outcome == .dropped)
    }
}
