import Network
import Testing
import Wire

@testable import Ruleset

/// Datagrams in fragments, where rules meet each by itself, and where something has put them together before.
@Suite("Fragments")
struct FragmentTests {
    private static var datagram: PacketState {
        var packet = PacketState(
            source: address("172.19.0.2"), destination: address("198.51.100.1"), ipProtocol: .udp, sourcePort: 40000,
            destinationPort: 53, ttl: 64, length: 1500, dontFragment: false, connection: .new)
        packet.isFragmented = true
        return packet
    }

    private static func run(
        _ chains: RuleChain..., hook: NetfilterHook = .forward, inDevice: String? = "mybridge",
        packet: PacketState? = nil
    ) -> HookResult {
        var site = RuleNamespace.site()
        site.namespace = RuleNamespace.host(chains)
        site.inDevice = inDevice
        return HookTraversal(site: site, hook: hook, families: ["ip", "inet", "netdev"]).run(packet ?? datagram)
    }

    private static let policy = iptables(
        "filter", "FORWARD", policy: "drop", rules: ["-p udp -m udp --dport 53 -j ACCEPT"])

    @Test("a match on ports lets the first through and no later one")
    func ports() {
        let result = Self.run(Self.policy)
        #expect(result.ending?.kind == .policy)
        #expect(result.fragment == .later)
        #expect(result.ending?.unmatched.first?.because == "a later fragment has no ports")
    }

    @Test("a whole datagram has its ports")
    func whole() {
        var packet = Self.datagram
        packet.isFragmented = false
        #expect(Self.run(Self.policy, packet: packet).ending == nil)
    }

    @Test(
        "where conntrack is at work, rules behind it meet the whole datagram",
        arguments: ["-m conntrack --ctstate INVALID -j DROP", "-m connmark --mark 0x1 -j DROP"])
    func conntrack(rule: String) {
        #expect(Self.run(Self.policy, iptables("mangle", "FORWARD", rules: [rule])).ending == nil)
        #expect(Self.run(Self.policy, iptables("nat", "POSTROUTING", rules: ["-j MASQUERADE"])).ending == nil)
    }

    @Test("a table of nat without rules puts conntrack to no work")
    func emptyTranslation() {
        #expect(Self.run(Self.policy, iptables("nat", "POSTROUTING", rules: [])).fragment == .later)
    }

    @Test("what is sent is cut after its hooks, and IPv4 is put together before input")
    func otherHooks() {
        for (name, hook, device) in [("OUTPUT", NetfilterHook.output, nil as String?), ("INPUT", .input, "eth0")] {
            let chain = iptables("filter", name, policy: "drop", rules: ["-p udp -m udp --dport 53 -j ACCEPT"])
            #expect(Self.run(chain, hook: hook, inDevice: device).ending == nil)
        }
    }

    @Test("a device's chain meets each, whatever conntrack does")
    func ingress() {
        var chain = RuleChain(
            backend: "nft", family: "netdev", table: "t", name: "in", hook: .ingress, priority: 0, kind: "filter",
            policy: "accept", device: "mybridge",
            rules: [
                Rule(
                    position: 1, handle: 4, text: "ip frag-off & 0x1fff != 0 drop",
                    expressions:
                        #"[{"match":{"op":"!=","left":{"&":[{"payload":{"protocol":"ip","field":"frag-off"}},8191]},"right":0}},{"drop":null}]"#
                )
            ])
        chain.policy = .accept
        let result = Self.run(chain, iptables("nat", "POSTROUTING", rules: []), hook: .ingress)
        #expect(result.ending?.rule.position == 1)
        #expect(result.fragment == .later)
        var packet = Self.datagram
        packet.isFragmented = false
        #expect(Self.run(chain, hook: .ingress, packet: packet).ending == nil)
    }

    @Test("-f is the later fragments, ! -f all others")
    func option() {
        #expect(Self.run(iptables("filter", "FORWARD", rules: ["-f -j DROP"])).fragment == .later)
        let first = Self.run(iptables("filter", "FORWARD", rules: ["! -f -j DROP"]))
        #expect(first.ending != nil && first.fragment == .first)
    }

    @Test("DF is one of the bits of an unfragmented packet")
    func flags() {
        let match = Match(.fragmentOffset(.ipv4), [.number(0x4000)], mask: 0x4000)
        var packet = Self.datagram
        packet.isFragmented = false
        let site = RuleNamespace.site()
        #expect(match.evaluate(packet, at: site) == .fails)
        packet.dontFragment = true
        #expect(match.evaluate(packet, at: site) == .holds)
        packet.dontFragment = nil
        #expect(match.evaluate(packet, at: site) == .unknown)
    }
}
