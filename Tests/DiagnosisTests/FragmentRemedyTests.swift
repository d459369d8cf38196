import Network
import Observations
import Testing
import WalkModel
import Wire

@testable import Diagnosis

/// A datagram of whose fragments a rule drops all but the first.
@Suite("Dropped fragments")
struct FragmentRemedyTests {
    var network = BaseNetwork()

    private func walk(_ last: [Sight]) -> Walk {
        var probe = Probe.udp(1812, to: "198.51.100.1")
        probe.length = 1500
        probe.dontFragment = false
        var walk = probe.walk(
            .dropped, through: toBridge.dropLast() + last,
            stop: Stop(
                namespace: "host", device: "veth0",
                cause: .kernelDrop(reason: "NETFILTER_DROP", location: "nft_do_chain")))
        walk.hops[0].packet.length = 3028
        walk.hops[1].changes = [.segments(from: 1, to: 3)]
        // The first went on.
        if let index = walk.hops.indices.last, index > 2 { walk.hops[index].changes = [.segments(from: 3, to: 1)] }
        return walk
    }

    private func first(_ walk: Walk) -> Finding? {
        network.findings(walk).first
    }

    @Test("nftables, at ingress: the accept asks for no ports")
    mutating func nftables() {
        network.add(
            nft(
                "netdev", "antiddos", "in", hook: .ingress, priority: -500, device: "veth0",
                rules: [
                    (
                        "ip frag-off & 8191 != 0 drop",
                        #"[{"match":{"op":"!=","left":{"&":[{"payload":{"protocol":"ip","field":"frag-off"}},8191]},"right":0}},{"drop":null}]"#
                    )
                ]))
        let finding = first(walk([.into("host", "mybridge")]))
        #expect(finding?.code == "rule-drop")
        #expect(finding?.severity == .error)
        #expect(finding?.message.contains("later fragments of 172.19.0.2 > 198.51.100.1") == true)
        #expect(
            finding?.remedy?.commands == [
                "nft insert rule netdev antiddos in handle 4 ip saddr 172.19.0.2 ip daddr 198.51.100.1 meta l4proto udp 'ip frag-off & 0x1fff != 0' accept"
            ])
    }

    @Test("iptables, on a router without conntrack")
    mutating func iptablesForward() {
        network.masquerade(nil)
        network.change("host") { $0.netfilter.chains.removeAll { $0.table == "nat" } }
        network.add(iptables("filter", "FORWARD", rules: ["-f -j DROP"]))
        let finding = first(walk([.into("host", "mybridge")]))
        #expect(finding?.code == "rule-drop")
        #expect(finding?.remedy?.commands.first?.hasSuffix("-s 172.19.0.2 -d 198.51.100.1 -p udp -f -j ACCEPT") == true)
    }
}
