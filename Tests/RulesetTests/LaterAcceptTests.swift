import Network
import Testing
import Wire

@testable import Ruleset

/// Accepts that stand after the rule that drops.
@Suite("An accept that comes too late")
struct LaterAcceptTests {
    private func later(_ chains: RuleChain...) -> LaterAccept? {
        var site = RuleNamespace.site()
        site.namespace.netfilter = Netfilter(chains: chains)
        let traversal = HookTraversal(site: site, hook: .forward, families: ["ip", "inet"])
        let result = traversal.run(RuleNamespace.packet)
        return result.ending.flatMap { traversal.accept(after: $0, RuleNamespace.packet) }
    }

    @Test("appended past the rule that drops all: dead")
    func appended() {
        let found = later(
            iptables(
                "filter", "FORWARD",
                rules: ["-p tcp -m tcp --dport 22 -j ACCEPT", "-j REJECT", "-p tcp -m tcp --dport 443 -j ACCEPT"]))
        #expect(found?.rule.position == 3)
        #expect(found?.isDead == true)
    }

    @Test("dead where its conditions are within the drop's: networks, ports, devices, protocols")
    func within() {
        let cases: [(drop: String, accept: String, isDead: Bool)] = [
            ("-s 172.19.0.0/24", "-s 172.19.0.2/32 -p tcp -m tcp --dport 443", true),
            ("-p tcp", "-p tcp -m tcp --dport 443", true),
            ("-p tcp -m tcp --dport 1:1023", "-p tcp -m tcp --dport 443", true),
            ("-s 172.19.0.2/32", "-p tcp -m tcp --dport 443", false),
            ("-o eth0", "-i mybridge -p tcp -m tcp --dport 443", false),
            ("! -s 10.0.0.0/8", "-p tcp -m tcp --dport 443", false),
        ]
        for (drop, accept, isDead) in cases {
            let found = later(iptables("filter", "FORWARD", rules: ["\(drop) -j DROP", "\(accept) -j ACCEPT"]))
            #expect(found?.rule.position == 2, "\(drop)")
            #expect(found?.isDead == isDead, "\(drop)")
        }
    }

    @Test("in a chain jumped to later, and after the jump that led to the drop")
    func jumps() {
        let inside = later(
            iptables("filter", "FORWARD", rules: ["-j DROP", "-j WEB"]),
            iptables("filter", "WEB", rules: ["-p tcp -m tcp --dport 443 -j ACCEPT"]))
        #expect(inside?.rule.chain == "WEB")
        let outside = later(
            iptables("filter", "FORWARD", rules: ["-j GUARD", "-p tcp -m tcp --dport 443 -j ACCEPT"]),
            iptables("filter", "GUARD", rules: ["-s 172.19.0.0/24 -j DROP"]))
        #expect(outside?.rule.chain == "FORWARD")
        #expect(outside?.isDead == false)
    }

    @Test("what is accepted in general says nothing, nor does an accept that another drop precedes")
    func none() {
        #expect(
            later(iptables("filter", "FORWARD", rules: ["-s 172.19.0.2/32 -j DROP", "-i mybridge -j ACCEPT"])) == nil)
        #expect(
            later(
                iptables(
                    "filter", "FORWARD",
                    rules: ["-s 172.19.0.2/32 -j DROP", "-p tcp -j DROP", "-p tcp -m tcp --dport 443 -j ACCEPT"]))
                == nil)
        #expect(later(iptables("filter", "FORWARD", rules: ["-j DROP", "-p udp -m udp --dport 443 -j ACCEPT"])) == nil)
    }

    @Test("nftables")
    func nftables() {
        let found = later(
            nft(
                "forward", hook: .forward,
                rules: [
                    #"[{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"protocol"}},"right":"tcp"}},{"drop":null}]"#,
                    #"[{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":443}},{"accept":null}]"#,
                ]))
        #expect(found?.rule.position == 2)
        // `ip protocol` is of IPv4 alone, the port of both families.
        #expect(found?.isDead == false)
    }
}
